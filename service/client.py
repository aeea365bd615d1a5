"""A client of a running Lectern server.

From the standard library: importing an HTTP package costs as much as the rest of the command.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import ValidationError

from ingest.errors import PermanentError, TransientError
from service.http.responses import Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from http.client import HTTPResponse

    from service.http.requests import QueryRequest

_CONNECT_SECONDS = 2.0
_READ_SECONDS = 600.0


class ServerRefused(PermanentError):
    """The server answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class ServerUnreachable(TransientError):
    """The server went away, or does not answer in time."""


class ServerAbsent(ServerUnreachable):
    """Nobody listens at this address: nothing was asked."""


class Client:
    """Asks a server; every call is one request."""

    def __init__(self, url: str, access_key: str | None = None) -> None:
        self._address = urlsplit(url)
        self._headers = {"Content-Type": "application/json"}
        if access_key:
            self._headers["Authorization"] = f"Bearer {access_key}"

    def query(self, request: QueryRequest) -> Iterator[tuple[str, str]]:
        """The events of an answer as name and JSON, the last one ``done``.

        Raises:
            ServerRefused: the request was bad, or answering failed.
            ServerUnreachable: the server is not there (`ServerAbsent`), or went away.
        """
        body = request.model_copy(update={"stream": True}).model_dump(exclude_none=True)
        with self._posted("/v1/query", json.dumps(body)) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise ServerRefused(_problem(response))
            for name, data in _events(response):
                if name == "error":
                    raise ServerRefused(Problem.model_validate_json(data))
                yield name, data

    def post(self, path: str, body: str) -> bytes:
        """The body of the answer to some JSON.

        Raises:
            ServerRefused: the request was bad.
            ServerUnreachable: the server is not there (`ServerAbsent`), or went away.
        """
        with self._posted(path, body) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise ServerRefused(_problem(response))
            return response.read()

    @contextmanager
    def _posted(self, path: str, body: str) -> Generator[HTTPResponse]:
        connection = HTTPConnection(self._address.hostname or "", self._address.port, _CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            raise ServerAbsent(f"no server answers: {error}") from error
        try:
            connection.sock.settimeout(_READ_SECONDS)
            connection.request("POST", path, body, self._headers)
            yield connection.getresponse()
        except (OSError, HTTPException) as error:
            raise ServerUnreachable(f"the server does not answer: {error}") from error
        finally:
            connection.close()


def _events(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Lines end at a newline alone: others that Unicode knows may stand inside the JSON."""
    name = ""
    for line in lines:
        text = line.decode().removesuffix("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, text.removeprefix("data: ")


def _problem(response: HTTPResponse) -> Problem:
    try:
        return Problem.model_validate_json(response.read())
    except ValidationError:
        detail = f"the server answered {response.status} without saying why"
        return Problem(type="about:blank", title="", status=response.status, detail=detail)

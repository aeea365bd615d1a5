"""A client of a running Lectern server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
from pydantic import ValidationError

from ingest.errors import PermanentError, TransientError
from service.http.responses import Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

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
        headers = {"Authorization": f"Bearer {access_key}"} if access_key else {}
        timeout = httpx2.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)

    def query(self, request: QueryRequest) -> Iterator[tuple[str, str]]:
        """The events of an answer as name and JSON, the last one ``done``.

        Raises:
            ServerRefused: the request was bad, or answering failed.
            ServerUnreachable: the server is not there (`ServerAbsent`), or went away.
        """
        body = request.model_copy(update={"stream": True}).model_dump(exclude_none=True)
        with _reported(), self._http.stream("POST", "/v1/query", json=body) as response:
            if response.is_error:
                response.read()
                raise ServerRefused(_problem(response))
            for name, data in _events(response.iter_lines()):
                if name == "error":
                    raise ServerRefused(Problem.model_validate_json(data))
                yield name, data

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


def _problem(response: httpx2.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        detail = f"the server answered {response.status_code} without saying why"
        return Problem(type="about:blank", title="", status=response.status_code, detail=detail)


@contextmanager
def _reported() -> Generator[None]:
    try:
        yield
    except httpx2.ConnectError as error:
        raise ServerAbsent(f"no server answers: {error}") from error
    except httpx2.TransportError as error:
        raise ServerUnreachable(f"the server does not answer: {error}") from error

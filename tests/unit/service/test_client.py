"""The client of a running server, against sockets that say what a test wants."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from service.client import Client, ServerAbsent, ServerRefused, ServerUnreachable
from service.http.requests import QueryRequest

if TYPE_CHECKING:
    from collections.abc import Generator

WHO = QueryRequest(question="Who pays — “кто”?")
EVENTS = (
    'event: plan\ndata: {"id":"a"}\n\n'
    'event: delta\ndata: {"text":"x\u2028y\x85z"}\n\n'
    "event: done\ndata: {}\n\n"
)
PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no collection named 'x'"}


@contextmanager
def answering(reply: bytes) -> Generator[tuple[str, list[bytes]]]:
    """One connection is answered with these bytes; its address, and what arrived."""
    arrived: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                arrived.append(_request(connection))
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", arrived
        thread.join(10)


def _request(connection: socket.socket) -> bytes:
    """The head and as much of the body as it announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def reply(body: str, status: str = "200 OK", kind: str = "text/event-stream", *, missing: int = 0) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content) + missing}\r\n\r\n"
    return head.encode() + content


def test_events_come_with_their_names_whatever_their_text_holds() -> None:
    with answering(reply(EVENTS)) as (url, arrived):
        events = list(Client(url, "open-sesame").query(WHO))

    assert events == [("plan", '{"id":"a"}'), ("delta", '{"text":"x\u2028y\x85z"}'), ("done", "{}")]
    head, _, body = arrived[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/query ")
    assert b"Authorization: Bearer open-sesame" in head
    assert json.loads(body) == WHO.model_copy(update={"stream": True}).model_dump(exclude_none=True)


def test_without_a_key_none_is_sent() -> None:
    with answering(reply(EVENTS)) as (url, arrived):
        list(Client(url).query(WHO))

    assert b"authorization" not in arrived[0].lower()


def test_a_problem_is_raised() -> None:
    with (
        answering(reply(json.dumps(PROBLEM), "404 Not Found", "application/problem+json")) as (url, _),
        pytest.raises(ServerRefused, match="no collection named 'x'") as refused,
    ):
        list(Client(url).query(WHO))

    assert refused.value.problem.status == 404


def test_a_problem_inside_the_stream_is_raised_after_what_came_before() -> None:
    failed = EVENTS.split("event: done", maxsplit=1)[0] + f"event: error\ndata: {json.dumps(PROBLEM)}\n\n"
    with answering(reply(failed)) as (url, _):
        events = Client(url).query(WHO)
        assert next(events)[0] == "plan"
        assert next(events)[0] == "delta"
        with pytest.raises(ServerRefused, match="no collection"):
            next(events)


def test_an_error_page_is_no_riddle() -> None:
    with (
        answering(reply("<html>", "502 Bad Gateway", "text/html")) as (url, _),
        pytest.raises(ServerRefused, match="502"),
    ):
        list(Client(url).query(WHO))


@pytest.mark.parametrize("said", [b"", b"not HTTP\r\n\r\n"])
def test_a_server_that_goes_away_is_unreachable(said: bytes) -> None:
    with answering(said) as (url, _), pytest.raises(ServerUnreachable) as gone:
        list(Client(url).query(WHO))

    assert not isinstance(gone.value, ServerAbsent)


def test_nobody_there_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    with pytest.raises(ServerAbsent):
        list(Client(url).query(WHO))

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.access.keys import Doorkeeper
from service.http.gate import LARGEST_QUESTIONS, Gate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.types import Message, Receive, Scope, Send

    from ingest.catalog.key_records import KeyRecord


class NoKeys:
    """Where no key was ever made."""

    def access_key(self, identity: str) -> KeyRecord | None:
        del identity

    def has_access_keys(self) -> bool:
        return False

    def note_key_used(self, key: KeyRecord, at: datetime) -> None:
        raise AssertionError((key, at))


def status(
    headers: Mapping[str, str], *, path: str = "/v1/collections", method: str = "GET", key: str = ""
) -> int:
    """What a request gets; 200 where it came through."""
    return beginning(headers, path=path, method=method, key=key)["status"]


def beginning(headers: Mapping[str, str], *, path: str, method: str, key: str) -> Message:
    """Of the answer to a request."""
    sent: list[Message] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    given = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": given, "query_string": b""}
    asyncio.run(Gate(behind, Doorkeeper(NoKeys(), key or None))(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize("path", ["/", "/v1/collections", "/mcp"])
def test_two_ends_of_one_request_are_none(path: str) -> None:
    headers = {"Host": "localhost", "Content-Length": "5", "Transfer-Encoding": "chunked"}
    begun = beginning(headers, path=path, method="POST", key="")
    assert begun["status"] == 400
    assert (b"connection", b"close") in begun["headers"]


@pytest.mark.parametrize("host", ["127.0.0.1:8421", "localhost", "LOCALHOST:80", "[::1]:8421", "[::1]"])
def test_without_a_key_this_machine_is_answered(host: str) -> None:
    assert status({"Host": host}) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example:8421", "127.0.0.1.nip.io", "::1", "[::1].evil", "10.0.0.1", ""],
)
@pytest.mark.parametrize("path", ["/", "/v1/collections", "/mcp"])
def test_without_a_key_no_other_name_is_answered(host: str, path: str) -> None:
    assert status({"Host": host}, path=path) == 400


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"]
)
def test_without_a_key_no_proxy_is_answered(name: str) -> None:
    """Whoever it is for is not on this machine, though the proxy is, and may name it as the host."""
    headers = {"Host": "127.0.0.1:8421", name: "203.0.113.9"}
    assert status(headers) == 400
    assert status({**headers, "Authorization": "Bearer k"}, key="k") == 200


def test_a_page_that_has_our_address_by_another_name_is_not_answered() -> None:
    rebound = {"Host": "evil.example:8421", "Origin": "http://evil.example:8421"}
    assert status(rebound, method="DELETE") == 400
    assert status({**rebound, "Host": "[::1]:8421"}, method="DELETE") == 403


def test_with_a_key_any_name_will_do_for_who_has_it() -> None:
    headers = {"Host": "lectern.example"}
    assert status(headers, key="k") == 401
    assert status({**headers, "Authorization": "Bearer k"}, key="k") == 200
    assert status({**headers, "Authorization": "Bearer "}, key="k") == 401


def test_wrong_keys_beside_it_do_not_turn_a_right_one_away() -> None:
    """Behind one address there may be everybody: a proxy's, or an office's."""
    gate, answers = Gate(passing, Doorkeeper(NoKeys(), "k")), list[int]()

    async def ask_all() -> None:
        for key in [*["wrong"] * 40, "k", "wrong"]:
            scope: Scope = {
                "type": "http",
                "method": "GET",
                "path": "/v1/collections",
                "headers": [(b"host", b"lectern.example"), (b"authorization", f"Bearer {key}".encode())],
                "query_string": b"",
                "client": ("203.0.113.9", 1),
            }
            answers.append(await answered(gate, scope))

    asyncio.run(ask_all())

    assert answers[0] == 401
    assert answers[-3:] == [429, 200, 429]


async def passing(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def answered(gate: Gate, scope: Scope) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    return sent[0]["status"]


def test_a_file_of_questions_may_be_smaller_than_other_bodies() -> None:
    size = {"Host": "localhost", "Content-Length": str(LARGEST_QUESTIONS + 1)}
    assert status(size, path="/v1/reviews/questions", method="POST") == 413
    assert status(size, path="/v1/reviews", method="POST") == 200

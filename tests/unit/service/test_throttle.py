from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from ingest.catalog.key_records import KeyLimits
from service.access.caller import Caller
from service.http.throttle import Throttle

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


class Behind:
    """An application that streams until it is told to end."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.end = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.begun.put_nowait(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.end.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Answer:
    """What was sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> Any:  # noqa: ANN401 — JSON
        return json.loads(self.messages[1]["body"])


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def scope(caller: Caller | None, path: str = "/v1/search") -> Scope:
    state = {} if caller is None else {"caller": caller}
    return {"type": "http", "method": "POST", "path": path, "headers": [], "state": state}


def holder(key: str = "a", *, per_minute: int | None = None, at_once: int | None = None) -> Caller:
    return Caller("acme", key, frozenset({"read"}), limits=KeyLimits(per_minute, at_once))


def test_a_stream_counts_until_it_ends() -> None:
    async def run() -> tuple[list[int], Answer]:
        behind, caller = Behind(), holder(at_once=2)
        throttle = Throttle(behind)
        streams = [Answer(), Answer()]
        tasks = [asyncio.create_task(throttle(scope(caller), receive, one)) for one in streams]
        for _ in tasks:
            await behind.begun.get()
        refused, other = Answer(), Answer()
        await throttle(scope(caller), receive, refused)
        behind.end.set()
        await throttle(scope(holder("b", at_once=2)), receive, other)
        await asyncio.gather(*tasks)
        later = Answer()
        await throttle(scope(caller), receive, later)
        return [one.status for one in (*streams, other, later)], refused

    passed, refused = asyncio.run(run())

    assert passed == [200, 200, 200, 200]
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.body["code"] == "rate_limit_exceeded"


def test_a_cancelled_request_does_not_count_any_more() -> None:
    async def run() -> int:
        behind, caller = Behind(), holder(at_once=1)
        throttle = Throttle(behind)
        task = asyncio.create_task(throttle(scope(caller), receive, Answer()))
        await behind.begun.get()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        behind.end.set()
        later = Answer()
        await throttle(scope(caller), receive, later)
        return later.status

    assert asyncio.run(run()) == 200


def test_what_is_left_of_a_rate_stands_in_every_answer() -> None:
    async def run() -> list[Answer]:
        behind, caller = Behind(), holder(per_minute=2)
        behind.end.set()
        throttle, answers = Throttle(behind), [Answer() for _ in range(3)]
        for answer in answers:
            await throttle(scope(caller), receive, answer)
        return answers

    first, second, refused = asyncio.run(run())

    assert [one.status for one in (first, second, refused)] == [200, 200, 429]
    assert first.headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"minute";r=1;t=')
    assert refused.headers["ratelimit"].startswith('"minute";r=0;t=')
    assert 1 <= int(refused.headers["retry-after"]) <= 120


def test_openais_clients_are_refused_in_their_own_shape() -> None:
    async def run() -> Answer:
        behind, caller = Behind(), holder(per_minute=1)
        behind.end.set()
        throttle, answer = Throttle(behind), Answer()
        await throttle(scope(caller, "/v1/chat/completions"), receive, Answer())
        await throttle(scope(caller, "/v1/chat/completions"), receive, answer)
        return answer

    refused = asyncio.run(run())
    assert refused.status == 429
    assert refused.body["error"]["code"] == "rate_limit_exceeded"
    assert refused.body["error"]["type"] == "requests"
    assert refused.headers["x-should-retry"] == "true"
    assert int(refused.headers["retry-after"]) >= 1


def test_who_needs_no_key_is_not_counted() -> None:
    async def run() -> list[Answer]:
        behind = Behind()
        behind.end.set()
        throttle, answers = Throttle(behind), [Answer(), Answer()]
        await throttle(scope(None), receive, answers[0])
        await throttle(scope(Caller()), receive, answers[1])
        return answers

    for answer in asyncio.run(run()):
        assert answer.status == 200
        assert not {name for name in answer.headers if name.startswith("ratelimit")}


def test_one_request_is_said_as_one() -> None:
    async def run() -> Answer:
        behind, caller = Behind(), holder(per_minute=1)
        behind.end.set()
        throttle, answer = Throttle(behind), Answer()
        await throttle(scope(caller), receive, Answer())
        await throttle(scope(caller), receive, answer)
        return answer

    assert asyncio.run(run()).body["detail"] == "this access key may make 1 request a minute"

"""Who goes first, who waits, and who is turned away; a place is never lost, however calls end."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.models.contract import Message, ModelRequest, complete
from service.models.errors import TooManyWaiting
from service.models.queueing import CallQueue, QueuedModel
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from service.models.contract import Urgency

pytestmark = pytest.mark.anyio
URGENCIES: tuple[Urgency, ...] = ("continued", "question", "batch")


@dataclass
class Calls:
    """Calls that hold their place until they are told to end."""

    queue: CallQueue
    began: list[str] = field(default_factory=list[str])
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    ends: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])

    async def ask(self, name: str, urgency: Urgency = "question") -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, urgency))
        await settle()

    async def _hold(self, name: str, urgency: Urgency) -> None:
        async with self.queue.turn(urgency):
            self.began.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]
        await settle()

    async def leave(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_at_a_time_the_others_in_their_order() -> None:
    calls = Calls(CallQueue(2, 10, 30))
    for name in "abcd":
        await calls.ask(name)
    assert calls.began == ["a", "b"]
    await calls.end("b")
    assert calls.began == ["a", "b", "c"]
    await calls.end("a")
    assert calls.began == ["a", "b", "c", "d"]
    await calls.end("c")
    await calls.end("d")
    assert (calls.queue.running, calls.queue.waiting) == (0, 0)


async def test_one_too_many_is_turned_away_at_once() -> None:
    calls = Calls(CallQueue(1, 2, 30))
    for name in "abc":
        await calls.ask(name)
    with pytest.raises(TooManyWaiting) as raised:
        calls.queue.require_room()
    assert raised.value.http_status == 503
    assert raised.value.retry_after == 15  # three calls before it, five seconds each
    await calls.ask("d")
    with pytest.raises(TooManyWaiting):
        await calls.tasks["d"]
    await calls.end("a")
    calls.queue.require_room()
    await calls.ask("e")
    assert (calls.queue.running, calls.queue.waiting) == (1, 2)


async def test_who_waits_too_long_is_turned_away() -> None:
    calls = Calls(CallQueue(1, 5, 0.05))
    await calls.ask("a")
    await calls.ask("b")
    with pytest.raises(TooManyWaiting, match=r"0\.05 s"):
        await asyncio.wait_for(calls.tasks["b"], 5)
    assert calls.queue.waiting == 0
    await calls.end("a")
    await calls.ask("c")
    assert calls.began == ["a", "c"]


async def test_what_was_paid_for_is_neither_turned_away_nor_overtaken() -> None:
    calls = Calls(CallQueue(1, 1, 0.05))
    await calls.ask("a")
    await calls.ask("question")
    await calls.ask("step", "continued")
    await asyncio.gather(calls.tasks["question"], return_exceptions=True)  # its patience is over
    await calls.ask("later")
    await calls.end("a")
    assert calls.began == ["a", "step"]


async def test_a_batch_leaves_places_to_questions() -> None:
    calls = Calls(CallQueue(8, 10, 30))
    for number in range(20):
        await calls.ask(f"part {number}", "batch")
    assert len(calls.began) == 6
    await calls.ask("question")
    assert calls.began[-1] == "question"
    await calls.end("part 0")
    assert calls.began[-1] == "part 6", "its own share stays the batch's"


async def test_questions_do_not_stop_a_batch() -> None:
    calls = Calls(CallQueue(1, 100, 30))
    await calls.ask("first")
    await calls.ask("part", "batch")
    for number in range(10):
        await calls.ask(f"question {number}")
    for name in ("first", "question 0", "question 1", "question 2"):
        assert "part" not in calls.began
        await calls.end(name)
    assert calls.began[-1] == "part"


async def test_one_place_is_enough_for_a_batch() -> None:
    calls = Calls(CallQueue(1, 0, 30))
    await calls.ask("part", "batch")
    assert calls.began == ["part"]


async def test_who_leaves_while_waiting_takes_no_place() -> None:
    calls = Calls(CallQueue(1, 5, 30))
    for name in "abc":
        await calls.ask(name)
    await calls.leave("b")
    assert calls.queue.waiting == 1
    await calls.end("a")
    assert calls.began == ["a", "c"]


async def test_who_leaves_as_a_place_comes_gives_it_back() -> None:
    calls = Calls(CallQueue(1, 5, 30))
    for name in "abc":
        await calls.ask(name)
    calls.ends["a"].set()
    await asyncio.sleep(0)  # "a" has ended, "b" has been given its place and does not know it yet
    calls.tasks["b"].cancel()
    await asyncio.gather(calls.tasks["b"], return_exceptions=True)
    await settle()
    assert calls.began == ["a", "c"]
    await calls.end("c")
    assert (calls.queue.running, calls.queue.waiting) == (0, 0)


@settings(deadline=None)
@given(
    st.integers(1, 5),
    st.integers(0, 5),
    st.lists(
        st.tuples(st.sampled_from(["ask", "end", "leave"]), st.integers(0, 30), st.sampled_from(URGENCIES)),
        max_size=60,
    ),
)
def test_places_are_never_lost_nor_made(
    parallel: int, most: int, steps: list[tuple[str, int, Urgency]]
) -> None:
    async def go() -> None:
        calls = Calls(CallQueue(parallel, most, 30))
        for number, (step, chosen, urgency) in enumerate(steps):
            names = [name for name, task in calls.tasks.items() if not task.done()]
            if step == "ask":
                await calls.ask(str(number), urgency)
            elif names:
                name = names[chosen % len(names)]
                await (calls.end(name) if step == "end" and name in calls.began else calls.leave(name))
            waiting = sum(not task.done() for task in calls.tasks.values()) - calls.queue.running
            assert calls.queue.running <= parallel
            assert calls.queue.waiting == waiting
            holding = sum(not calls.tasks[name].done() for name in calls.began)
            assert holding == calls.queue.running
        for name in list(calls.tasks):
            await calls.leave(name)
        assert (calls.queue.running, calls.queue.waiting) == (0, 0)

    asyncio.run(go())


def test_event_loops_share_it() -> None:
    """As those of a server and of its side calls do: 40 calls from four threads, two at a time."""
    queue, lock = CallQueue(2, 100, 30), threading.Lock()
    inside, most = 0, 0

    async def call() -> None:
        nonlocal inside, most
        async with queue.turn("question"):
            with lock:
                inside += 1
                most = max(most, inside)
            await asyncio.sleep(0.005)
            with lock:
                inside -= 1

    async def several() -> None:
        await asyncio.gather(*(call() for _ in range(10)))

    threads = [threading.Thread(target=lambda: asyncio.run(several())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert most == 2
    assert (queue.running, queue.waiting) == (0, 0)


async def test_a_model_holds_its_place_until_its_reply_is_whole() -> None:
    queue = CallQueue(1, 0, 30)
    inner = ScriptedModel(["Ann Lee.", "Bo Li."])
    model = QueuedModel(inner, queue)
    request = ModelRequest((Message("user", "Who signs?"),), max_tokens=100)
    stream = model.stream(request)
    await anext(stream)
    with pytest.raises(TooManyWaiting):
        await complete(model, request)
    await stream.aclose()
    assert (await complete(model, request)).text == "Bo Li."
    assert len(inner.requests) == 2


async def test_a_request_is_told_when_its_turn_has_come() -> None:
    queue, told = CallQueue(1, 1, 30), list[str]()
    calls = Calls(queue)
    await calls.ask("a")
    request = ModelRequest((Message("user", "Who signs?"),), max_tokens=100, urgency="batch")
    request = replace(request, in_turn=lambda: told.append("in turn"))
    asking = asyncio.create_task(complete(QueuedModel(ScriptedModel(["Ann Lee."]), queue), request))
    await settle()
    assert told == []
    await calls.end("a")
    assert (await asking).text == "Ann Lee."
    assert told == ["in turn"]

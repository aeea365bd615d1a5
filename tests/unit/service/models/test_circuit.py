"""The circuit breaker in virtual time: when it opens, who may try, and what says nothing of the provider."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from service.models.circuit import LONGEST, BreakingModel, Circuit, CircuitPolicy
from service.models.contract import Message, ModelRequest, TextDelta, complete
from service.models.errors import (
    CircuitOpen,
    ContentFiltered,
    InvalidRequest,
    KeyRejected,
    MalformedReply,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
    ModelUnreachable,
    PromptTooLong,
    QuotaExhausted,
    RequestRefused,
    StreamCut,
)
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.models.contract import ModelEvent
    from service.models.errors import ModelError
    from tests.fakes.scripted_model import Said

REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100)
pytestmark = pytest.mark.anyio


@dataclass
class Desk:
    """A breaker over a model that says what ``says`` holds when it is asked."""

    says: Said = "Ann Lee."
    now: float = 100.0
    inner: ScriptedModel = field(init=False)
    circuit: Circuit = field(init=False)

    def __post_init__(self) -> None:
        self.inner = ScriptedModel(lambda _: self.says)
        self.circuit = Circuit("zai", CircuitPolicy(failures=3, seconds=10), clock=lambda: self.now)
        self.model = BreakingModel(self.inner, self.circuit)

    async def ask(self, says: Said | None = None) -> str:
        """The answer, or the name of the error."""
        self.says = self.says if says is None else says
        try:
            return (await complete(self.model, REQUEST)).text
        except Exception as error:  # noqa: BLE001 — told by its name
            return type(error).__name__

    async def break_down(self) -> None:
        for _ in range(3):
            await self.ask(ModelFailed("no such luck"))
        assert self.circuit.is_open


@pytest.mark.parametrize(
    "error",
    [
        ModelFailed("x"),
        ModelUnreachable("x"),
        ModelTimeout("x"),
        ModelTimeout("x", status=408, retry=False),
        StreamCut("x"),
        MalformedReply("x"),
        ModelBusy("x", status=503),
        Broken("Ann", StreamCut("x")),
    ],
)
async def test_failures_in_a_row_open_it(error: Said) -> None:
    desk = Desk()
    for _ in range(3):
        assert await desk.ask(error) != "CircuitOpen"
    assert await desk.ask("Ann Lee.") == "CircuitOpen"
    assert len(desk.inner.requests) == 3


@pytest.mark.parametrize(
    "error",
    [
        ModelBusy("x", status=429),
        KeyRejected("x"),
        QuotaExhausted("x"),
        RequestRefused("x"),
        ContentFiltered("x"),
        PromptTooLong("x"),
        ModelTimeout("the answer was not whole in time", retry=False),
    ],
)
async def test_a_provider_that_refuses_is_alive(error: ModelError) -> None:
    desk = Desk()
    for _ in range(2):
        await desk.ask(ModelFailed("x"))
    for _ in range(5):
        await desk.ask(error)
    await desk.ask(ModelFailed("x"))
    assert not desk.circuit.is_open, "the refusals have ended the row"


async def test_a_success_ends_the_row() -> None:
    desk = Desk()
    for said in (ModelFailed("x"), ModelFailed("x"), "Ann Lee.", ModelFailed("x"), ModelFailed("x")):
        await desk.ask(said)
    assert not desk.circuit.is_open


async def test_what_was_never_sent_says_nothing() -> None:
    desk = Desk()
    for said in (ModelFailed("x"), ModelFailed("x"), InvalidRequest("top_p", "no"), ModelFailed("x")):
        await desk.ask(said)
    assert desk.circuit.is_open


async def test_it_tells_when_to_come_again() -> None:
    desk = Desk()
    await desk.break_down()
    desk.now += 3.5
    with pytest.raises(CircuitOpen, match=r"zai has failed too often \(ModelFailed\)") as raised:
        await complete(desk.model, REQUEST)
    assert raised.value.retry_after == 7
    assert "no such luck" not in str(raised.value)  # which may quote another one's prompt


async def test_what_the_provider_asks_for_is_longer() -> None:
    desk = Desk()
    for _ in range(3):
        await desk.ask(ModelBusy("x", status=503, retry_after=60))
    desk.now += 59
    assert await desk.ask() == "CircuitOpen"
    desk.now += 2
    assert await desk.ask("Ann Lee.") == "Ann Lee."


@pytest.mark.parametrize("wished", [86_400.0, 2.5e11])
async def test_no_provider_is_left_alone_for_days_at_its_word(wished: float) -> None:
    desk = Desk()
    for _ in range(3):
        await desk.ask(ModelBusy("x", status=503, retry_after=wished))
    desk.now += LONGEST - 1
    assert await desk.ask("Ann Lee.") == "CircuitOpen"
    desk.now += 1
    assert await desk.ask("Ann Lee.") == "Ann Lee."


async def test_one_call_tries_and_closes_it() -> None:
    desk = Desk()
    await desk.break_down()
    desk.now += 11
    desk.says = "Ann Lee."
    async with aclosing(desk.model.stream(REQUEST)) as trying:
        assert desk.circuit.is_open
        assert isinstance(await anext(trying), TextDelta)
        assert not desk.circuit.is_open, "its first word is enough for the others"
        assert await desk.ask() == "Ann Lee."


async def test_others_wait_while_one_tries() -> None:
    slow, now = Slow(), 0.0
    circuit = Circuit("zai", CircuitPolicy(failures=1, seconds=1), clock=lambda: now)
    circuit.failed(circuit.enter(), ModelFailed("x"))
    now = 2.0
    model = BreakingModel(slow, circuit)
    trying = asyncio.create_task(complete(model, REQUEST))
    await slow.asked.wait()
    with pytest.raises(CircuitOpen):
        await complete(model, REQUEST)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    assert circuit.is_open, "who left says nothing"
    slow.asked.clear()
    trying = asyncio.create_task(complete(model, REQUEST))
    await asyncio.wait_for(slow.asked.wait(), 5)  # the next one may try
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)


@dataclass
class Slow:
    """A model that says nothing for ever."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        del request
        self.asked.set()
        await asyncio.sleep(60)
        yield TextDelta("never")


async def test_one_failure_after_a_trial_opens_it_again() -> None:
    desk = Desk()
    await desk.break_down()
    desk.now += 11
    assert await desk.ask(Broken("Ann", StreamCut("x"))) == "StreamCut"
    assert desk.circuit.is_open
    desk.now += 11
    assert await desk.ask("Ann Lee.") == "Ann Lee."
    await desk.ask(ModelFailed("x"))
    assert not desk.circuit.is_open, "a whole answer has ended its probation"


async def test_calls_of_an_earlier_period_say_nothing() -> None:
    """What began before it opened and ends after that, well or badly."""
    circuit = Circuit("zai", CircuitPolicy(failures=2, seconds=10), clock=lambda: 0.0)
    early = [circuit.enter() for _ in range(4)]
    for period in early[:2]:
        circuit.failed(period, ModelFailed("x"))
    circuit.answered(early[2])
    circuit.heard(early[3])
    circuit.left(early[3])
    assert circuit.is_open
    with pytest.raises(CircuitOpen):
        circuit.enter()

"""What a call is billed for that was sent more than once, or to several providers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ingest.errors import EgressRefused
from service.answers import Cost, Usage
from service.models.attempts import MeteredModel
from service.models.circuit import BreakingModel, Circuit, CircuitPolicy
from service.models.contract import Finished, Message, ModelRequest, TextDelta, TokenUsage, complete
from service.models.errors import (
    CircuitOpen,
    InvalidRequest,
    KeyRejected,
    ModelBusy,
    ModelTimeout,
    ModelUnreachable,
    StreamCut,
)
from service.models.fallback import Fallback, FallbackModel
from service.models.prices import Price
from service.models.providers import ModelLimits
from service.models.retrying import RetryingModel
from service.recording import Origin, Owed, Recording, begun_call
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from ingest.catalog.call_records import CallRecord
    from service.models.contract import LanguageModel, ModelEvent
    from tests.fakes.scripted_model import Said

PRICE, DEAR = Price(1.0, 0.2, 3.0), Price(5.0, 5.0, 5.0)
PROMPT = TokenUsage(1_000, 0, 0)
REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100, model="glm-5")
LARGE = ModelLimits(200_000, 131_072)
pytestmark = pytest.mark.anyio


@dataclass
class Books:
    """A recorder that a test can read."""

    calls: list[CallRecord] = field(default_factory=list["CallRecord"])
    owed: list[Owed | None] = field(default_factory=list[Owed | None])
    forgotten: int = 0

    def due(self, call: CallRecord, longest: int) -> None:
        """Nothing is."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """It may."""

    def forget(self, call: CallRecord) -> None:  # noqa: ARG002 — of the protocol
        self.forgotten += 1

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        self.calls.append(call)
        self.owed.append(owed)


class Refused:
    """A provider that may not be shown the collection, from the given request on."""

    def __init__(self, behind: LanguageModel, permitted: int = 0) -> None:
        self._behind = behind
        self._left = permitted

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        if not self._left:
            raise EgressRefused("contracts", "zai")
        self._left -= 1
        async for event in self._behind.stream(request):
            yield event


async def no_sleep(_: float) -> None:
    """Time passes at once."""


def metered(*said: Said, price: Price | None = PRICE) -> MeteredModel:
    return MeteredModel(ScriptedModel(said), lambda _: price)


def patient(model: LanguageModel) -> RetryingModel:
    return RetryingModel(model, sleep=no_sleep)


def behind(first: LanguageModel, *others: LanguageModel) -> FallbackModel:
    fallbacks = [Fallback(f"other{n}", other, "house", DEAR, LARGE) for n, other in enumerate(others)]
    return FallbackModel(first, fallbacks, count=len)


async def called(model: LanguageModel, books: Books, raises: type[BaseException]) -> None:
    begun = begun_call(Origin("acme"), "answer", provider="zai", model="glm-5", planned=1_000)
    with pytest.raises(raises):
        async with Recording(books, begun, 9, price=PRICE) as call:
            await complete(model, call.asking(REQUEST), call.heard)


async def owed(model: LanguageModel, raises: type[BaseException]) -> Owed | None:
    books = Books()
    await called(model, books, raises)
    [found] = books.owed
    assert books.forgotten == 0
    return found


class TestEverySending:
    async def test_that_timed_out_is_owed(self) -> None:
        model = patient(metered(*(ModelTimeout("silence") for _ in range(5))))
        assert await owed(model, ModelTimeout) == Owed(TokenUsage(5_000, 0, 0), 0.005, 5)

    async def test_is_owed_though_the_last_refusal_cost_nothing(self) -> None:
        circuit = Circuit("zai", CircuitPolicy(failures=1))
        model = patient(BreakingModel(metered(ModelTimeout("silence")), circuit))
        assert await owed(model, CircuitOpen) == Owed(PROMPT, 0.001)

    async def test_that_was_refused_is_not(self) -> None:
        model = patient(metered(ModelBusy("later"), ModelUnreachable("away"), KeyRejected("no")))
        assert await owed(model, KeyRejected) is None

    async def test_of_what_nobody_takes_is_none(self) -> None:
        assert await owed(metered(InvalidRequest("top_p", "no")), InvalidRequest) is None

    async def test_is_owed_with_what_arrived_of_it(self) -> None:
        model = patient(metered(ModelTimeout("silence"), Broken("x" * 300, StreamCut("cut"))))
        assert await owed(model, StreamCut) == Owed(TokenUsage(2_000, 0, 100), 0.0023, 2)

    async def test_is_owed_at_the_price_of_whom_it_went_to(self) -> None:
        model = behind(metered(ModelTimeout("silence")), metered(StreamCut("cut"), price=DEAR))
        assert await owed(model, ModelTimeout) == Owed(TokenUsage(2_000, 0, 0), 0.006, 2)

    async def test_without_a_known_price_has_none_altogether(self) -> None:
        model = behind(metered(ModelTimeout("silence")), metered(StreamCut("cut"), price=None))
        assert await owed(model, ModelTimeout) == Owed(TokenUsage(2_000, 0, 0), None, 2)

    async def test_is_owed_by_who_leaves_before_the_next(self) -> None:
        waits = asyncio.Event()

        async def wait(_: float) -> None:
            waits.set()
            await asyncio.sleep(60)

        books = Books()
        model = RetryingModel(metered(ModelTimeout("silence"), ModelTimeout("silence")), sleep=wait)
        asking = asyncio.create_task(called(model, books, asyncio.CancelledError))
        await waits.wait()
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
        assert books.owed == [Owed(PROMPT, 0.001)]
        assert books.calls[0].outcome == "cancelled"


class TestAWholeReply:
    async def answered(self, model: LanguageModel) -> tuple[CallRecord, Owed | None]:
        books = Books()
        begun = begun_call(Origin("acme"), "answer", provider="zai", model="glm-5", planned=1_000)
        async with Recording(books, begun, 9, price=PRICE) as call:
            await complete(model, call.asking(REQUEST), call.heard)
            call.counted(Usage(900, 0, 0, 50, 0), Cost(0.25, 0.0, 0.0))
        return books.calls[0], books.owed[0]

    async def test_owes_nothing_but_what_the_provider_counted(self) -> None:
        made, found = await self.answered(metered("Ann Lee."))
        assert (made.usd, found) == (0.25, None)

    async def test_owes_what_was_lost_before_it_too(self) -> None:
        made, found = await self.answered(patient(metered(ModelTimeout("silence"), "Ann Lee.")))
        assert found == Owed(TokenUsage(1_900, 0, 50), 0.251, 2)
        assert (made.usd, made.prompt_tokens, made.outcome) == (0.25, 900, "ok")  # as it was counted

    async def test_owes_nobody_knows_what_where_what_was_lost_has_no_price(self) -> None:
        first = metered(ModelTimeout("silence"), price=None)
        _, found = await self.answered(behind(first, metered("Ann Lee.", price=DEAR)))
        assert found == Owed(TokenUsage(1_900, 0, 50), None, 2)

    async def test_of_one_who_counts_nothing_is_estimated_with_what_was_lost(self) -> None:
        class Countless:
            async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
                yield TextDelta("x" * 300)
                yield Finished("stop", TokenUsage(), request.model or "", "r")

        model = behind(metered(ModelTimeout("silence")), MeteredModel(Countless(), lambda _: DEAR))
        _, found = await self.answered(model)
        assert found is not None
        assert (found.usage, found.attempts) == (TokenUsage(2_000, 0, 100), 2)
        assert found.usd == pytest.approx(0.0065)


class TestEgress:
    async def test_who_was_asked_tells_why_and_is_paid(self) -> None:
        model = behind(Refused(metered()), metered(ModelTimeout("silence"), price=DEAR))
        assert await owed(model, ModelTimeout) == Owed(PROMPT, 0.005)

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    async def test_the_first_of_those_that_were_asked_does(self, order: Sequence[int]) -> None:
        others = [metered(ModelBusy("second")), Refused(metered())]
        model = behind(Refused(metered()), *(others[n] for n in order), metered(KeyRejected("third")))
        assert await owed(model, ModelBusy) is None

    async def test_what_went_to_nobody_is_forgotten(self) -> None:
        books = Books()
        await called(behind(Refused(metered()), Refused(metered())), books, EgressRefused)
        assert (books.forgotten, books.calls) == (1, [])

    async def test_what_was_sent_before_it_was_forbidden_is_not(self) -> None:
        model = patient(Refused(metered(ModelTimeout("silence")), permitted=1))
        assert await owed(model, EgressRefused) == Owed(PROMPT, 0.001)

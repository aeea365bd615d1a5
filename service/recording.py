"""A call of a model on its way into the ledger: recorded once, however it ends."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from ingest.catalog.call_records import CANCELLED, CallPlan, CallRecord, CallSegment
from ingest.errors import EgressRefused
from prompts.render import documents_shown
from service.cancelling import in_thread
from service.models.attempts import Attempt, Attempts
from service.models.contract import Diverted, TokenUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Self

    from prompts.plan import PromptMessage, PromptPlan
    from service.answers import Cost, PlanSummary, Usage
    from service.models.contract import ModelEvent, ModelRequest
    from service.models.prices import Price

_ID_BYTES = 8
_LEFT = (GeneratorExit, asyncio.CancelledError, KeyboardInterrupt)
"""What a call is ended by when nobody wants its answer any more."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What calls are made for; what is not known is empty."""

    tenant: str
    collection: str = ""
    session: str = ""
    answer: str = ""
    """The id that the caller sees."""
    key: str = ""
    """Label of the access key."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What providers should bill for a call of which they gave no count, or not of every attempt."""

    usage: TokenUsage
    """Of all attempts; of one without a count the planned prompt, and what of its reply has arrived."""
    usd: float | None
    """None where nobody knows the price of one that was asked."""
    attempts: int = 1
    """That are billed."""


class Recorder(Protocol):
    """Keeps calls, in the ledger or in the list of a test."""

    def due(self, call: CallRecord, longest: int) -> Callable[[], None] | None:
        """What is to be looked up before `begin`, by a thread that may wait; None where nothing is.

        What it gives may raise what `begin` raises. Of a call that is not begun after it, `forget` is told.
        """
        ...

    def begin(self, call: CallRecord, longest: int) -> None:
        """A call is about to be made, whose answer may have so many tokens.

        Raises:
            LecternError: it may not; nothing is recorded of it.
        """
        ...

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """Take note of a call that has ended. Neither waits nor fails.

        ``owed`` is given where the provider has not counted it, or an attempt before it, and bills it all the
        same: it is for the whole call.
        """
        ...

    def forget(self, call: CallRecord) -> None:
        """A call that was begun was not made after all: nothing was sent. Neither waits nor fails."""
        ...


class Unrecorded:
    """A recorder that forgets."""

    def due(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.due`: nothing."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: it may."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """As `Recorder.record`."""

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`."""


class Recorders:
    """Several recorders, each of which takes note."""

    def __init__(self, *recorders: Recorder) -> None:
        self._recorders = recorders

    def due(self, call: CallRecord, longest: int) -> Callable[[], None] | None:
        """As `Recorder.due`: what is due for any of them."""
        looks = [look for recorder in self._recorders if (look := recorder.due(call, longest)) is not None]

        def look_up() -> None:
            for look in looks:
                look()

        return look_up if looks else None

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: it may where all of them let it; the one that refuses should come first."""
        for recorder in self._recorders:
            recorder.begin(call, longest)

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """As `Recorder.record`."""
        for recorder in self._recorders:
            recorder.record(call, owed)

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`."""
        for recorder in self._recorders:
            recorder.forget(call)


class Recording:
    """A call under way: enter it before the model is asked, leave it once the reply is whole.

    async with generation.recording(origin, "answer", model="glm-5", planned=3_000, longest=4_096) as call:
        reply = await complete(model, call.asking(request), call.heard)
        call.counted(usage, cost)

    Entering raises what `Recorder.begin` raises: then nothing may be asked. In a thread that may wait, it is
    a plain ``with``. Where no count of the provider's has come by the end, its planned prompt and what of the
    reply has arrived are owed: they are billed, however it ended. So is every attempt before the last one
    that a provider may have read. Of a model that tells nothing of its attempts, one is taken for made.
    """

    def __init__(
        self,
        recorder: Recorder,
        call: CallRecord,
        longest: int,
        *,
        price: Price | None = None,
        threads: Executor | None = None,
    ) -> None:
        """``longest`` are the tokens that the answer may have, ``price`` is that of the call's model.

        ``threads`` read the account; by default those of the event loop.
        """
        self._threads = threads
        self._recorder = recorder
        self._call = call
        self._longest = longest
        self._attempts = Attempts()
        self._seen = Attempt(price)
        self._counted: Owed | None = None

    async def __aenter__(self) -> Self:
        look_up = self._recorder.due(self._call, self._longest)
        if look_up is not None:
            try:
                await in_thread(self._threads, look_up)
            except BaseException:  # what was set aside, or is just now, is for nothing
                self._recorder.forget(self._call)
                raise
        return self._begin()

    def __enter__(self) -> Self:
        look_up = self._recorder.due(self._call, self._longest)
        if look_up is not None:
            look_up()
        return self._begin()

    def asking(self, request: ModelRequest) -> ModelRequest:
        """The request as it is to be asked: each time that it is sent is noted here."""
        return replace(request, attempts=self._attempts)

    def heard(self, event: ModelEvent) -> None:
        """Something of the reply has arrived."""
        if isinstance(event, Diverted):
            self._call = replace(self._call, provider=event.provider, model=event.model)
        self._seen.heard(event)

    def counted(self, usage: Usage, cost: Cost) -> None:
        """What the call took, as the provider has counted it."""
        if self._seen.told is None or self._seen.told.reported:
            took = TokenUsage(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)
            self._counted = Owed(took, cost.usd)
        self._call = replace(
            self._call,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            usd=cost.usd,
            saved_usd=cost.saved_usd,
        )

    def becomes(self, purpose: str, mode: str, plan: CallPlan) -> None:
        """It turned out what the call was for."""
        self._call = replace(self._call, purpose=purpose, mode=mode, plan=plan)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is EgressRefused and not self._attempts.made:  # the audit log has it
            self._recorder.forget(self._call)
            return
        spent = 1_000 * (time.perf_counter() - self._started)
        ended = replace(self._call, milliseconds=spent)
        if kind is not None:
            ended = replace(ended, outcome=CANCELLED if issubclass(kind, _LEFT) else kind.__name__)
        self._recorder.record(ended, self._owed(kind))

    def _begin(self) -> Self:
        self._recorder.begin(self._call, self._longest)
        self._started = time.perf_counter()
        self._call = replace(self._call, created_at=datetime.now(UTC))
        return self

    def _owed(self, kind: type[BaseException] | None) -> Owed | None:
        """What the call should be billed for, where that is not just what was counted."""
        if kind is not None:
            self._seen.failed(kind)
        attempts = self._attempts.made or [self._seen]
        lost = [one for one in attempts if one.is_billed]
        if self._counted is None:
            return _sum([self._lost(one) for one in lost]) if lost else None
        # What is counted is the last one.
        return _sum([self._counted, *map(self._lost, lost[:-1])]) if lost[:-1] else None

    def _lost(self, attempt: Attempt) -> Owed:
        usage = attempt.usage(self._call.planned_tokens)
        return Owed(usage, None if attempt.price is None else attempt.price.dollars(usage))


def _sum(bills: Sequence[Owed]) -> Owed:
    if len(bills) == 1:
        return bills[0]
    usage = TokenUsage(
        sum(bill.usage.prompt_tokens for bill in bills),
        sum(bill.usage.cached_tokens for bill in bills),
        sum(bill.usage.completion_tokens for bill in bills),
    )
    known = [bill.usd for bill in bills if bill.usd is not None]
    return Owed(usage, sum(known) if len(known) == len(bills) else None, len(bills))


def begun_call(
    origin: Origin,
    purpose: str,
    *,
    provider: str,
    model: str,
    planned: int,
    predicted: int = 0,
    mode: str = "",
    plan: CallPlan | None = None,
) -> CallRecord:
    """A call before anything is known of its end; ``planned`` and ``predicted`` are tokens."""
    return CallRecord(
        id=secrets.token_hex(_ID_BYTES),
        tenant=origin.tenant,
        created_at=datetime.now(UTC),
        answer=origin.answer,
        session=origin.session,
        collection=origin.collection,
        key=origin.key,
        provider=provider,
        model=model,
        purpose=purpose,
        mode=mode,
        planned_tokens=planned,
        predicted_cached_tokens=predicted,
        plan=plan,
    )


def call_plan(plan: PromptPlan, summary: PlanSummary) -> CallPlan:
    """The details that the ledger keeps of a prompt: names, figures and fingerprints, no text."""
    return CallPlan(summary.reason, tuple(_segments(plan, summary)), tuple(map(_fingerprint, plan.messages)))


def _segments(plan: PromptPlan, summary: PlanSummary) -> Iterator[CallSegment]:
    citable = {passage.document for passage in plan.passages}
    places: dict[tuple[int, str], int] = {}
    for block, segment in zip(plan.blocks, summary.segments, strict=True):
        place = places.setdefault((block.message, block.role), len(places))
        shown = citable.intersection(documents_shown(block.text))  # a question may look like a passage
        yield CallSegment(
            segment.name,
            segment.stability,
            place,
            segment.tokens,
            segment.cached_tokens,
            segment.fingerprint,
            tuple(sorted(shown)),
        )


def _fingerprint(message: PromptMessage) -> str:
    return blake2b(f"{message.role}\0{message.content}".encode(), digest_size=8).hexdigest()

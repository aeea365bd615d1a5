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
from service.models.contract import Diverted, Finished, ReasoningDelta, TextDelta, TokenUsage, ToolCallDelta
from service.models.errors import ContentFiltered, MalformedReply, ModelError, ModelTimeout, StreamCut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Self

    from prompts.plan import PromptMessage, PromptPlan
    from service.answers import Cost, PlanSummary, Usage
    from service.models.contract import ModelEvent
    from service.models.prices import Price

_ID_BYTES = 8
_LEFT = (GeneratorExit, asyncio.CancelledError, KeyboardInterrupt)
"""What a call is ended by when nobody wants its answer any more."""
_READ = (ContentFiltered, MalformedReply, ModelTimeout, StreamCut)
"""Failures of a provider that may have read the prompt, and bills it, though nothing of a reply arrived."""
_BYTES_A_TOKEN = 3
"""Of UTF-8: English has four, Chinese three. Tokenising every delta would take the event loop's time."""


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
    """What a provider should bill for a call that it gave no count of."""

    usage: TokenUsage
    """The planned prompt, and what of the reply has arrived, estimated."""
    usd: float | None
    """None where nobody knows the price of who answered."""


class Recorder(Protocol):
    """Keeps calls, in the ledger or in the list of a test."""

    def due(self, call: CallRecord) -> Callable[[], None] | None:
        """What is to be looked up before `begin`, by a thread that may wait; None where nothing is.

        What it gives may raise what `begin` raises.
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

        ``owed`` is given where the provider has not counted it and bills it all the same.
        """
        ...

    def forget(self, call: CallRecord) -> None:
        """A call that was begun was not made after all: nothing was sent. Neither waits nor fails."""
        ...


class Unrecorded:
    """A recorder that forgets."""

    def due(self, call: CallRecord) -> None:
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

    def due(self, call: CallRecord) -> Callable[[], None] | None:
        """As `Recorder.due`: what is due for any of them."""
        looks = [look for recorder in self._recorders if (look := recorder.due(call)) is not None]

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
        reply = await complete(model, request, call.heard)
        call.counted(usage, cost)

    Entering raises what `Recorder.begin` raises: then nothing may be asked. In a thread that may wait, it is
    a plain ``with``. Where no count of the provider's has come by the end, its planned prompt and what of the
    reply has arrived are owed: they are billed, however it ended.
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
        self._price = price
        self._arrived = 0
        self._told: TokenUsage | None = None
        self._is_counted = False

    async def __aenter__(self) -> Self:
        look_up = self._recorder.due(self._call)
        if look_up is not None:
            await in_thread(self._threads, look_up)
        return self._begin()

    def __enter__(self) -> Self:
        look_up = self._recorder.due(self._call)
        if look_up is not None:
            look_up()
        return self._begin()

    def heard(self, event: ModelEvent) -> None:
        """Something of the reply has arrived."""
        match event:
            case Diverted():
                self._call = replace(self._call, provider=event.provider, model=event.model)
                self._price = event.price
            case ReasoningDelta() | TextDelta():
                self._arrived += _bytes(event.text)
            case ToolCallDelta():
                self._arrived += _bytes(event.name) + _bytes(event.arguments)
            case Finished():
                self._told = event.usage

    def counted(self, usage: Usage, cost: Cost) -> None:
        """What the call took, as the provider has counted it."""
        self._is_counted = self._told is None or self._told.reported
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
        if kind is EgressRefused:  # nothing was sent; the audit log has it
            self._recorder.forget(self._call)
            return
        spent = 1_000 * (time.perf_counter() - self._started)
        ended = replace(self._call, milliseconds=spent)
        if kind is not None:
            ended = replace(ended, outcome=CANCELLED if issubclass(kind, _LEFT) else kind.__name__)
        is_owed = not self._is_counted and self._is_billed(kind)
        self._recorder.record(ended, self._owed() if is_owed else None)

    def _begin(self) -> Self:
        self._recorder.begin(self._call, self._longest)
        self._started = time.perf_counter()
        self._call = replace(self._call, created_at=datetime.now(UTC))
        return self

    def _is_billed(self, kind: type[BaseException] | None) -> bool:
        """Whether the provider bills a call that ended so: not where it refused it, or was not reached."""
        if kind is None or self._arrived or self._told is not None:
            return True
        return issubclass(kind, _READ) or not issubclass(kind, ModelError)

    def _owed(self) -> Owed:
        usage = self._told
        if usage is None or not usage.reported:
            usage = TokenUsage(self._call.planned_tokens, 0, -(-self._arrived // _BYTES_A_TOKEN))
        return Owed(usage, None if self._price is None else self._price.dollars(usage))


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


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

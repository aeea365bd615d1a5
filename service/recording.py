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
from prompts.render import documents_shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from prompts.plan import PromptMessage, PromptPlan
    from service.answers import Cost, PlanSummary, Usage

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


class Recorder(Protocol):
    """Keeps calls, in the ledger or in the list of a test."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """A call is about to be made, whose answer may have so many tokens.

        Raises:
            LecternError: it may not; nothing is recorded of it.
        """
        ...

    def record(self, call: CallRecord) -> None:
        """Take note of a call that has ended. Neither waits nor fails."""
        ...


class Unrecorded:
    """A recorder that forgets."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: it may."""

    def record(self, call: CallRecord) -> None:
        """As `Recorder.record`."""


class Recording:
    """A call under way: enter it before the model is asked, leave it once the reply is whole.

    with generation.recording(origin, "answer", model="glm-5", planned=3_000, longest=4_096) as call:
        reply = await complete(model, request)
        call.counted(usage, cost)

    Entering raises what `Recorder.begin` raises: then nothing may be asked.
    """

    def __init__(self, recorder: Recorder, call: CallRecord, longest: int) -> None:
        """``longest`` are the tokens that the answer may have."""
        self._recorder = recorder
        self._call = call
        self._longest = longest

    def __enter__(self) -> Self:
        self._recorder.begin(self._call, self._longest)
        self._started = time.perf_counter()
        self._call = replace(self._call, created_at=datetime.now(UTC))
        return self

    def counted(self, usage: Usage, cost: Cost) -> None:
        """What the call took, as the provider has counted it."""
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spent = 1_000 * (time.perf_counter() - self._started)
        ended = replace(self._call, milliseconds=spent)
        if kind is not None:
            ended = replace(ended, outcome=CANCELLED if issubclass(kind, _LEFT) else kind.__name__)
        self._recorder.record(ended)


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

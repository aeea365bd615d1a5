"""Why a provider's cache served what it did: a request beside the one before it, as the ledger holds both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from ingest.catalog.call_records import OK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.catalog.call_records import CallPlan, CallRecord, CallSegment
    from service.models.providers import CacheTraits

DifferenceKind = Literal[
    "first",
    "forgotten",
    "provider",
    "model",
    "rules",
    "documents",
    "card",
    "afresh",
    "history",
    "mode",
    "passages",
    "question",
    "other",
    "none",
]
CacheKind = Literal[
    "uncounted",
    "as_expected",
    "nothing_shared",
    "below_minimum",
    "below_block",
    "overlapping",
    "expired",
    "second_sight",
    "fewer",
]
_MOST_NAMED = 8
"""Documents named in a sentence."""
_TOLERANCE = 0.1
"""Of the identical beginning: its tokens are estimated."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a prompt parts from the one before."""

    kind: DifferenceKind
    block: str | None
    """The first block that is not the same; None where none differs, or nothing can be compared."""
    why: str
    shared: int = 0
    """Blocks at the front that are the same, byte for byte."""


@dataclass(frozen=True, slots=True)
class CacheVerdict:
    """What the provider's cache served, against what the same beginning lets expect."""

    kind: CacheKind
    why: str
    expected_tokens: int = 0
    """Of the identical beginning, in whole blocks of the cache."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that the ledger can say of an answer's prompt."""

    call: CallRecord
    """The answer's own."""
    earlier: CallRecord | None
    """The one it is compared with."""
    difference: Difference
    cache: CacheVerdict
    calls: tuple[CallRecord, ...]
    """All that the answer took, the earliest first."""


def explain(
    call: CallRecord, earlier: CallRecord | None, calls: Sequence[CallRecord], traits: CacheTraits
) -> Explanation:
    """Compare a call with the one before; ``traits`` are those of the cache of the call's provider."""
    difference = first_difference(call, earlier)
    return Explanation(
        call, earlier, difference, judge_cache(call, earlier, difference, traits), tuple(calls)
    )


def first_difference(call: CallRecord, earlier: CallRecord | None) -> Difference:
    """The first block that is not the same as in the earlier call, and why it is not."""
    if earlier is None:
        what = f"{call.model} and collection {call.collection!r}"
        return Difference("first", None, f"no earlier request to {what} is on record")
    if call.provider != earlier.provider:
        why = f"the provider changed from {earlier.provider} to {call.provider}: each has a cache of its own"
        return Difference("provider", None, why)
    if call.model != earlier.model:
        why = f"the model changed from {earlier.model} to {call.model}: each has a cache of its own"
        return Difference("model", None, why)
    if call.plan is None or earlier.plan is None:
        which = "this request" if call.plan is None else "the earlier request"
        why = "none were taken, or a document that it showed was deleted"
        return Difference("forgotten", None, f"the ledger keeps no details of {which}: {why}")
    return _compare(call.plan, earlier.plan, same_session=_same_session(call, earlier))


def judge_cache(
    call: CallRecord, earlier: CallRecord | None, difference: Difference, traits: CacheTraits
) -> CacheVerdict:
    """Why the provider served as many tokens as it did; ``difference`` is theirs."""
    if call.outcome != OK:
        return CacheVerdict("uncounted", f"the request ended uncounted: {call.outcome}")
    shared = _shared_tokens(call, difference)
    expected = shared // traits.block_tokens * traits.block_tokens
    served = f"the provider served {_tokens(call.cached_tokens)} from its cache"
    if earlier is None or shared == 0:
        return CacheVerdict("nothing_shared", f"{served}; no block is shared with an earlier request")
    if call.cached_tokens > 0 and call.cached_tokens >= _least(expected, traits):
        return CacheVerdict(
            "as_expected", f"{served}; the identical beginning has about {shared:,}", expected
        )
    beginning = f"the identical beginning, about {_tokens(shared)},"
    if shared < traits.min_tokens:
        why = f"{beginning} is below the provider's minimum of {traits.min_tokens:,}"
        return CacheVerdict("below_minimum", why, expected)
    if expected == 0:
        why = f"{beginning} is shorter than a block of the provider's cache, {traits.block_tokens}"
        return CacheVerdict("below_block", why)
    return CacheVerdict(*_missed(call, earlier, shared, traits), expected)


def _least(expected: int, traits: CacheTraits) -> float:
    """Fewer tokens than these were not what the identical beginning lets expect."""
    return (1 - _TOLERANCE) * expected - traits.block_tokens


def _missed(call: CallRecord, earlier: CallRecord, shared: int, traits: CacheTraits) -> tuple[CacheKind, str]:
    """Why less was served than both requests have in common."""
    ended = earlier.created_at + timedelta(milliseconds=earlier.milliseconds)
    apart = call.created_at - ended
    lifetime = timedelta(seconds=traits.lifetime_seconds)
    if apart < timedelta(0):
        return "overlapping", "the earlier request was still being answered when this one was sent"
    if apart > lifetime:
        return "expired", (
            f"the earlier request was {_duration(apart)} before, longer than the provider's cache lives "
            f"({_duration(lifetime)})"
        )
    if traits.second_sight and earlier.cached_tokens < shared // 2:
        return "second_sight", "this provider caches a beginning only once it has seen it twice"
    return "fewer", (
        f"the provider reported {_tokens(call.cached_tokens)} as cached, fewer than the identical beginning "
        f"of about {shared:,}: evicted, or routed to another machine"
    )


def _compare(now: CallPlan, then: CallPlan, *, same_session: bool) -> Difference:
    same = 0
    while same < min(len(now.messages), len(then.messages)) and now.messages[same] == then.messages[same]:
        same += 1
    shared = sum(segment.message < same for segment in now.segments)
    if same in {len(now.messages), len(then.messages)}:
        return Difference("none", None, _alike(now, then), shared)
    ours, theirs = (_of_message(plan.segments, same) for plan in (now, then))
    for one, other in zip_longest(ours, theirs):
        if one is None or other is None or (one.name, one.fingerprint) != (other.name, other.fingerprint):
            kind, why = _reason(now, then, one, other, same_session=same_session)
            part = one or other
            assert part is not None
            return Difference(kind, part.name, f"{part.name}: {why}", shared)
        shared += 1
    # Blocks agree where whole messages do not: their borders or roles differ.
    return Difference("other", None, "the same blocks, put together in another way", shared)


def _alike(now: CallPlan, then: CallPlan) -> str:
    if len(now.messages) > len(then.messages):
        return "nothing differed: this request goes on where the earlier one ended"
    if len(now.messages) < len(then.messages):
        return "nothing differed: the earlier request began with all of this one"
    return "nothing differed"


def _reason(
    now: CallPlan,
    then: CallPlan,
    one: CallSegment | None,
    other: CallSegment | None,
    *,
    same_session: bool,
) -> tuple[DifferenceKind, str]:
    """Why the first differing blocks differ; None stands for the end of a message."""
    part = one or other
    assert part is not None
    if part.stability == "rules":
        return "rules", "another version of Lectern"
    if same_session and _turns(now) < max(_turns(then), 1):
        return "afresh", f"the conversation was begun afresh: {now.reason}"
    if not same_session and "history" in {segment.stability for segment in (one, other) if segment}:
        return "history", "another conversation than the earlier request's"
    if one is None or other is None:
        return "other", "not in the earlier request" if one else "not in this request any more"
    if (one.stability == "pinned") != (other.stability == "pinned"):
        return "mode", f"in its place the earlier request had {other.name} ({then.reason})"
    return _changed(one, other)


def _changed(one: CallSegment, other: CallSegment) -> tuple[DifferenceKind, str]:
    """Why another block stands in a block's place."""
    match one.stability:
        case "pinned":
            return "documents", _replaced(one.documents, other.documents) or "shown otherwise"
        case "card" if other.stability == "card":
            return "card", "the collection has changed since"
        case "history":
            return "history", "what the conversation holds is not what was sent before"
        case _ if one.name == other.name == "question":
            return "question", "another question"
        case _ if one.documents and other.documents:
            other_words = "other passages of the same documents"
            return "passages", _replaced(one.documents, other.documents) or other_words
        case _:
            return "other", f"not the same as {other.name} of the earlier request"


def _replaced(now: Iterable[int], then: Iterable[int]) -> str:
    """``D7 replaced by D9``; empty where both are the same documents."""
    gone, new = sorted({*then} - {*now}), sorted({*now} - {*then})
    if gone and new:
        return f"{_named(gone)} replaced by {_named(new)}"
    return f"{_named(new)} added" if new else f"{_named(gone)} left out" if gone else ""


def _named(numbers: Sequence[int]) -> str:
    more = len(numbers) - _MOST_NAMED
    named = ", ".join(f"D{number}" for number in numbers[:_MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _shared_tokens(call: CallRecord, difference: Difference) -> int:
    """Tokens of the identical beginning: the plan's estimate, to the provider's scale."""
    if call.plan is None:
        return 0
    estimated = [segment.tokens for segment in call.plan.segments]
    whole = sum(estimated)
    return sum(estimated[: difference.shared]) * call.prompt_tokens // whole if whole else 0


def _of_message(segments: Iterable[CallSegment], message: int) -> list[CallSegment]:
    return [segment for segment in segments if segment.message == message]


def _turns(plan: CallPlan) -> int:
    return sum(segment.stability == "history" for segment in plan.segments)


def _same_session(call: CallRecord, earlier: CallRecord) -> bool:
    return bool(call.session) and call.session == earlier.session


def _tokens(count: int) -> str:
    return f"{count:,} token" if count == 1 else f"{count:,} tokens"


def _duration(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length or (seconds >= length and seconds % length == 0):
            count = seconds // length
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"

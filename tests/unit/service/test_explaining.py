"""One test for every reason that an explanation may give."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.catalog.call_records import CallPlan, CallSegment
from service.explaining import explain, first_difference, judge_cache
from service.models.providers import CacheTraits
from tests.fakes.calls import NOON, call

if TYPE_CHECKING:
    from ingest.catalog.call_records import CallRecord
    from service.explaining import CacheVerdict, Difference

TRAITS = CacheTraits()
Named = tuple[str, str, str, tuple[int, ...]]
RULES: Named = ("rules", "rules", "r1", ())
CARD: Named = ("card", "card", "c1", ())
PINNED: Named = ("documents", "pinned", "d7", (7,))
FOUND: Named = ("passages", "fresh", "p7", (7,))
QUESTION: Named = ("question", "fresh", "q1", ())


def plan(*messages: list[Named], tokens: int = 500, reason: str = "the passages found") -> CallPlan:
    """Messages of blocks, each as name, stability, fingerprint and documents."""
    segments = tuple(
        CallSegment(name, stability, place, tokens, 0, fingerprint, documents)
        for place, blocks in enumerate(messages)
        for name, stability, fingerprint, documents in blocks
    )
    return CallPlan(reason, segments, tuple("".join(block[2] for block in blocks) for blocks in messages))


def later(sent: CallPlan | None, *, after: float = 60, **fields: Any) -> CallRecord:  # noqa: ANN401 — a record's fields
    """A request so many seconds after the end of `earlier`; its tokens are those that were estimated."""
    tokens = sum(segment.tokens for segment in sent.segments) if sent else 1_500
    at = NOON + timedelta(seconds=1 + after)
    given: dict[str, Any] = {"created_at": at, "prompt_tokens": tokens, "session": "s2", "plan": sent}
    return call(**{**given, **fields})


def earlier(sent: CallPlan | None, **fields: Any) -> CallRecord:  # noqa: ANN401 — a record's fields
    given: dict[str, Any] = {"plan": sent, "milliseconds": 1_000.0, **fields}
    return call(**given)


ASKED = plan([RULES], [FOUND, QUESTION])
CONTINUED = plan(
    [RULES],
    [("turn 1", "history", FOUND[2] + QUESTION[2], (7,))],
    [("answer 1", "history", "a1", ())],
    [("question", "fresh", "q2", ())],
)


def differ(
    now: CallPlan | None,
    then: CallPlan | None,
    *,
    session: str = "s2",
    **fields: Any,  # noqa: ANN401 — a record's fields
) -> Difference:
    return first_difference(later(now, session=session, **fields), earlier(then))


class TestDifference:
    def test_nothing_came_before(self) -> None:
        found = first_difference(later(ASKED), None)

        assert (found.kind, found.block, found.shared) == ("first", None, 0)
        assert found.why == "no earlier request to glm-5 and collection 'contracts' is on record"

    def test_another_provider(self) -> None:
        found = differ(ASKED, ASKED, provider="vllm")

        assert (found.kind, found.shared) == ("provider", 0)
        assert found.why == "the provider changed from zai to vllm: each has a cache of its own"

    def test_another_model(self) -> None:
        found = differ(CONTINUED, ASKED, session="s1", model="glm-4.7")

        assert (found.kind, found.shared) == ("model", 0)
        assert "from glm-5 to glm-4.7" in found.why

    @pytest.mark.parametrize(
        ("now", "then", "which"), [(None, ASKED, "this request"), (ASKED, None, "the earlier request")]
    )
    def test_details_that_went_with_a_document(
        self, now: CallPlan | None, then: CallPlan | None, which: str
    ) -> None:
        found = differ(now, then)

        assert found.kind == "forgotten"
        assert f"no details of {which}" in found.why

    def test_other_rules(self) -> None:
        found = differ(plan([("rules", "rules", "r2", ())], [FOUND, QUESTION]), ASKED)

        assert (found.kind, found.block, found.shared) == ("rules", "rules", 0)
        assert found.why == "rules: another version of Lectern"

    @pytest.mark.parametrize(
        ("then", "now", "said"),
        [
            ((7,), (9,), "D7 replaced by D9"),
            ((7,), (7, 8), "D8 added"),
            ((7, 8), (8,), "D7 left out"),
            ((7,), (7,), "shown otherwise"),
            ((), tuple(range(1, 11)), "D1, D2, D3, D4, D5, D6, D7, D8 and 2 more added"),
        ],
    )
    def test_other_pinned_documents(self, then: tuple[int, ...], now: tuple[int, ...], said: str) -> None:
        found = differ(
            plan([RULES], [("documents", "pinned", "new", now), QUESTION]),
            plan([RULES], [("documents", "pinned", "old", then), QUESTION]),
        )

        assert (found.kind, found.block, found.shared) == ("documents", "documents", 1)
        assert found.why == f"documents: {said}"

    def test_another_card(self) -> None:
        found = differ(
            plan([RULES], [("card", "card", "c2", ()), FOUND, QUESTION]), plan([RULES], [CARD, FOUND])
        )

        assert (found.kind, found.block, found.shared) == ("card", "card", 1)
        assert found.why == "card: the collection has changed since"

    def test_other_passages(self) -> None:
        found = differ(plan([RULES], [("passages", "fresh", "p9", (9,)), QUESTION]), ASKED)

        assert (found.kind, found.why) == ("passages", "passages: D7 replaced by D9")

    def test_other_passages_of_the_same_documents(self) -> None:
        found = differ(plan([RULES], [("passages", "fresh", "p9", (7,)), QUESTION]), ASKED)

        assert found.why == "passages: other passages of the same documents"

    def test_passages_that_other_conversations_share(self) -> None:
        shared: Named = ("shared passages", "shared", "s7", (7,))
        found = differ(plan([RULES], [shared, QUESTION]), ASKED)

        assert (found.kind, found.block) == ("passages", "shared passages")
        assert found.why == "shared passages: other passages of the same documents"

    def test_a_card_that_was_not_there(self) -> None:
        found = differ(plan([RULES], [CARD, FOUND, QUESTION]), ASKED)

        assert (found.kind, found.why) == ("other", "card: not the same as passages of the earlier request")

    def test_another_question(self) -> None:
        question: Named = ("question", "fresh", "q2", ())
        found = differ(plan([RULES], [PINNED, question]), plan([RULES], [PINNED, QUESTION]))

        assert (found.kind, found.block, found.shared) == ("question", "question", 2)
        assert found.why == "question: another question"

    def test_another_mode(self) -> None:
        found = differ(ASKED, plan([RULES], [PINNED, QUESTION], reason="short enough"))

        assert (found.kind, found.block) == ("mode", "passages")
        assert found.why == "passages: in its place the earlier request had documents (short enough)"

    def test_a_session_that_was_begun_afresh(self) -> None:
        outgrown = "the conversation outgrew the context and was begun afresh"
        fresh = plan([RULES], [("passages", "fresh", "p9", (7,)), QUESTION], reason=outgrown)
        found = differ(fresh, CONTINUED, session="s1")

        assert (found.kind, found.block, found.shared) == ("afresh", "passages", 1)
        assert found.why == f"passages: the conversation was begun afresh: {outgrown}"

    def test_the_beginning_of_another_conversation(self) -> None:
        found = differ(ASKED, CONTINUED)

        assert (found.kind, found.shared) == ("none", 3)
        assert found.why == "nothing differed: the earlier request began with all of this one"

    def test_another_conversation(self) -> None:
        found = differ(plan([RULES], [("passages", "fresh", "p9", (7,)), QUESTION]), CONTINUED)

        assert (found.kind, found.block) == ("history", "passages")
        assert found.why == "passages: another conversation than the earlier request's"

    def test_a_conversation_that_holds_other_bytes(self) -> None:
        edited = [("turn 1", "history", "edited", (7,))]
        found = differ(plan([RULES], edited, [QUESTION]), ASKED, session="s1")
        again = differ(
            plan([RULES], edited, [("answer 1", "history", "a1", ())], [QUESTION]), CONTINUED, session="s1"
        )

        assert (found.kind, found.block) == ("history", "turn 1")
        assert (again.kind, again.block) == ("history", "turn 1")
        assert again.why == "turn 1: what the conversation holds is not what was sent before"

    def test_a_block_more(self) -> None:
        found = differ(plan([RULES], [FOUND, QUESTION, CARD]), ASKED)

        assert (found.kind, found.block, found.shared) == ("other", "card", 3)
        assert found.why == "card: not in the earlier request"

    def test_a_block_less(self) -> None:
        found = differ(plan([RULES], [FOUND]), ASKED)

        assert (found.block, found.why) == ("question", "question: not in this request any more")

    def test_a_block_of_no_known_kind(self) -> None:
        found = differ(
            plan([RULES], [("tools", "fresh", "t2", ())]), plan([RULES], [("step", "fresh", "t1", ())])
        )

        assert found.why == "tools: not the same as step of the earlier request"

    def test_the_same_blocks_in_other_messages(self) -> None:
        found = differ(replace(ASKED, messages=("r1", "other role")), ASKED)

        assert (found.kind, found.block, found.shared) == ("other", None, 3)

    def test_a_conversation_goes_on(self) -> None:
        found = differ(CONTINUED, ASKED, session="s1")

        assert (found.kind, found.block, found.shared) == ("none", None, 2)
        assert found.why == "nothing differed: this request goes on where the earlier one ended"

    def test_the_same_request_again(self) -> None:
        found = differ(ASKED, ASKED)

        assert (found.kind, found.why, found.shared) == ("none", "nothing differed", 3)


def judged(now: CallRecord, then: CallRecord | None, traits: CacheTraits = TRAITS) -> CacheVerdict:
    return judge_cache(now, then, first_difference(now, then), traits)


class TestCache:
    def test_what_was_to_be_expected(self) -> None:
        for served in (1_984, 1_740, 2_000):
            found = judged(later(CONTINUED, cached_tokens=served), earlier(CONTINUED))
            assert found.kind == "as_expected", served
        assert found.why == (
            "the provider served 2,000 tokens from its cache; the identical beginning has about 2,000"
        )

    def test_the_estimate_is_brought_to_the_providers_scale(self) -> None:
        now = later(ASKED, prompt_tokens=3_000, cached_tokens=500)

        found = judged(now, earlier(plan([RULES], [PINNED])))

        assert (found.kind, found.expected_tokens) == ("fewer", 960)

    def test_nothing_is_shared(self) -> None:
        other = plan([("rules", "rules", "r0", ())], [FOUND])
        for then in (None, earlier(other), earlier(ASKED, model="glm-4.7"), earlier(None)):
            found = judged(later(ASKED, cached_tokens=0), then)
            assert found.kind == "nothing_shared"
        assert found.why.startswith("the provider served 0 tokens from its cache; no block is shared")

    def test_below_the_minimum(self) -> None:
        traits = CacheTraits(min_tokens=1_024)

        found = judged(later(ASKED, cached_tokens=0), earlier(plan([RULES], [PINNED])), traits)

        assert found.kind == "below_minimum"
        assert found.why == (
            "the identical beginning, about 500 tokens, is below the provider's minimum of 1,024"
        )

    def test_below_a_block(self) -> None:
        small = plan([RULES], [FOUND, QUESTION], tokens=20)

        found = judged(later(small, cached_tokens=0), earlier(plan([RULES], [PINNED], tokens=20)))

        assert (found.kind, found.expected_tokens) == ("below_block", 0)
        assert "about 20 tokens, is shorter than a block of the provider's cache, 64" in found.why

    def test_too_late(self) -> None:
        found = judged(later(CONTINUED, after=14 * 60, cached_tokens=0, session="s1"), earlier(ASKED))

        assert found.kind == "expired"
        assert found.why == (
            "the earlier request was 14 minutes before, longer than the provider's cache lives (10 minutes)"
        )

    @pytest.mark.parametrize(
        ("after", "said"),
        [
            (601, "10 minutes"),
            (3_600, "1 hour"),
            (7_300, "2 hours"),
            (90_000, "25 hours"),
            (200_000, "2 days"),
        ],
    )
    def test_spans_are_said_in_a_unit_of_their_size(self, after: float, said: str) -> None:
        found = judged(later(ASKED, after=after, cached_tokens=0), earlier(ASKED))

        assert f"was {said} before" in found.why

    def test_a_short_life_is_told_in_seconds(self) -> None:
        found = judged(
            later(ASKED, after=70, cached_tokens=0), earlier(ASKED), CacheTraits(lifetime_seconds=45)
        )

        assert "was 70 seconds before, longer than the provider's cache lives (45 seconds)" in found.why

    def test_both_at_a_time(self) -> None:
        found = judged(later(ASKED, after=-0.5, cached_tokens=0), earlier(ASKED))

        assert found.kind == "overlapping"

    def test_seen_only_once(self) -> None:
        traits = CacheTraits(second_sight=True)
        seen_twice = earlier(ASKED, cached_tokens=1_408)

        assert judged(later(ASKED, cached_tokens=0), earlier(ASKED, cached_tokens=0), traits).kind == (
            "second_sight"
        )
        assert judged(later(ASKED, cached_tokens=0), seen_twice, traits).kind == "fewer"

    def test_evicted_or_routed_elsewhere(self) -> None:
        found = judged(later(ASKED, cached_tokens=0), earlier(ASKED))

        assert found.kind == "fewer"
        assert found.why == (
            "the provider reported 0 tokens as cached, fewer than the identical beginning of about 1,500: "
            "evicted, or routed to another machine"
        )

    def test_a_request_that_failed(self) -> None:
        found = judged(later(ASKED, outcome="ModelBusy", prompt_tokens=0, cached_tokens=0), earlier(ASKED))

        assert (found.kind, found.why) == ("uncounted", "the request ended uncounted: ModelBusy")


def test_an_explanation_holds_all_of_it() -> None:
    then, now = earlier(ASKED), later(CONTINUED, session="s1", cached_tokens=960)

    found = explain(now, then, [now], TRAITS)

    assert (found.call, found.earlier, found.calls) == (now, then, (now,))
    assert (found.difference.kind, found.cache.kind) == ("none", "as_expected")

"""The mirror foretells the common prefix, no more and no less, once it is a piece long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompts.mirror import PIECE, PrefixMirror, render
from prompts.plan import PromptMessage

MESSAGES = st.lists(
    st.builds(PromptMessage, st.sampled_from(["system", "user", "assistant"]), st.text("ab", max_size=150)),
    min_size=1,
    max_size=4,
)


def shared(one: str, other: str) -> int:
    """Code points that both begin with."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@given(st.lists(MESSAGES, max_size=4), MESSAGES)
def test_the_longest_prefix_sent_is_found(
    sent: list[list[PromptMessage]], asked: list[PromptMessage]
) -> None:
    mirror = PrefixMirror(lifetime=600.0)
    for messages in sent:
        mirror.sent(messages, now=0.0)
    longest = max((shared(render(m), render(asked)) for m in sent), default=0)
    found = mirror.cached(asked, now=1.0)
    assert found in {longest, 0}
    assert found == longest or longest < PIECE


@given(st.lists(st.tuples(MESSAGES, st.integers(1, 400)), min_size=1, max_size=8), MESSAGES)
def test_what_has_expired_is_not_foretold_and_what_was_sent_again_is(
    sent: list[tuple[list[PromptMessage], int]], asked: list[PromptMessage]
) -> None:
    mirror, now, alive = PrefixMirror(lifetime=600.0), 0.0, list[tuple[str, float]]()
    for messages, pause in sent:
        mirror.sent(messages, now)
        alive.append((render(messages), now + 600.0))
        now += pause
    longest = max((shared(text, render(asked)) for text, end in alive if end > now), default=0)
    found = mirror.cached(asked, now)
    assert found == longest or (found == 0 and longest < PIECE)


@given(st.lists(MESSAGES, min_size=1, max_size=8), st.integers(1, 12))
def test_a_full_mirror_forgets_endings_before_beginnings(
    sent: list[list[PromptMessage]], capacity: int
) -> None:
    mirror = PrefixMirror(lifetime=600.0, capacity=capacity)
    for messages in sent:
        mirror.sent(messages, now=0.0)
    latest = render(sent[-1])
    assert mirror.cached(sent[-1], now=1.0) >= min(len(latest), capacity * PIECE)


def test_what_is_old_is_forgotten() -> None:
    mirror = PrefixMirror(lifetime=600.0)
    messages = [PromptMessage("user", "x" * 1_000)]
    mirror.sent(messages, now=0.0)
    assert mirror.cached(messages, now=599.0) == len(render(messages))
    assert mirror.cached(messages, now=600.0) == 0


def test_memory_is_bounded() -> None:
    mirror = PrefixMirror(lifetime=600.0, capacity=10)
    first, second = [PromptMessage("user", "x" * 640)], [PromptMessage("user", "y" * 640)]
    mirror.sent(first, now=0.0)
    mirror.sent(second, now=0.0)
    assert mirror.cached(first, now=1.0) == 0

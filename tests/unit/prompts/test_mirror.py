"""The mirror foretells the common prefix, no more and, but for one piece, no less."""

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
    assert found <= longest
    assert longest - found < PIECE


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

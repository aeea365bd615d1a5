"""The mirror foretells the common prefix of what was sent, no more and no less."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from prompts.mirror import Match, PrefixMirror, render
from prompts.pieces import document_of, passage_of, pieces
from prompts.plan import PromptMessage

if TYPE_CHECKING:
    from prompts.mirror import Branch

LIFETIME = 600.0
MESSAGES = st.lists(
    st.builds(PromptMessage, st.sampled_from(["system", "user", "assistant"]), st.text("ab", max_size=150)),
    min_size=1,
    max_size=4,
)
LINES = st.lists(
    st.sampled_from(
        ["[D7:31] The fee is $5.\n", "[D7:32] It is due.\n", "\n# D7 a.md\n", "\nQuestion: Why?", "[D", "\n"]
    ),
    max_size=12,
)


def shared(one: str, other: str) -> int:
    """Code points that both begin with."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def user(text: str) -> list[PromptMessage]:
    return [PromptMessage("user", text)]


@given(st.lists(MESSAGES, max_size=4), MESSAGES)
def test_the_longest_prefix_sent_is_found(
    sent: list[list[PromptMessage]], asked: list[PromptMessage]
) -> None:
    mirror = PrefixMirror(LIFETIME)
    for messages in sent:
        mirror.sent(messages, now=0.0)
    longest = max((shared(render(m), render(asked)) for m in sent), default=0)
    assert mirror.cached(asked, now=1.0) == longest
    assert mirror.known(asked, now=1.0).characters == longest


@given(st.lists(st.tuples(MESSAGES, st.integers(1, 400)), min_size=1, max_size=8), MESSAGES)
def test_what_has_expired_is_not_foretold_and_what_was_sent_again_is(
    sent: list[tuple[list[PromptMessage], int]], asked: list[PromptMessage]
) -> None:
    mirror, now, alive = PrefixMirror(LIFETIME), 0.0, list[tuple[str, float]]()
    for messages, pause in sent:
        mirror.sent(messages, now)
        alive.append((render(messages), now + LIFETIME))
        now += pause
    longest = max((shared(text, render(asked)) for text, end in alive if end > now), default=0)
    assert mirror.cached(asked, now) == longest


@given(st.lists(MESSAGES, min_size=1, max_size=8), st.integers(1, 700))
def test_a_full_mirror_forgets_endings_before_beginnings(
    sent: list[list[PromptMessage]], capacity: int
) -> None:
    mirror = PrefixMirror(LIFETIME, capacity=capacity)
    for messages in sent:
        mirror.sent(messages, now=0.0)
    held, kept = mirror.cached(sent[-1], now=1.0), 0
    for piece in pieces(sent[-1]):
        if kept + len(piece) > capacity:
            break
        kept += len(piece)
    assert held >= kept, "of the latest prompt as much as there is room for"


def test_what_is_old_is_forgotten() -> None:
    mirror = PrefixMirror(LIFETIME)
    messages = user("x" * 1_000)
    mirror.sent(messages, now=0.0)
    assert mirror.cached(messages, now=599.0) == len(render(messages))
    assert mirror.cached(messages, now=600.0) == 0


def test_memory_is_bounded() -> None:
    mirror = PrefixMirror(LIFETIME, capacity=700)
    first, second = user("x" * 640), user("y" * 640)
    mirror.sent(first, now=0.0)
    mirror.sent(second, now=0.0)
    assert mirror.cached(first, now=1.0) < 10
    assert mirror.cached(second, now=1.0) == len(render(second))


def test_what_no_longer_lives_is_still_known_with_its_age() -> None:
    mirror = PrefixMirror(LIFETIME)
    mirror.sent(user("x" * 100), now=0.0)
    assert mirror.known(user("x" * 100), now=900.0) == Match(106, 900.0, 1)
    assert mirror.known([PromptMessage("system", "x")], now=900.0).characters == 1, "the border of a message"


def test_where_a_prefix_must_be_seen_twice_once_is_not_enough() -> None:
    mirror = PrefixMirror(LIFETIME, sightings=2)
    messages = user("x" * 100)
    mirror.sent(messages, now=0.0)
    assert mirror.cached(messages, now=1.0) == 0
    mirror.sent(messages, now=1.0)
    assert mirror.cached(messages, now=2.0) == len(render(messages))


def test_what_follows_a_prefix_can_be_walked() -> None:
    mirror = PrefixMirror(LIFETIME)
    rules = PromptMessage("system", "rules")
    for number in (32, 31):
        text = f"Passages:\n\n# D7 a.md\n[D7:{number}] text\n\nQuestion: {number}?"
        mirror.sent([rules, *user(text)], now=float(number))
    branch = mirror.at(40.0).after([rules, *user("Passages:\n")])
    assert branch is not None
    (heading,) = branch.following()
    assert document_of(heading.piece) == 7
    assert [passage_of(one.piece) for one in heading.following()] == [(7, 31), (7, 32)]
    assert mirror.at(40.0).after(user("Passages:\n")) is None
    later = mirror.at(31.0 + LIFETIME).after([rules, *user("Passages:\n")])
    assert later is not None
    assert [passage_of(one.piece) for one in later.following()[0].following()] == [(7, 32)]


@given(LINES)
def test_pieces_are_the_whole_text(lines: list[str]) -> None:
    text = "".join(lines)
    assert "".join(pieces(user(text))) == render(user(text)) == f"\x1euser\x1f{text}"


@given(LINES)
def test_a_piece_ends_with_a_line_before_a_passage_a_name_or_a_closing_line(lines: list[str]) -> None:
    text = "".join(lines)
    border = re.compile(r"(?<=[^\n]\n)(?=\n?(?:\[D\d+:\d+\] |# D\d+ |Question: ))")
    assert pieces(user(text))[1:] == [piece for piece in border.split(text) if piece]


@given(LINES, LINES)
def test_equal_passages_are_equal_pieces_whatever_follows(before: list[str], after: list[str]) -> None:
    passage = "[D9:1] The keeper pays.\n"
    text = "".join(before) + "x\n" + passage + "".join(after)
    if after and after[0] == "\n":
        return  # an empty line that nothing of ours follows belongs to the passage
    if after and after[0] == "[D":
        return  # likewise, words without a border
    assert passage in pieces(user(text))


@given(
    st.lists(LINES, max_size=6),
    st.sets(st.sampled_from(["[D7:31] The fee is $5.\n", "[D"])),
    st.integers(20, 400),
)
def test_what_leads_to_a_piece_is_what_a_walk_through_all_finds(
    sent: list[list[str]], wanted: set[str], capacity: int
) -> None:
    mirror = PrefixMirror(LIFETIME, capacity=capacity)  # small: what was forgotten leads nowhere
    for lines in sent:
        mirror.sent(user("".join(lines)), now=0.0)
    branch = mirror.at(1.0).after([])
    assert branch is not None

    def leading(one: Branch) -> set[int]:
        """Of the branches after this one, those that lead to a wanted piece."""
        found = set[int]()
        for following in one.following():
            below = leading(following)
            if below or following.piece in wanted:
                found |= {id(following.node), *below}
        return found

    assert branch.leading(wanted) == leading(branch)

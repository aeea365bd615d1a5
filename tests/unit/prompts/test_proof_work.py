"""How much is read to prove an answer: calls are counted, for seconds would depend on the machine."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.checks.denials import (
    CONDITION,
    CUE,
    FLAWS,
    FREE_NOT_TO,
    MODAL,
    NESTING,
    NEUTRAL,
    PREFIXED,
    RESTRICTIVE,
)
from prompts.checks.limits import BOUND
from prompts.claims import ADDRESS
from prompts.folding import fold
from prompts.model import PromptPassage
from prompts.proof import ClaimProven, ProofStream, prove
from prompts.sentences import sentence_spans

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from prompts.patterns import Pattern

WORDS = "the Supplier shall pay to the Customer whatever it owes under this agreement and "
GUARDED = [BOUND, CONDITION, CUE, FLAWS, FREE_NOT_TO, MODAL, NESTING, NEUTRAL, PREFIXED, RESTRICTIVE]
VERDICTS = Path(__file__).with_name("verdicts.jsonl").read_text(encoding="utf-8")
TEXTS = [
    text
    for case in map(json.loads, VERDICTS.splitlines())
    for text in (case["raw"], *case["passages"].values())
]


def watch(work: Callable[[], object], see: Callable[[FrameType], None]) -> None:
    """Show each call of a Python function, and each time that a generator goes on."""
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: see(frame) if event == "call" else None)
    try:
        work()
    finally:
        sys.setprofile(before)


def calls(work: Callable[[], object]) -> Counter[str]:
    """How often each function is called."""
    counted: Counter[str] = Counter()
    watch(work, lambda frame: counted.update([frame.f_code.co_name]))
    return counted


def steps(work: Callable[[], object]) -> tuple[int, int]:
    """How many calls there are, and how many characters are searched for ends of sentences."""
    seen = [0, 0]

    def see(frame: FrameType) -> None:
        seen[0] += 1
        if frame.f_code is sentence_spans.__code__ and "limit" not in frame.f_locals:
            text, start, end = (frame.f_locals[name] for name in ("text", "start", "end"))
            seen[1] += (len(text) if end is None else end) - start

    watch(work, see)
    return seen[0], seen[1]


def prove_slowly(answer: str, passage: str) -> None:
    stream = ProofStream({(1, 1): PromptPassage(1, 1, 0, passage)})
    for start in range(0, len(answer), 4):
        stream.feed(answer[start : start + 4])
    stream.finish()


ENDLESS = {
    "program": ("```\n", "x = 1\n"),
    "empty lines": ("Text.", "\n"),
    "rules": ("Text.", "---\n"),
    "quotation": ("", "> a\n"),
    "dots": ("", "."),
    "abbreviations": ("", "e.g. "),
    "citations": ("", "[D1:1] "),
    "lines of citations": ("The rent is due", "[D1:1]\n"),
    "broken markers": ("", "[D1:1 "),
    "cited words": ("", "rent [D1:1] "),
    "paragraph": ("", "The rent is due,\nand paid.\n"),
}
"""Texts in which a claim or a block never ends."""


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_costs_no_more_per_character(name: str) -> None:
    opening, part = ENDLESS[name]

    length = 10_000
    called, split = steps(lambda: prove_slowly(opening + part * (length // len(part)), "The rent is due."))
    assert called < 50 * length
    assert split < 250 * length


@pytest.mark.parametrize("name", ENDLESS)
def test_what_is_read_rarely_is_proven_like_the_whole(name: str) -> None:
    opening, part = ENDLESS[name]
    answer = f"{opening}{part * (4_000 // len(part))}\n\nThe rent is due [D1:1]. It is so.\n"
    passages = {(1, 1): PromptPassage(1, 1, 0, "The rent is due.")}
    stream = ProofStream(passages)
    events = [event for start in range(0, len(answer), 7) for event in stream.feed(answer[start : start + 7])]
    last, proven = stream.finish()
    assert proven == prove(answer, passages)
    told = [event.claim for event in [*events, *last] if isinstance(event, ClaimProven)]
    assert tuple(told) == proven.claims


def test_a_long_program_is_proven_as_soon_as_the_next_line_is_over() -> None:
    stream = ProofStream({})
    assert not any(isinstance(event, ClaimProven) for event in stream.feed("```\n" + "x = 1\n" * 2_000))
    assert not any(isinstance(event, ClaimProven) for event in stream.feed("```\nIt runs."))
    assert any(isinstance(event, ClaimProven) for event in stream.feed("\n"))


def test_a_claim_is_not_read_while_it_goes_on() -> None:
    counted = calls(lambda: prove_slowly(WORDS * 12, WORDS))
    assert counted["split_blocks"] <= 3
    assert counted["words_of"] == 1


def test_claims_are_read_once_however_small_the_deltas() -> None:
    answer = "".join(f"In case {number} {WORDS}more. " for number in range(8))
    assert calls(lambda: prove_slowly(answer, WORDS))["read_claim"] == 8


def test_a_marker_is_not_read_while_its_quote_goes_on() -> None:
    answer = f'Here {WORDS} so on [D1:1 "{WORDS * 4}"].'
    assert calls(lambda: prove_slowly(answer, WORDS * 4))["read_group"] <= 8


def test_a_passage_is_read_once_for_all_answers() -> None:
    passage = "A passage that no other test has: " + WORDS
    first, second = (calls(lambda: prove_slowly("It pays what it owes [D1:1].", passage)) for _ in range(2))
    assert first["sentences"] == 1
    assert second["sentences"] == 0


def test_a_claim_is_searched_for_currencies_once_for_all_sentences() -> None:
    passage = "".join(f"The rent of house {number} is due. " for number in range(20))
    counted = calls(lambda: prove_slowly("The rent of house 3 is due now [D1:1].", passage))
    assert counted["currencies"] <= 3


def test_plain_text_is_not_folded_by_the_character() -> None:
    assert calls(lambda: fold(WORDS * 50)).total() < 10


def test_words_are_stemmed_once() -> None:
    said = "Zwiffeln shall be gezwiffelt. "
    passages = [f"Passage {number}: {said}" for number in range(5)]
    counted = calls(lambda: [prove_slowly(f"{said[:-2]} [D1:1].", passage) for passage in passages])
    assert counted["_stems"] <= 12


@pytest.mark.parametrize("guarded", GUARDED, ids=lambda pattern: pattern.pattern[-20:])
def test_trying_a_pattern_at_words_alone_loses_no_match(guarded: Pattern) -> None:
    guard, _, bare = guarded.pattern.partition(")(?:")
    assert guard.startswith("(?=")
    everywhere = re.compile(f"(?:{bare}", guarded.flags)
    for text in TEXTS:
        assert [m.span() for m in guarded.finditer(text)] == [m.span() for m in everywhere.finditer(text)]


EVERYWHERE = re.compile(
    r"[a-z][a-z0-9+.-]*://|\b(?:data|file|javascript|mailto|tel):\S|\bwww\.|\]\(|!\[|\S@\S+\.\w",
    re.IGNORECASE,
)
"""What an address is, tried at every character."""
ADDRESSED = st.lists(
    st.sampled_from(
        ["a", "Z", "7", "+", ".", "-", "_", ":", "/", "://", "@", " ", "\n", "é", "ſ", "租", "www."]
    ),
    max_size=10,
).map("".join)


@pytest.mark.parametrize(
    "run", ["x" * 90 + "://", "7" * 9 + "a.b+" * 20 + "://", "a@" * 45 + "b.c", "@" * 90 + "b.c"]
)
def test_an_address_is_tried_once_in_a_run_of_its_characters(run: str) -> None:
    assert sum(ADDRESS.match(run, place) is not None for place in range(len(run))) == 1


@given(st.one_of(ADDRESSED, st.text(max_size=20), st.sampled_from(TEXTS)))
def test_trying_an_address_once_in_a_run_loses_none(text: str) -> None:
    assert bool(ADDRESS.search(text)) is bool(EVERYWHERE.search(text))

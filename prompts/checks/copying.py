"""What a claim copies of its source, and what the copy says there.

A copy that is cut inside an expression looks like a denial ("in no event exceed", cut before its second
word), and one that runs over the lines of a form looks like a sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompts.checks.denials import NEUTRAL
from prompts.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompts.folding import Folded

LEAST_WORDS = 4
"""Of a copy; fewer may stand in any text."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_EDGES = " .,;:!?。，；：！？"


def neutral_in_copy(claim: str, sentence: str) -> Iterator[tuple[int, int]]:
    """The ranges of the claim's copied words that belong to an expression which denies nothing there."""
    ours, theirs = fold(claim), fold(sentence)
    copied = _copied(ours, theirs)
    if copied is None:
        return
    begin, at, length = copied
    for neutral in NEUTRAL.finditer(theirs.text):
        start, end = max(neutral.start(), at), min(neutral.end(), at + length)
        if start < end:
            yield ours.source_range(start - at + begin, end - at + begin)


def as_written(claim: str, text: str) -> str:
    """The claim with what it copies of a text as it stands there, line breaks and all."""
    ours, theirs = fold(claim), fold(text)
    copied = _copied(ours, theirs)
    if copied is None:
        return claim
    begin, at, length = copied
    start, end = theirs.source_range(at, at + length)
    return claim[: ours.origins[begin]] + text[start:end]


def _copied(claim: Folded, sentence: Folded) -> tuple[int, int, int] | None:
    """The longest end of the claim that the sentence holds: where in both, and how many characters."""
    text = claim.text.rstrip(_EDGES)
    begins = [word.start() for word in _WORD.finditer(text)]
    for begin in begins[: len(begins) - LEAST_WORDS + 1]:
        found = re.search(rf"(?<!\w){re.escape(text[begin:])}(?!\w)", sentence.text)
        if found is not None:
            return begin, found.start(), len(text) - begin
    return None

"""What a claim copies of its source, and what the copy says there.

A copy that is cut inside an expression looks like a denial ("in no event exceed", cut before its second
word), and one that runs over the lines of a form looks like a sentence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompts.checks.denials import CUE, NEUTRAL
from prompts.checks.negations import polarity
from prompts.checks.polarity import contradicts
from prompts.folding import fold
from prompts.words import content_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompts.checks.sources import Sentence
    from prompts.folding import Folded

LEAST_WORDS = 4
"""Of a copy; fewer may stand in any text."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_STOP = re.compile(r"[.;。；]")
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


def is_denied_around(claim: str, sentence: Sentence) -> bool:
    """Whether the sentence may deny, or except, what the claim copies of it by words around the copy.

    Denials inside the copy are copied with it, and only look otherwise where they were cut from a condition
    or a list. True as well where nothing is copied, or what stands before the copy denies or is denied.
    """
    ours, theirs = fold(claim), fold(sentence.text)
    copied = _copied(ours, theirs)
    if copied is None:
        return True
    begin, at, length = copied
    start, end = theirs.source_range(at, at + length)
    said_before = claim[: ours.origins[begin]]
    before = polarity(said_before, content_words(said_before))
    if before.negations or before.exceptions or contradicts(before, sentence.polarity):
        return True
    if any(_reaches(cue, sentence.text, start) for cue in CUE.finditer(sentence.text, 0, end)):
        return True
    inside = [word for word in sentence.words if start <= word.start < end]
    around = polarity(sentence.text, inside, [(start, end)])
    return bool(around.tail) or any(item.scope for item in around.negations)


def _reaches(cue: re.Match[str], text: str, place: int) -> bool:
    """Whether a place cuts this word, or lies behind a "not" or "no" in its clauses or in the list of one."""
    if place <= cue.start() or place < cue.end():
        return cue.start() < place
    stop = _STOP.search(text, cue.end(), place)
    in_reach = stop is None or ":" in text[cue.end() : stop.start()]
    return in_reach and bool(cue["verb"] or cue["noun"])


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

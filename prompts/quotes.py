"""Find the words that a model claims to quote: exactly, then without the differences of copying, then nearly.

A near match must agree in numbers and negations, and each of its words must have a near twin: "may terminate"
is not a misprint of "may not terminate", nor "licensor" of "licensee".
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from prompts.folding import fold
from prompts.render import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prompts.folding import Folded
    from prompts.model import Quoted

LEAST_LIKENESS = 90.0
"""Percent of likeness, from rapidfuzz, of a near match."""

_MOST_PLACES = 50
"""Of more equal places than this, the rest are not compared."""
_LEAST_FUZZY_LENGTH = 12
_LENGTH_TOLERANCE = 0.15
_WORD_LIKENESS = 80.0
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|neither|none|cannot|without|unless|except|не|ни|нет|нельзя|без|кроме)\b"
    r"|n't\b|不|未|无|没|勿|非"
)
_ELLIPSIS = re.compile(
    r"\s*(?:\[\s*(?:\.{3,}|…)\s*\]|\(\s*(?:\.{3,}|…)\s*\)|\.{3,}|…+|\[\s*\.\.\s*\])\s*|[\"”»]\s*(?:,|;"
    r"|and|\+|и|和)?\s*[\"“«]"
)
_EDGES = " \t\n.,;:!?…。，；：！？、()[]'\"“”«»-–—"
_SENTENCE_BORDER = re.compile(r"[.;!?]\s|[。；！？]|\n\s*\n")
_ROLE_SUFFIX = re.compile(r"(?P<root>\w{3,}?)(?P<ending>ors?|ers?|ees?|or's|er's|ee's)")
_OPPOSITE_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "mis", "не", "без", "бес")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a quote stands in a text; an empty range at 0 where it does not."""

    quoted: Quoted
    start: int
    end: int


class Quotable:
    """A text in which quotes are looked for; folded once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: Folded | None = None

    @property
    def folded(self) -> Folded:
        """The text, folded when first needed."""
        if self._folded is None:
            self._folded = fold(self.text)
        return self._folded

    def locate(self, quote: str, preference: Callable[[int, int], float] | None = None) -> Found:
        """Find a quote; of equal places the one that ``preference(start, end)`` rates best, or the first."""
        wanted = quote.strip()
        if not any(map(str.isalnum, wanted)):
            return Found("unquoted", 0, 0)
        for candidate in dict.fromkeys((wanted, unquote(wanted))):
            places = list(islice(_occurrences(self.text, candidate), _MOST_PLACES))
            if places:
                return Found("exact", *_preferred(places, preference))
        bare = unquote(wanted)
        return (
            self._locate_folded(bare, preference)
            or self._locate_parts(bare)
            or self._locate_nearly(bare)
            or Found("not_found", 0, 0)
        )

    def _locate_folded(self, quote: str, preference: Callable[[int, int], float] | None) -> Found | None:
        wanted = fold(quote).text.strip(_EDGES)
        if not wanted:
            return None
        found = islice(_occurrences(self.folded.text, wanted), _MOST_PLACES)
        places = [self.folded.source_range(*place) for place in found]
        return Found("normalized", *_preferred(places, preference)) if places else None

    def _locate_parts(self, quote: str) -> Found | None:
        """The parts of a quote with gaps, in order; a gap must not leave out the "not" of its sentence."""
        parts = [fold(part).text.strip(_EDGES) for part in _ELLIPSIS.split(quote)]
        parts = [part for part in parts if part]
        if len(parts) < 2:  # noqa: PLR2004 — one part is no gap
            return None
        text = self.folded.text
        first = end = -1
        for part in parts:
            place = next(_occurrences(text, part, max(end, 0)), None)
            if place is None or (end >= 0 and _hides_denial(text[end : place[0]])):
                return None
            first = place[0] if first < 0 else first
            end = place[1]
        return Found("normalized", *self.folded.source_range(first, end))

    def _locate_nearly(self, quote: str) -> Found | None:
        wanted = fold(quote).text.strip(_EDGES)
        text = self.folded.text
        least = _LEAST_FUZZY_LENGTH if wanted.isascii() or not _is_cjk(wanted) else _LEAST_FUZZY_LENGTH // 2
        if not least <= len(wanted) <= len(text):
            return None
        near = fuzz.partial_ratio_alignment(wanted, text, score_cutoff=LEAST_LIKENESS)
        if near is None or near.dest_end <= near.dest_start:
            return None
        start, end = _to_word_borders(text, near.dest_start, near.dest_end)
        window = text[start:end]
        if abs(len(window) - len(wanted)) > max(4, _LENGTH_TOLERANCE * len(wanted)) or not _agrees(
            wanted, window
        ):
            return None
        return Found("fuzzy", *self.folded.source_range(start, end))


def _occurrences(text: str, wanted: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where ``wanted`` stands as whole words."""
    position = text.find(wanted, start)
    while position >= 0:
        end = position + len(wanted)
        if not (_splits_word(text, position) or _splits_word(text, end)):
            yield position, end
        position = text.find(wanted, position + 1)


def _splits_word(text: str, border: int) -> bool:
    if not 0 < border < len(text):
        return False
    before, after = text[border - 1], text[border]
    if before.isdigit() and after in ".," and text[border + 1 : border + 2].isdigit():
        return True
    if after.isdigit() and before in ".," and border > 1 and text[border - 2].isdigit():
        return True
    return before.isalnum() and after.isalnum() and not (_is_cjk(before) or _is_cjk(after))


def _is_cjk(text: str) -> bool:
    return any("\u3040" <= character <= "\ud7af" for character in text)


def _preferred(
    places: list[tuple[int, int]], preference: Callable[[int, int], float] | None
) -> tuple[int, int]:
    if preference is None or len(places) == 1:
        return places[0]
    return max(places, key=lambda place: preference(*place))


def _hides_denial(gap: str) -> bool:
    return bool(_DENIAL.search(gap)) and not _SENTENCE_BORDER.search(gap)


def _to_word_borders(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start].isalnum() and text[start - 1].isalnum() and not _is_cjk(text[start]):
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum() and not _is_cjk(text[end]):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _agrees(wanted: str, window: str) -> bool:
    """Whether numbers, denials and every longer word of the two texts agree, both ways."""
    if Counter(_NUMBER.findall(wanted)) != Counter(_NUMBER.findall(window)):
        return False
    if Counter(_DENIAL.findall(wanted)) != Counter(_DENIAL.findall(window)):
        return False
    ours, theirs = _WORD.findall(wanted), _WORD.findall(window)
    return _have_twins(ours, theirs) and _have_twins(theirs, ours)


def _have_twins(words: list[str], others: list[str]) -> bool:
    known = set(others)
    return all(
        word in known or len(word) < 4 or any(_is_twin(word, other) for other in known)  # noqa: PLR2004 — little words
        for word in words
    )


def _is_twin(word: str, other: str) -> bool:
    """Whether two words differ by a slip of the pen or an ending, not in meaning."""
    longer, shorter = (word, other) if len(word) > len(other) else (other, word)
    if longer.endswith(shorter) and longer.removesuffix(shorter) in _OPPOSITE_PREFIXES:
        return False
    ours, theirs = _ROLE_SUFFIX.fullmatch(word), _ROLE_SUFFIX.fullmatch(other)
    if (
        ours
        and theirs
        and ours["root"] == theirs["root"]
        and (ours["ending"][:2] == "ee") != (theirs["ending"][:2] == "ee")
    ):
        return False
    if _is_cjk(word) and _is_cjk(other):
        return True
    return fuzz.ratio(word, other) >= _WORD_LIKENESS

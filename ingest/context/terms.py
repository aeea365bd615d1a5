"""The defined terms that a text uses, and where it says what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING

from ingest.model import Companion

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from ingest.context.references import References
    from ingest.outline.model import Definition, Outline

MOST_USED = 1.0
"""Uses in 1,000 code points: a term that stands in nearly every clause tells nothing of this one."""
LEAST_USES = 20
"""In a short text no term is used often."""
_GENERAL = re.compile(
    r"""(?:this\s+|the\s+)?(?:agreement|contract|lease|part(?:y|ies)|amendment|addendum|you|we|us|company
      |persons?|days?|months?|years?|(?:applicable\s+)?laws?|including|includes|here[a-z]+|(?:in\s+)?writing
      |sections?|articles?|exhibits?|schedules?)
    | (?:настоящий\s+)?(?:договор|контракт|соглашение|стороны?) | (?:本)?(?:合同|协议)|双方|一方|各方""",
    re.VERBOSE | re.IGNORECASE,
)
"""Everybody knows what these mean."""
_POINTS = re.compile(
    r"""(?:meanings?|definition)s?\s(?:as\s)?(?:set\s(?:forth|out)|given|ascribed|assigned|specified
        |provided|described|defined)
      |(?:is|are|as)\s(?:further\s)?(?:defined|described|specified|set\sforth)(?:\sfurther)?\sin
      | имеет\sзначение,?\s(?:указанное|определ)
      | 具有[^。]{0,20}(?:规定|所述)的含义""",
    re.VERBOSE,
)
"""A definition that only says where the term is defined."""
_SAYS = re.compile(r"""["”*_]*\s*(?:\([^)]{0,80}\)\s*)?,?\s*(?:shall\s+|will\s+)?(?:mean|include)s?\b""")
"""A definition that says what the term means, wherever else it points to."""
_DIRECTLY = 8
"""Code points behind such a verb where it may still only point: ``means as defined in Section 4``."""
_LEAST = 2
_OTHER_THINGS = frozenset(
    "Goods Works Terms Premises Proceeds Securities Damages Customs Means News Series Species".split()
)
"""Words whose singular means something else."""
_SHORT = 3
_STEM = 5
"""Letters of a Russian word from which on its ending may change."""
_ENDING = 2
_MOST_TERMS = 600


@dataclass(frozen=True, slots=True)
class _Term:
    definitions: tuple[Definition, ...]
    uses: int


class Terms:
    """The defined terms of one document, the rarest of them the most telling."""

    def __init__(self, text: str, outline: Outline, references: References) -> None:
        self._text = text
        self._exhibits = outline.exhibits
        self._references = references
        self._terms = dict(_counted(text, _by_term(outline.definitions)))
        self._names = sorted(self._terms, key=lambda name: (-len(name), name))
        self._told_by = [_least(name) for name in self._names]
        self._patterns: dict[int, re.Pattern[str]] = {}

    def used(self, place: tuple[int, int], passage: tuple[int, int]) -> Iterator[Companion]:
        """Definitions of the terms that a place uses and its passage does not define; the rarest first."""
        found = self._found(place)
        for name in sorted(found, key=lambda name: (self._terms[name].uses, found[name])):
            definitions = self._terms[name].definitions
            if any(passage[0] <= definition.term_start < passage[1] for definition in definitions):
                continue
            definition = self._nearest(definitions, place[0])
            meaning = self._meaning(definition)
            if meaning and not passage[0] <= meaning[0] < passage[1]:
                yield Companion("definition", definition.term, *meaning)

    def _found(self, place: tuple[int, int]) -> dict[str, int]:
        """Where each term stands first; what a longer term, or one begun before, covers does not count.

        As one pattern of all names would find them, but only those are looked for whose words are there.
        """
        words, (position, end) = self._text[slice(*place)], place
        there = (rank for rank, word in enumerate(self._told_by) if word in words)
        ahead = [found for rank in there for found in self._next(rank, position, end)]
        heapify(ahead)
        first: dict[str, int] = {}
        while ahead:
            start, rank, stop = heappop(ahead)  # of those that begin together the longest name
            if start >= position:
                first.setdefault(self._names[rank], start)
                position = stop
            for found in self._next(rank, position, end):
                heappush(ahead, found)
        return first

    def _next(self, rank: int, position: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Where the term of this rank begins next, its rank, and where it ends there."""
        pattern = self._patterns.get(rank)
        if pattern is None:
            pattern = self._patterns[rank] = re.compile(_pattern(self._names[rank], self._terms.keys()))
        found = pattern.search(self._text, position, end)
        if found is not None:
            yield found.start(), rank, found.end()

    def _meaning(self, definition: Definition) -> tuple[int, int] | None:
        """Where the term is defined: "has the meaning set forth in Section 4.1" leads there, or nowhere."""
        if not self._points(definition):
            return definition.start, definition.end
        here = (definition.start, definition.end)
        named = next(self._references.named(here, here), None)
        return (named.start, named.end) if named else None

    def _points(self, definition: Definition) -> bool:
        points = _POINTS.search(self._text, definition.term_end, definition.end)
        says = _SAYS.match(self._text, definition.term_end, definition.end)
        return points is not None and (says is None or points.start() <= says.end() + _DIRECTLY)

    def _nearest(self, definitions: Sequence[Definition], position: int) -> Definition:
        """Of several definitions of a term one that says what it means, in the same attached part."""
        own = self._part(position)
        return min(definitions, key=lambda d: (self._points(d), self._part(d.term_start) != own))

    def _part(self, position: int) -> int | None:
        """The attached part that holds a position; None in the main document."""
        around = [i for i, exhibit in enumerate(self._exhibits) if exhibit.start <= position < exhibit.end]
        return around[-1] if around else None


def _by_term(definitions: Sequence[Definition]) -> Mapping[str, list[Definition]]:
    terms: dict[str, list[Definition]] = {}
    for definition in definitions:
        if (
            definition.kind == "term"
            and len(definition.term) >= _LEAST
            and not _GENERAL.fullmatch(definition.term)
        ):
            terms.setdefault(definition.term, []).append(definition)
    return terms


def _counted(text: str, terms: Mapping[str, list[Definition]]) -> Iterator[tuple[str, _Term]]:
    for name, definitions in islice(terms.items(), _MOST_TERMS):
        uses = text.count(_stem(name) if _is_russian(name[-1]) and len(name.split()) == 1 else name)
        if uses <= max(LEAST_USES, MOST_USED * len(text) / 1_000):
            yield name, _Term(tuple(definitions), uses)


def _pattern(name: str, known: Container[str]) -> str:
    r"""``Services`` in other numbers, Russian words in other cases; white space may be a line's end.

    ``Fees`` in the plural alone where ``Fee`` is a term, too, of those ``known``; the singular of a term in
    the plural is none before a capital: ``Service Level``.
    """
    *before, last = name.split()
    singular = " ".join((*before, _singular(last)))
    ending = _word(last)
    if singular != name:
        ending = re.escape(last) + r"\b"
        if singular not in known:
            ending = rf"(?:{ending}|{re.escape(_singular(last))}\b(?!\s+[A-Z]))"
    words = r"\s+".join((*map(_word, before), ending))
    return (r"\b" if name[0].isascii() or _is_russian(name[0]) else "") + words


def _least(name: str) -> str:
    """The longest of the words that stand wherever `_pattern` matches, as they stand there."""
    return max(map(_stem, name.split()), key=len)


def _word(word: str) -> str:
    if _is_russian(word[-1]):
        return re.escape(_stem(word)) + ("[а-яё]{0,4}" if len(word) >= _STEM else r"\b")
    if not word.isascii() or not word[-1].isalnum():
        return re.escape(word)
    stem = _stem(word)
    return re.escape(stem) + (r"(?:y|ies)\b" if _singular(word) == f"{stem}y" else r"(?:e?s)?\b")


def _singular(word: str) -> str:
    """An English word's singular by its ending: Subsidiary of Subsidiaries, Affiliate of Affiliates."""
    if not word.isascii() or not word.isalpha() or len(word) <= _SHORT or word in _OTHER_THINGS:
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and word[-2] not in "sui" else word


def _stem(word: str) -> str:
    """What stands in every form of a word."""
    if _is_russian(word[-1]):
        return word[:-_ENDING] if len(word) >= _STEM else word
    singular = _singular(word)
    ends_in_y = (
        singular.isascii() and len(singular) > _SHORT and singular[-1] == "y" and singular[-2] not in "aeiou"
    )
    return singular[:-1] if ends_in_y else singular


def _is_russian(letter: str) -> bool:
    return "Ѐ" <= letter <= "ӿ"

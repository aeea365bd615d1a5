"""Which passages of the prompt a marker names, and which of them it names in vain."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prompts.checks.sources import Source
from prompts.quotes import Quotable
from prompts.words import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompts.marker_grammar import Reference
    from prompts.model import PromptPassage

_LONGEST_KEPT = 2_000
"""Characters of a cited text that is remembered from one answer to the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """Passages that follow one another without a gap, read as one text."""

    document: int
    first: int
    last: int
    start: int
    source: Source
    quotable: Quotable


class Library:
    """The passages of the prompt; every stretch of them is read once."""

    def __init__(self, passages: Mapping[tuple[int, int], PromptPassage]) -> None:
        self._passages = dict(passages)
        self._places: dict[tuple[int, int, int], Place] = {}
        self._numbers: dict[int, list[int]] = {}
        for document, number in sorted(passages):
            self._numbers.setdefault(document, []).append(number)

    def admit(self, passages: Iterable[PromptPassage]) -> None:
        """More passages, each once."""
        for passage in passages:
            key = (passage.document, passage.number)
            if key not in self._passages:
                self._passages[key] = passage
                insort(self._numbers.setdefault(passage.document, []), passage.number)

    def resolve(self, reference: Reference) -> tuple[list[Place], list[str]]:
        """The stretches of a reference that the prompt holds, and the markers of those that it does not."""
        known = self._numbers.get(reference.document, [])
        numbers = known[bisect_left(known, reference.first) : bisect_right(known, reference.last)]
        if not numbers:
            return [], [reference.marker]
        places = [self._place(reference.document, run) for run in self._runs(reference.document, numbers)]
        return places, list(_gaps(reference, numbers))

    def _runs(self, document: int, numbers: Sequence[int]) -> Iterator[list[int]]:
        run: list[int] = []
        for number in numbers:
            before = self._passages[document, run[-1]] if run else None
            start = self._passages[document, number].start
            if before and not (before.number + 1 == number and before.start + len(before.text) == start):
                yield run
                run = []
            run.append(number)
        yield run

    def _place(self, document: int, run: Sequence[int]) -> Place:
        key = (document, run[0], run[-1])
        if key not in self._places:
            text = "".join(self._passages[document, number].text for number in run)
            start = self._passages[document, run[0]].start
            read = _read if len(text) <= _LONGEST_KEPT else _read.__wrapped__
            self._places[key] = Place(*key, start, *read(text))
        return self._places[key]


@lru_cache(maxsize=TEXTS)
def _read(text: str) -> tuple[Source, Quotable]:
    """A cited text, read once for all answers: pinned documents and popular passages are cited again."""
    return Source(text), Quotable(text)


def _gaps(reference: Reference, numbers: Sequence[int]) -> Iterator[str]:
    """The markers of a range's passages that are not in ``numbers``."""
    expected = reference.first
    for number in [*numbers, reference.last + 1]:
        if number > expected:
            reach = "" if number - 1 == expected else f"-{number - 1}"
            yield f"D{reference.document}:{expected}{reach}"
        expected = number + 1

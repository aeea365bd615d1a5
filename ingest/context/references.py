"""The clauses that a text refers to, one step away."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from ingest.model import Companion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Section
    from ingest.outline.model import Reference

LARGEST = 6_000
"""Code points: of a longer part, such as a whole article or exhibit, the beginning says little."""
MOST = 6
"""References of one text: more are a table of contents, or the list of clauses that survive the end."""
_ENTRY = re.compile(r"[^\W\d]\.?\s+\d{1,3}\s+(?:[^\W\d]+\s+)?\d{1,2}\.\d")
"""Between two lines of a table of contents: a page's number, then a clause's."""
_LOOK_AHEAD = 300
_FEWEST_ENTRIES = 2


class References:
    """The references of one document that lead to a section of it."""

    def __init__(self, text: str, sections: Sequence[Section], references: Sequence[Reference]) -> None:
        self._text = text
        self._sections = sections
        self._references = [r for r in references if r.sections and not r.outside]
        self._starts = [reference.start for reference in self._references]

    def named(self, place: tuple[int, int], passage: tuple[int, int]) -> Iterator[Companion]:
        """The sections that a place names and that do not begin in its passage or stand around it.

        Those that were found exactly come before those of which only a section around them was found.
        """
        first, last = bisect_left(self._starts, place[0]), bisect_left(self._starts, place[1])
        if last - first > MOST:
            return
        for reference in sorted(self._references[first:last], key=lambda r: not r.exact):
            section = self._sections[reference.sections[0]]
            around = section.start <= place[0] < section.end
            held = passage[0] <= section.start < passage[1]
            if not around and not held and self._tells(section):
                yield Companion("reference", reference.label, section.start, section.end)

    def _tells(self, section: Section) -> bool:
        """Whether the beginning of a section says what it is about; a table of contents does not."""
        head = self._text[section.start : min(section.end, section.start + _LOOK_AHEAD)]
        return section.end - section.start <= LARGEST and len(_ENTRY.findall(head)) < _FEWEST_ENTRIES

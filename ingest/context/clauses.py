"""Where a clause begins, what its heading is, and the words that lead in to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.model import Companion
from ingest.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, Section

LONGEST_LEAD_IN = 600
"""Code points before an item in which the words that lead in to it stand."""
_LEVELS = 3
"""Clauses around a clause that are asked for their lead-in."""
_STOPS = frozenset(".。!！?？;；")
_CLOSING = " \n\t*_\"'”’»)]"
_ITEM = re.compile(r"[(（]?[^\s()（）]{1,5}[)）]|[a-zа-я]\.?|[ivx]{1,5}\.?")
"""The number of a list's item, not of a section."""
_FIRST = frozenset({"a", "а", "i", "1", "1.1", "一"})
"""Numbers of the item that opens a list."""
_WHOLE = re.compile(
    r"\bagree[sd]?\b[^:]{0,60}\bas\s+follows|договорились|нижеследующ|协议如下|达成如下", re.IGNORECASE
)
"""Leads in to a whole contract, which tells nothing of one clause."""


class Clauses:
    """The sections of one document, asked for what stands above a place."""

    def __init__(self, document: Document, sections: Sequence[Section]) -> None:
        self._text = document.text
        self._elements = Elements.of(document.elements, document.text)
        self._sections = sections
        self._starts = [section.start for section in sections]
        self._parents: list[int | None] = []
        self._before: list[int | None] = []
        """The section before this one under the same parent."""
        self._nest()

    def above(self, passage: tuple[int, int], place: int) -> Iterator[Companion]:
        """What the words at ``place`` hang from, the innermost first; nothing that the passage holds."""
        start, end = passage
        first = end - len(self._text[place:end].lstrip())
        index = self._inside(first)
        bullet = self._bullet(first, -1 if index is None else self._starts[index])
        if bullet is not None and not start <= bullet.start < end:
            yield bullet
        if index is not None and not start <= self._starts[index] < end:
            section = self._sections[index]
            yield Companion("heading", section.heading, section.start, section.heading_end)
        for _ in range(_LEVELS):
            if index is None:
                return
            leads = self._lead_in(index)
            if leads is not None and not start <= leads.start < end:
                yield leads
            index = self._parents[index]

    def _nest(self) -> None:
        around: list[int] = []
        last: dict[int | None, int] = {}
        for i, section in enumerate(self._sections):
            while around and self._sections[around[-1]].end <= section.start:
                around.pop()
            parent = around[-1] if around else None
            self._parents.append(parent)
            self._before.append(last.get(parent))
            last[parent] = i
            around.append(i)

    def _inside(self, position: int) -> int | None:
        """The innermost section around a position."""
        index = bisect_right(self._starts, position) - 1
        while index >= 0 and self._sections[index].end <= position:
            index = -1 if (parent := self._parents[index]) is None else parent
        return index if index >= 0 else None

    def _lead_in(self, index: int) -> Companion | None:
        """The words that open the list whose item this section is, where they do not end a sentence."""
        section, parent = self._sections[index], self._parents[index]
        if parent is None or not section.number:
            return None
        item = _ITEM.fullmatch(section.number) is not None
        if not item and not self._sections[parent].number:
            return None
        while (before := self._before[index]) is not None and not self._opens_list(index, before):
            index = before
        begin = self._sections[parent if before is None else before].heading_end
        found = _last_words(
            self._text, begin, self._sections[index].start, open_ended=item and before is None
        )
        if found is None or _WHOLE.search(self._text, *found):
            return None
        return Companion("lead_in", section.number, *found)

    def _opens_list(self, index: int, before: int) -> bool:
        """Whether a list begins with this section: (a), 1, and (i) where it does not stand behind (h)."""
        number, earlier = (self._sections[i].number.strip("()（）.").lower() for i in (index, before))
        return number in _FIRST and (number, earlier) != ("i", "h")

    def _bullet(self, position: int, section: int) -> Companion | None:
        """The paragraph that ends in a colon before the list items that this place is one of.

        It stands in the same section, which begins at ``section``: numbered items are sections themselves.
        """
        elements = self._elements
        index = bisect_right(elements.columns.starts, position) - 1
        if index < 0 or elements.kind(index) != "list_item":
            return None
        while index >= 0 and elements.kind(index) == "list_item":
            index -= 1
        if index < 0 or elements.kind(index) != "paragraph" or elements.columns.starts[index] < section:
            return None
        found = _last_words(
            self._text, elements.columns.starts[index], elements.columns.ends[index], open_ended=False
        )
        return Companion("lead_in", "list item", *found) if found else None


def _last_words(text: str, begin: int, end: int, *, open_ended: bool) -> tuple[int, int] | None:
    """The last sentence before a list, if a colon ends it or, where that is enough, nothing does."""
    if end - begin > LONGEST_LEAD_IN:
        begin = text.find(" ", end - LONGEST_LEAD_IN, end) + 1 or end - LONGEST_LEAD_IN
    words = text[begin:end].rstrip(" \n\t*_")
    stop = begin + len(words)
    closed = words.rstrip(_CLOSING)[-1:] in _STOPS
    if not words.endswith((":", "：")) and (closed or not open_ended):
        return None
    start = begin
    for first, last in sentences(text, begin, stop):
        if any(map(str.isalpha, text[first:last])):
            start = first
    start += len(text[start:stop]) - len(text[start:stop].lstrip(" \n\t.:*_"))
    if any(letter.isalpha() and not letter.isupper() for letter in text[start:stop]):
        return start, stop
    return None  # nothing, or a heading in capitals

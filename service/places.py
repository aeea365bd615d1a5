"""Where a range of text stands: page, line, section, boxes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from ingest.labels import first_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.model import Box, Document, Element, Page, Passage, Section


class NoSuchRange(PermanentError):
    """A range that is empty or leaves the text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A range of a document as a person would look it up."""

    start: int
    end: int
    text: str
    section: tuple[str, ...]
    page_start: int | None
    """None where the document has no pages."""
    page_end: int | None
    line_start: int
    """Line of the text, from 1: of a source file, the line of the file."""
    line_end: int
    boxes: tuple[Box, ...]
    """One for each printed line that the range touches."""


def locate(
    document: Document,
    passages: Sequence[Passage],
    start: int,
    end: int,
    sections: Callable[[], Sequence[Section]] = tuple,
) -> Place:
    """Look up ``document.text[start:end]``.

    Args:
        document: its text and layout.
        passages: of the document; each knows under which section it begins.
        start: of the range.
        end: of the range.
        sections: all of the document's. They are asked for where a range begins inside a passage: in a text
            that has lost its line breaks several may begin there.

    Raises:
        NoSuchRange: it is empty or leaves the text.
    """
    if not 0 <= start < end <= len(document.text):
        raise NoSuchRange(f"no range [{start}, {end}) in a text of {len(document.text)} code points")
    line_start = 1 + document.text.count("\n", 0, start)
    passage = passages[bisect_right(passages, start, key=lambda passage: passage.start) - 1]
    return Place(
        start=start,
        end=end,
        text=document.text[start:end],
        section=_section(document, passage, (start, end), sections),
        page_start=_page(document.pages, start),
        page_end=_page(document.pages, end - 1),
        line_start=line_start,
        line_end=line_start + document.text.count("\n", start, end - 1),
        boxes=tuple(_boxes(document, start, end)),
    )


def _section(
    document: Document, passage: Passage, place: tuple[int, int], sections: Callable[[], Sequence[Section]]
) -> tuple[str, ...]:
    """Of prose that around the first words; of a program, whose passages join parts, their symbol."""
    start, end = place
    nearest = bisect_right(document.elements, start, key=_start) - 1
    in_prose = nearest >= 0 and document.elements[nearest].kind != "code"
    if document.symbols and not in_prose:
        return _symbol(document, start, end)
    first = first_word(document.text, start, end)
    if first <= first_word(document.text, passage.start, passage.end):
        return passage.section
    around = (section for section in sections() if section.start <= first < section.end)
    innermost = max(around, key=lambda section: (section.start, section.level), default=None)
    return passage.section if innermost is None else innermost.path


def _symbol(document: Document, start: int, end: int) -> tuple[str, ...]:
    """The innermost symbol around the first words of a range or, outside all, the first that begins in it."""
    first = first_word(document.text, start, end)
    around = [s for s in document.symbols if s.start <= first < s.end]
    begun = [s for s in document.symbols if first < s.start < end]
    nearest = (
        max(around, key=lambda s: (s.start, -s.end))
        if around
        else min(begun, key=lambda s: s.start, default=None)
    )
    return tuple(nearest.name.split(".")) if nearest else ()


def _page(pages: Sequence[Page], position: int) -> int | None:
    nearest = bisect_right([page.start for page in pages], position) - 1
    return pages[max(nearest, 0)].number if pages else None


def _boxes(document: Document, start: int, end: int) -> Iterator[Box]:
    first = max(bisect_right(document.elements, start, key=_start) - 1, 0)
    for element in map(document.elements.__getitem__, range(first, len(document.elements))):
        if element.start >= end:
            return
        for line in element.lines:
            box = line.box(start, end)
            if box is not None:
                yield box


def _start(element: Element) -> int:
    return element.start

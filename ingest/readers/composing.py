"""Parts in reading order → a document whose canonical text is the parts, joined by empty lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.model import Document, Element, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.model import ElementKind

LONGEST_TITLE = 200
"""Code points of a document's title."""
LONGEST_TABLE = 1_000
"""Code points after which the rows of a table go on in another part: a citation names few rows, not all."""
_SEPARATOR = "\n\n"
_TITLE_AMONG = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A block of a document that has no canonical text of its own, such as a zip package of XML."""

    text: str
    kind: ElementKind = "paragraph"
    level: int | None = None
    page: int | None = None


def composed(
    parts: Iterable[Part], *, title: str, reader: str, page_size: tuple[float, float] | None = None
) -> Document:
    """Join what holds words; parts that name a page give the document its pages.

    Args:
        parts: in reading order.
        title: of the document, cut to ``LONGEST_TITLE``.
        reader: name and version.
        page_size: width and height in points.

    Raises:
        UnreadableFile: ``no_text`` where no part holds a word.
    """
    texts: list[str] = []
    elements: list[Element] = []
    start = 0
    for part in parts:
        text = part.text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if text:
            end = start + len(text)
            elements.append(Element(start, end, text, part.kind, part.level, part.page))
            texts.append(text)
            start = end + len(_SEPARATOR)
    if not elements:
        raise UnreadableFile("no_text", "the document shows no words")
    text = _SEPARATOR.join(texts)
    pages = _pages(elements, len(text), *page_size) if page_size else ()
    title = " ".join(title.split())[:LONGEST_TITLE]
    return Document(text, title, tuple(elements), pages, reader=reader)


def _pages(elements: Sequence[Element], end: int, width: float, height: float) -> tuple[Page, ...]:
    """Pages partition the text; one without words, before the last that has some, is empty."""
    starts: list[int] = []
    for element in elements:
        while element.page is not None and len(starts) < element.page:
            starts.append(element.start if starts else 0)
    places = pairwise([*starts, end])
    return tuple(Page(number, *place, width, height) for number, place in enumerate(places, 1))


def table_parts(rows: Iterable[Sequence[str]], page: int | None = None) -> list[Part]:
    """Rows of cells as lines of ``cell | cell``, in tables of about ``LONGEST_TABLE`` code points."""
    lines = [" | ".join(" ".join(cell.split()) for cell in row) for row in rows if any(map(str.strip, row))]
    parts: list[Part] = []
    begin = length = 0
    for index, line in enumerate(lines):
        if index > begin and length + len(line) > LONGEST_TABLE:
            parts.append(Part("\n".join(lines[begin:index]), "table", page=page))
            begin, length = index, 0
        length += len(line) + 1
    if lines[begin:]:
        parts.append(Part("\n".join(lines[begin:]), "table", page=page))
    return parts


def opening_heading(parts: Sequence[Part]) -> str:
    """The first heading near the beginning, or nothing."""
    spoken = (part for part in parts if part.text.strip() and part.kind not in {"header", "footer"})
    return next((part.text for part in islice(spoken, _TITLE_AMONG) if part.kind == "heading"), "")

"""Several documents as one: one canonical text, in which every element is still an exact slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.model import Document, Element
from ingest.outline.numbering import ATTACHED
from ingest.outline.sections import number_sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import ElementKind, Symbol

_SEPARATOR = "\n\n"


@dataclass(slots=True)
class Joining:
    """Grows by a document or an element at a time; between two stands an empty line.

    Pages, and the printed lines on them, are those of a part and would lie about the whole: they are dropped.
    """

    texts: list[str] = field(default_factory=list[str])
    elements: list[Element] = field(default_factory=list[Element])
    symbols: list[Symbol] = field(default_factory=list["Symbol"])
    warnings: list[str] = field(default_factory=list[str])
    _length: int = 0

    def add(self, text: str, kind: ElementKind, *, level: int | None = None) -> None:
        """Append a text that is one element; white space alone is nothing."""
        body = text.strip() if kind != "code" else text.strip("\n").rstrip()
        if body.strip():
            start = self._append(body)
            self.elements.append(Element(start, start + len(body), body, kind, level))

    def include(self, document: Document, *, below: int = 0) -> None:
        """Append a document and its warnings; its headings stand at least one level under ``below``."""
        self.warnings.extend(document.warnings)
        if not document.text.strip():
            return
        start = self._append(document.text)
        self.elements.extend(_moved(document, start, below))
        self.symbols.extend(
            replace(
                symbol,
                start=symbol.start + start,
                end=symbol.end + start,
                name_start=symbol.name_start + start,
            )
            for symbol in document.symbols
        )

    def document(self, title: str, reader: str, *, warnings: Sequence[str] = ()) -> Document:
        """All that was added."""
        return Document(
            _SEPARATOR.join(self.texts),
            title,
            tuple(self.elements),
            symbols=tuple(self.symbols),
            reader=reader,
            warnings=(*self.warnings, *warnings),
        )

    def _append(self, text: str) -> int:
        start = self._length + (len(_SEPARATOR) if self.texts else 0)
        self.texts.append(text)
        self._length = start + len(text)
        return start


def _moved(document: Document, by: int, below: int) -> Iterator[Element]:
    """Elements further down a text; the levels of headings, which numbers may tell, are written into them.

    The label of an exhibit becomes a heading: what is attached to a part stays in that part.
    """
    numbered = number_sections(document)
    levels = {one.section.start: one.section.level for one in numbered}
    attached = {one.section.start for one in numbered if one.style == ATTACHED}
    for element in document.elements:
        level, kind = element.level, element.kind
        if kind == "heading" or element.start in attached:
            kind, level = "heading", below + levels.get(element.start, element.level or 1)
        yield replace(
            element,
            start=element.start + by,
            end=element.end + by,
            kind=kind,
            level=level,
            page=None,
            lines=(),
        )

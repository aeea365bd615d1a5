"""OpenDocument texts, sheets and presentations: zip packages whose ``content.xml`` says everything."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.readers.composing import Part, composed, opening_heading, table_parts
from ingest.readers.grid import sheet_parts
from ingest.readers.markup import attribute, children, inside, parsed
from ingest.readers.package import check_archive, damage_named
from ingest.readers.plain import is_heading
from ingest.readers.slides import NOTES, wordless_slides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from ingest.model import Document
    from ingest.readers.grid import Row

ODT_READER = "odt/1"
ODS_READER = "ods/1"
ODP_READER = "odp/1"

_APART = frozenset({"note", "annotation", "text-box", "object"})
"""What is anchored in a paragraph without being of its words."""
_UNSEEN = frozenset({"tracked-changes", "forms", "script", "title", "desc", "ruby-text", "event-listeners"})
_FURNITURE = ("header", "header-first", "header-left", "footer", "footer-first", "footer-left")
_SLIDE = (720.0, 540.0)
_MOST_REPEATED = 1_000
"""Times that a row or a cell with words may stand for itself; sheets repeat empty ones by the million."""


def read_odt(location: Path) -> Document:
    """Read a text: headings, lists, tables; notes and text boxes after the paragraph that they belong to.

    Automatic numbers are not in the file, and so not in the text. The title is the first heading near the
    beginning, else that of the properties, else the stem of the name.

    Raises:
        UnreadableFile: see ``check_archive``; ``no_text`` where nothing but pictures is left.
    """
    with _opened(location, "text") as package, damage_named():
        parts = [*_running(package), *_blocks(_body(package, "text"))]
        title = opening_heading(parts) or _title(package) or location.stem
    return composed(parts, title=title, reader=ODT_READER)


def read_ods(location: Path) -> Document:
    """Read a workbook: every sheet a heading and its tables, cells as the program showed them.

    Raises:
        UnreadableFile: see ``check_archive``; ``no_text`` where no cell holds anything.
    """
    with _opened(location, "spreadsheet") as package, damage_named():
        sheets = children(_body(package, "spreadsheet"), "table")
        parts = [part for sheet in sheets for part in sheet_parts(attribute(sheet, "name"), _rows(sheet))]
        title = _title(package) or location.stem
    shown = parts if any(part.kind != "heading" or part.level != 1 for part in parts) else ()
    return composed(shown, title=title, reader=ODS_READER)


def read_odp(location: Path) -> Document:
    """Read a presentation; the number of a page is that of the slide.

    Raises:
        UnreadableFile: see ``check_archive``; ``no_text`` where nothing but pictures is left.
    """
    with _opened(location, "presentation") as package, damage_named():
        pages = children(_body(package, "presentation"), "page")
        decks = [list(_slide(page, number)) for number, page in enumerate(pages, 1)]
        title = _title(package) or opening_heading([part for deck in decks for part in deck])
    parts = (part for deck in decks for part in deck)
    document = composed(parts, title=title or location.stem, reader=ODP_READER, page_size=_SLIDE)
    return replace(document, warnings=wordless_slides(decks))


def _opened(location: Path, kind: str) -> zipfile.ZipFile:
    check_archive(location, f"application/vnd.oasis.opendocument.{kind}")
    return zipfile.ZipFile(location)


def _body(package: zipfile.ZipFile, kind: str) -> Element:
    body = inside(parsed(package.read("content.xml")), "body", kind)
    if body is None:
        raise LookupError(f"content.xml holds no {kind}")
    for embedded in list(body.iter("object")):
        name = attribute(embedded, "href").removeprefix("./") + "/content.xml"
        if name in package.namelist():
            _write_formula(embedded, parsed(package.read(name)))
    return body


def _write_formula(embedded: Element, formula: Element) -> None:
    """Put the source of a formula, or its signs in order, where its picture stands."""
    if formula.tag == "math":
        source = next((each.text for each in formula.iter("annotation") if each.text), "")
        embedded.clear()
        embedded.tag = "formula"
        embedded.text = source or "".join(formula.itertext())


def _title(package: zipfile.ZipFile) -> str:
    if "meta.xml" not in package.namelist():
        return ""
    return next((each.text or "" for each in parsed(package.read("meta.xml")).iter("title")), "")


def _running(package: zipfile.ZipFile) -> Iterator[Part]:
    """Headers and footers, which stand among the styles."""
    if "styles.xml" not in package.namelist():
        return
    for master in parsed(package.read("styles.xml")).iter("master-page"):
        for each in master:
            if each.tag in _FURNITURE:
                kind = "header" if each.tag.startswith("header") else "footer"
                yield from (Part(part.text, kind) for part in _blocks(each))


def _blocks(parent: Iterable[Element], level: int = 0) -> Iterator[Part]:
    """What stands in a body, a cell, a list item or a frame; ``level`` is the depth of the list."""
    for element in parent:
        if element.tag in {"h", "p"}:
            yield from _paragraph(element, level)
        elif element.tag == "list":
            yield from _blocks(element, level + 1)
        elif element.tag == "table":
            yield from _table(element)
        elif element.tag not in _UNSEEN:
            yield from _blocks(element, level)


def _paragraph(element: Element, level: int) -> Iterator[Part]:
    text = _words(element)
    if element.tag == "h":
        yield Part(text, "heading", int(attribute(element, "outline-level", "1")))
    elif is_heading(text.strip(), alone=not level) if text.strip() else False:
        yield Part(text, "heading")
    else:
        yield Part(text, "list_item", level) if level else Part(text)
    for each in element.iter():
        if each.tag == "note":
            yield Part(f"[{_cited(each)}] {_said(each, 'note-body')}")
        elif each.tag == "annotation":
            yield Part(f"Comment: {' '.join(filter(None, map(_words, each.iter('p'))))}")
        elif each.tag == "text-box":
            yield from _blocks(each)


def _words(element: Element) -> str:
    """The words of a paragraph: spaces, tabs and line breaks are elements; a note leaves its number."""
    pieces = [element.text or ""]
    for each in element:
        if each.tag == "s":
            pieces.append(" " * min(_MOST_REPEATED, int(attribute(each, "c", "1"))))
        elif each.tag in {"tab", "line-break"}:
            pieces.append("\t" if each.tag == "tab" else "\n")
        elif each.tag == "note":
            pieces.append(f"[{_cited(each)}]")
        elif each.tag not in _APART | _UNSEEN:
            pieces.append(_words(each))
        pieces.append(each.tail or "")
    return "".join(pieces)


def _cited(note: Element) -> str:
    return _said(note, "note-citation") or "note"


def _said(note: Element, part: str) -> str:
    found = note.find(part)
    if found is None:
        return ""
    paragraphs = list(found.iter("p"))
    return "\n".join(map(_words, paragraphs)) if paragraphs else _words(found)


def _table(table: Element) -> Iterator[Part]:
    """Rows of cells; a table inside a cell is part of it."""
    yield from table_parts(_cells(row) for row in _table_rows(table))


def _table_rows(table: Element) -> Iterator[Element]:
    for each in table:
        if each.tag == "table-row":
            yield each
        elif each.tag in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _table_rows(each)


def _cells(row: Element) -> Sequence[str]:
    return ["\n".join(part.text for part in _blocks(cell)) for cell in row if cell.tag == "table-cell"]


def _rows(sheet: Element) -> Iterator[Row]:
    """A sheet's rows; a run of equal ones is written once, with how often it stands."""
    number = 0
    for row in _table_rows(sheet):
        times = int(attribute(row, "number-rows-repeated", "1"))
        cells = dict(_places(row))
        for again in range(min(times, _MOST_REPEATED) if cells else 0):
            yield number + again, cells
        number += times


def _places(row: Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        times = int(attribute(cell, "number-columns-repeated", "1"))
        text = "\n".join(part.text for part in _blocks(cell)).strip()
        for again in range(min(times, _MOST_REPEATED) if text and cell.tag == "table-cell" else 0):
            yield column + again, text
        column += times


def _slide(page: Element, number: int) -> Iterator[Part]:
    shown: list[Part] = []
    for frame in page:
        if frame.tag == "notes":
            continue
        title = attribute(frame, "class") == "title"
        kept = [replace(part, page=number) for part in _blocks([frame])]
        shown += [replace(part, kind="heading", level=1) for part in kept] if title else kept
    yield from sorted(shown, key=lambda part: part.kind != "heading" or part.level != 1)
    notes = [part for each in page.findall("notes") for part in _blocks(each) if part.text.strip()]
    if notes:
        yield Part(NOTES, "heading", 2, number)
        yield from (replace(part, page=number) for part in notes)

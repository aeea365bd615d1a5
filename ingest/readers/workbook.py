"""Excel workbooks of Open XML: every sheet a heading and its tables, values as their formats show them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.readers import number_formats
from ingest.readers.composing import Part, composed
from ingest.readers.drawingml import frame_parts, text_parts
from ingest.readers.grid import sheet_parts
from ingest.readers.markup import attribute, children, inside, local, words
from ingest.readers.openxml import OpenPackage
from ingest.readers.package import check_package, damage_named, package_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from ingest.model import Document
    from ingest.readers.grid import Row
    from ingest.readers.openxml import Relation

READER = "xlsx/1"

_THREADED = "[Threaded comment]"
"""How a comment begins that only tells older programs of a conversation, which is read from its own part."""
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d+)")
_FURNITURE = frozenset({"oddHeader", "evenHeader", "firstHeader", "oddFooter", "evenFooter", "firstFooter"})
_LAYOUT_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Z&])', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Book:
    """What the sheets share."""

    strings: Sequence[str]
    formats: Sequence[str]
    """Of every cell style."""
    since_1904: bool


def read_xlsx(location: Path) -> Document:
    """Read a workbook: cells as people see them, formulas by their last results, hidden sheets too.

    The title is that of the core properties, else the stem of the name.

    Raises:
        UnreadableFile: see ``check_package``; ``no_text`` where no cell holds anything.
    """
    check_package(location, "xl/")
    with damage_named(), OpenPackage(location) as package:
        parts = list(_workbook(package))
    shown = parts if any(part.kind != "heading" or part.level != 1 for part in parts) else ()
    return composed(shown, title=package_title(location) or location.stem, reader=READER)


def _workbook(package: OpenPackage) -> Iterator[Part]:
    main = package.main()
    root = package.root(main)
    relations = package.relations(main)
    by_kind = {relation.kind: relation.target for relation in relations}
    properties = inside(root, "workbookPr") if root is not None else None
    book = _Book(
        list(_strings(package, by_kind.get("sharedStrings", ""))),
        _formats(package, by_kind.get("styles", "")),
        since_1904=properties is not None and properties.get("date1904") in {"1", "true"},
    )
    targets = {relation.id: relation.target for relation in relations}
    for sheet in children(root, "sheets", "sheet"):
        target = targets.get(attribute(sheet, "id"), "")
        yield from sheet_parts(sheet.get("name", ""), _rows(package, target, book))
        yield from _around(package, target)


def _strings(package: OpenPackage, name: str) -> Iterator[str]:
    for item in _stream(package, name, "si"):
        yield _string(item)


def _string(item: Element) -> str:
    """Without the phonetic guides that stand beside Japanese words."""
    runs = [run for run in item if local(run.tag) in {"t", "r"}]
    texts = (each for run in runs for each in run.iter() if local(each.tag) == "t")
    return "".join(each.text or "" for each in texts)


def _stream(package: OpenPackage, name: str, tag: str) -> Iterator[Element]:
    """The elements of a tag, one after the other; what has been seen is let go, so that long sheets fit."""
    try:
        part = package.open(name)
    except KeyError:
        return
    with part:
        ancestors: list[Element] = []
        for event, element in ET.iterparse(part, ("start", "end")):  # noqa: S314 — see above
            if event == "start":
                ancestors.append(element)
                continue
            ancestors.pop()
            if local(element.tag) == tag:
                yield element
                ancestors[-1].clear() if ancestors else None


def _formats(package: OpenPackage, name: str) -> list[str]:
    root = package.root(name)
    own = {
        each.get("numFmtId", ""): each.get("formatCode", "") for each in children(root, "numFmts", "numFmt")
    }
    known = number_formats.BUILT_IN
    used = (each.get("numFmtId", "0") for each in children(root, "cellXfs", "xf"))
    return [own.get(key) or known.get(int(key), number_formats.GENERAL) for key in used]


def _rows(package: OpenPackage, name: str, book: _Book) -> Iterator[Row]:
    number = -1
    for row in _stream(package, name, "row"):
        number = int(row.get("r", number + 2)) - 1
        cells: dict[int, str] = {}
        column = -1
        for cell in row:
            column = _column(cell.get("r", ""), column + 1)
            text = _shown(cell, book)
            if text:
                cells[column] = text
        yield number, cells


def _column(reference: str, otherwise: int) -> int:
    found = _REFERENCE.match(reference)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - 64
    return column - 1 if found else otherwise


def _shown(cell: Element, book: _Book) -> str:
    value = text = ""
    for each in cell:
        if local(each.tag) == "v":
            value = each.text or ""
        elif local(each.tag) == "is":
            text = _string(each)
    kind = cell.get("t", "n")
    if kind == "s":
        return book.strings[int(value)] if value else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    return _number(value, int(cell.get("s", "0")), book) if kind == "n" and value else text or value


def _number(value: str, style: int, book: _Book) -> str:
    code = book.formats[style] if style < len(book.formats) else number_formats.GENERAL
    try:
        return number_formats.shown(float(value), code, since_1904=book.since_1904)
    except (ValueError, OverflowError):  # no number, or an infinite one: what stands there
        return value


def _around(package: OpenPackage, name: str) -> Iterator[Part]:
    """What else a sheet shows: text boxes, charts, comments, the header and footer of its print."""
    for relation in package.relations(name):
        if relation.kind == "drawing":
            yield from _drawing(package, relation.target)
        elif relation.kind in {"comments", "threadedComment"}:
            yield from _comments(package, relation)
    for element in _stream(package, name, "headerFooter"):
        for each in element:
            kind = "header" if "Header" in each.tag else "footer"
            if local(each.tag) in _FURNITURE:
                yield Part(_LAYOUT_CODES.sub(" ", each.text or ""), kind)


def _drawing(package: OpenPackage, name: str) -> Iterator[Part]:
    root = package.root(name)
    if root is None:
        return
    for body in root.iter("txBody"):
        yield from text_parts(body)
    yield from frame_parts(root, {each.id: each for each in package.relations(name)}, package)


def _comments(package: OpenPackage, relation: Relation) -> Iterator[Part]:
    root = package.root(relation.target)
    for comment in root.iter() if root is not None else ():
        if comment.tag in {"comment", "threadedComment"}:
            said = words(comment, frozenset({"t", "text"})).strip()
            if said and not said.startswith(_THREADED):
                yield Part(f"Comment on {comment.get('ref', '')}: {said}")

"""A document on its way from the parsing process: in pieces, so that neither side ever holds it twice."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from ingest.elements import ElementColumns, Elements, LineColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from ingest.model import Document

_PIECE = 1 << 23
"""Code points of text that are encoded at once: many, for under a tracer a text is copied as it grows."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """A document without its text and its elements, and how much of them follows."""

    document: Document
    pieces: int
    typecodes: str
    """Of the columns of the elements, one letter each."""


def send_document(pipe: Connection, document: Document) -> None:
    """Send a document: a `Shipment`, the columns of its elements, the pieces of its text."""
    text = document.text
    columns = list(_columns(Elements.of(document.elements, text).columns))
    typecodes = "".join(column.typecode for column in columns)
    pipe.send(Shipment(replace(document, text="", elements=()), -(-len(text) // _PIECE), typecodes))
    for column in columns:
        pipe.send_bytes(column)
    for first in range(0, len(text), _PIECE):
        pipe.send_bytes(text[first : first + _PIECE].encode("utf-8", "surrogatepass"))


def receive_document(shipment: Shipment, following: Callable[[], bytes]) -> Document:
    """Put a document together; ``following`` gives what the pipe brings next."""
    columns: list[array[Any]] = []
    for typecode in shipment.typecodes:
        column = cast("array[Any]", array(typecode))
        column.frombytes(following())
        columns.append(column)
    text = ""  # grows in place, while a join would hold everything twice
    for _ in range(shipment.pieces):
        text += following().decode("utf-8", "surrogatepass")
    elements = Elements(text, _restored(columns))
    return replace(shipment.document, text=text, elements=elements)


def _columns(columns: ElementColumns) -> Iterator[array[Any]]:
    lines = columns.lines
    yield from (columns.starts, columns.ends, columns.kinds, columns.levels, columns.pages, columns.line_ends)
    yield from (lines.starts, lines.ends, lines.pages, lines.tops, lines.bottoms)
    yield from (lines.edges, lines.edge_starts)


def _restored(columns: list[array[Any]]) -> ElementColumns:
    starts, ends, kinds, levels, pages, line_ends, *lines = columns
    line_starts, ends_of_lines, line_pages, tops, bottoms, edges, edge_starts = lines
    printed = LineColumns(line_starts, ends_of_lines, line_pages, tops, bottoms, edges, edge_starts)
    return ElementColumns(starts, ends, kinds, levels, pages, line_ends, printed)

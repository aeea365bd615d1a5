"""A document as three compressed blobs: its text, its layout, its passages.

The text is read far more often than the layout, so it stands alone; the layout repeats none of it.
Every blob opens with a byte that names its format.
"""

from __future__ import annotations

import json
import zlib
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, get_args

from ingest.catalog.columns import pack, restore_floats, squeeze_floats, unpack
from ingest.errors import UnsupportedStore
from ingest.model import Document, Element, ElementKind, Import, Line, Page, Passage, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMAT = b"\x01"
_LAYOUT = b"\x02"
"""Of layouts; format 1 knew no imports."""
_TEXT_LEVEL = 4
"""Of zlib: 29% of an English contract at 55 MB/s; level 6 gives 27% at 21 MB/s."""
_KINDS: tuple[ElementKind, ...] = get_args(ElementKind)
_KIND_CODES = {kind: code for code, kind in enumerate(_KINDS)}


def encode_text(text: str) -> bytes:
    """Compress a text; lone surrogates survive."""
    return _FORMAT + zlib.compress(text.encode("utf-8", "surrogatepass"), _TEXT_LEVEL)


def decode_text(blob: bytes) -> str:
    """The text again."""
    return zlib.decompress(_body(blob)).decode("utf-8", "surrogatepass")


def encode_layout(document: Document) -> bytes:
    """All of a document but its text.

    Raises:
        ValueError: an element is no slice of the text, or a line has not one edge a character and one
            more, as single floats.
    """
    lines = [line for element in document.elements for line in element.lines]
    columns = (
        _strings([document.title, document.reader, *_symbol_strings(document.symbols)]),
        *_element_columns(document),
        *_line_columns(lines),
        *_page_columns(document.pages),
        *_symbol_columns(document.symbols),
        _strings([[each.module, *each.names] for each in document.imports]),
        *_ranges(document.imports),
    )
    edges = squeeze_floats(line.edges for line in lines)
    return _LAYOUT + pack(array("B", zlib.compress(pack(*columns), 1)), array("B", edges))


def decode_layout(blob: bytes, text: str) -> Document:
    """The document again, given its text."""
    packed, edges = unpack(_body(blob, _FORMAT, _LAYOUT))
    strings, *columns = unpack(zlib.decompress(packed))
    elements, lines, pages, symbols = columns[:6], columns[6:11], columns[11:16], columns[16:19]
    title, reader, *names = json.loads(strings.tobytes())
    return Document(
        text=text,
        title=title,
        elements=_elements(elements, _lines(lines, restore_floats(edges.tobytes())), text),
        pages=tuple(Page(*page) for page in zip(*pages, strict=True)),
        symbols=_symbols(symbols, names),
        reader=reader,
        imports=_imports(columns[19:]),
    )


def encode_passages(passages: Sequence[Passage]) -> bytes:
    """Numbers, ranges and sections; a section that repeats is kept once."""
    codes: dict[tuple[str, ...], int] = {}
    sections = array("I", [codes.setdefault(passage.section, len(codes)) for passage in passages])
    numbers = _whole(passage.number for passage in passages)
    starts, ends = _ranges(passages)
    return _FORMAT + zlib.compress(pack(_strings(list(codes)), sections, numbers, starts, ends), 1)


def decode_passages(blob: bytes) -> tuple[Passage, ...]:
    """The passages again."""
    columns: list[array[int]] = unpack(zlib.decompress(_body(blob)))
    strings, codes, numbers, starts, ends = columns
    sections: list[tuple[str, ...]] = [tuple(labels) for labels in json.loads(strings.tobytes())]
    rows = zip(numbers, starts, ends, codes, strict=True)
    return tuple(Passage(number, start, end, sections[code]) for number, start, end, code in rows)


def _body(blob: bytes, *formats: bytes) -> bytes:
    known = formats or (_FORMAT,)
    if blob[:1] not in known:
        listed = ", ".join(each.hex() for each in known)
        raise UnsupportedStore(f"a document is stored in format {blob[:1].hex()}, known is {listed}")
    return blob[1:]


def _strings(strings: Sequence[object]) -> array[int]:
    return array("B", json.dumps(strings, separators=(",", ":")).encode("ascii"))


def _whole(numbers: Iterable[int]) -> array[int]:
    return array("I", list(numbers))


def _ranges(
    parts: Sequence[Element | Line | Page | Symbol | Import | Passage],
) -> tuple[array[int], array[int]]:
    return _whole(part.start for part in parts), _whole(part.end for part in parts)


def _element_columns(document: Document) -> tuple[array[int], ...]:
    elements = document.elements
    for element in elements:
        if document.text[element.start : element.end] != element.text:
            raise ValueError(f"the element at {element.start} is no slice of the text")
    return (
        *_ranges(elements),
        array("B", [_KIND_CODES[element.kind] for element in elements]),
        array("H", [element.level or 0 for element in elements]),  # levels, pages from 1: 0 is None
        _whole(element.page or 0 for element in elements),
        _whole(len(element.lines) for element in elements),
    )


def _elements(columns: list[array[int]], lines: list[Line], text: str) -> tuple[Element, ...]:
    starts, ends, codes, levels, pages, counts = columns
    kinds = [_KINDS[code] for code in codes]
    reach = [tuple(lines[first:last]) for first, last in pairwise(accumulate(counts, initial=0))]
    rows = zip(starts, ends, kinds, levels, pages, reach, strict=True)
    return tuple(
        Element(start, end, text[start:end], kind, level or None, page or None, held)
        for start, end, kind, level, page, held in rows
    )


def _line_columns(lines: list[Line]) -> tuple[array[Any], ...]:
    for line in lines:
        if line.edges.typecode != "f" or len(line.edges) != line.end - line.start + 1:
            raise ValueError(f"the line at {line.start} has {len(line.edges)} edges ({line.edges.typecode})")
    return (
        *_ranges(lines),
        _whole(line.page for line in lines),
        array("d", [line.top for line in lines]),
        array("d", [line.bottom for line in lines]),
    )


def _lines(columns: list[array[Any]], edges: array[float]) -> list[Line]:
    starts, ends, pages, tops, bottoms = columns
    lines: list[Line] = []
    position = 0
    for start, end, page, top, bottom in zip(starts, ends, pages, tops, bottoms, strict=True):
        following = position + end - start + 1
        lines.append(Line(start, end, page, top, bottom, edges[position:following]))
        position = following
    return lines


def _page_columns(pages: tuple[Page, ...]) -> tuple[array[Any], ...]:
    return (
        _whole(page.number for page in pages),
        *_ranges(pages),
        array("d", [page.width for page in pages]),
        array("d", [page.height for page in pages]),
    )


def _symbol_columns(symbols: tuple[Symbol, ...]) -> tuple[array[int], ...]:
    return *_ranges(symbols), _whole(symbol.name_start for symbol in symbols)


def _symbol_strings(symbols: tuple[Symbol, ...]) -> list[str]:
    return [
        string
        for symbol in symbols
        for string in (symbol.name, symbol.kind, symbol.signature, symbol.docstring)
    ]


def _symbols(columns: list[array[int]], strings: list[Any]) -> tuple[Symbol, ...]:
    words = iter(strings)
    starts, ends, name_starts = columns
    rows = zip(starts, ends, name_starts, words, words, words, words, strict=True)
    return tuple(
        Symbol(start, end, name, kind, signature, docstring, name_start)
        for start, end, name_start, name, kind, signature, docstring in rows
    )


def _imports(columns: list[array[int]]) -> tuple[Import, ...]:
    if not columns:
        return ()
    strings, starts, ends = columns
    words: list[list[str]] = json.loads(strings.tobytes())
    rows = zip(starts, ends, words, strict=True)
    return tuple(Import(start, end, module, tuple(names)) for start, end, (module, *names) in rows)

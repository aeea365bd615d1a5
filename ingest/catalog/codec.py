"""A document as three compressed blobs: its text, its layout, its passages.

The text is read far more often than the layout, so it stands alone; the layout repeats none of it.
Every blob opens with a byte that names its format.
"""

from __future__ import annotations

import json
import zlib
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from ingest.catalog.columns import pack, restore_floats, squeeze_floats, unpack
from ingest.elements import ElementColumns, Elements, LineColumns
from ingest.errors import UnsupportedStore
from ingest.model import Document, Import, Page, Passage, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMAT = b"\x01"
_LAYOUT = b"\x02"
"""Of layouts; format 1 knew no imports."""
_TEXT_LEVEL = 4
"""Of zlib: 29% of an English contract at 55 MB/s; level 6 gives 27% at 21 MB/s."""


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
    elements = Elements.of(document.elements, document.text).columns
    lines = elements.lines
    counts = _whole(last - first for first, last in pairwise((0, *elements.line_ends)))
    columns = (
        _strings([document.title, document.reader, *_symbol_strings(document.symbols)]),
        *(elements.starts, elements.ends, elements.kinds, elements.levels, elements.pages, counts),
        *(lines.starts, lines.ends, lines.pages, lines.tops, lines.bottoms),
        *_page_columns(document.pages),
        *_symbol_columns(document.symbols),
        _strings([[each.module, *each.names] for each in document.imports]),
        *_ranges(document.imports),
    )
    edges = squeeze_floats([lines.edges])
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
        elements=Elements(text, _elements(elements, _lines(lines, restore_floats(edges.tobytes())))),
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
    return array("I", numbers)


def _ranges(parts: Sequence[Page | Symbol | Import | Passage]) -> tuple[array[int], array[int]]:
    return _whole(part.start for part in parts), _whole(part.end for part in parts)


def _elements(columns: list[array[int]], lines: LineColumns) -> ElementColumns:
    starts, ends, kinds, levels, pages, counts = columns
    return ElementColumns(starts, ends, kinds, levels, pages, _whole(accumulate(counts)), lines)


def _lines(columns: list[array[Any]], edges: array[float]) -> LineColumns:
    starts, ends, pages, tops, bottoms = columns
    lengths = (end - start + 1 for start, end in zip(starts, ends, strict=True))
    edge_starts = array("Q", accumulate(lengths, initial=0))
    edge_starts.pop()
    return LineColumns(starts, ends, pages, tops, bottoms, edges, edge_starts)


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

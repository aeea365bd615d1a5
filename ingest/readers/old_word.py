"""Word documents of before 2007: text from the piece table, styles from the pages of paragraph properties.

The names are those of [MS-DOC], the published specification of the format.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.readers.composing import Part, composed, opening_heading, table_parts
from ingest.readers.compound import opened
from ingest.readers.plain import is_heading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ingest.model import Document, ElementKind

READER = "doc/1"

_WORD = 0xA5EC
_WORD_97 = 0x00C1
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_CLX, _PLCF_BTE_PAPX = 33, 13
"""Which pairs of offset and length in the FIB."""
_COUNTS = ("text", "notes", "headers", "macros", "comments", "endnotes", "boxes", "header boxes")
_COMPRESSED = 0x4000_0000
_PAGE = 512
_MOST_PIECES = 1 << 20
_IN_TABLE, _ROW_END, _IN_LIST = 0x2416, 0x2417, 0x460B
_VARIABLE = 0xD608
_OPERAND_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_DEEPEST_HEADING = 9
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
_MOST_NESTED_FIELDS = 8
_CHARACTERS = str.maketrans(
    {"\x0b": "\n", "\x1e": "-", "\xa0": "\xa0", **dict.fromkeys("\x01\x03\x04\x05\x08\x13\x14\x15\x1f", "")}
)
_PARAGRAPH = re.compile("[^\r\x07\x0c\x0e]*[\r\x07\x0c\x0e]?")


@dataclass(frozen=True, slots=True)
class _Style:
    """What is known of a paragraph; ``number`` from 1 to 9 is a heading of that level."""

    number: int = 0
    in_table: bool = False
    ends_row: bool = False
    in_list: bool = False


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    ends_cell: bool
    style: _Style


class _Text:
    """The characters of all stories, and where in the file each stands."""

    def __init__(self, word: bytes, pieces: Sequence[tuple[int, int, int, bool]]) -> None:
        self._starts = [first for first, *_ in pieces]
        self._pieces = pieces
        self.text = "".join(_decoded(word, *piece) for piece in pieces)

    def place(self, position: int) -> int:
        """The offset of a character in the file."""
        first, _, offset, narrow = self._pieces[max(0, bisect_right(self._starts, position) - 1)]
        return offset + (position - first) * (1 if narrow else 2)


def read_doc(location: Path) -> Document:
    """Read an old Word document; notes, comments and text boxes follow its text under headings of their own.

    Automatic numbers are not in the file, and so not in the text. The title is the first heading near the
    beginning, else the stem of the name.

    Raises:
        UnreadableFile: ``wrong_extension``, ``encrypted``, ``unsupported`` (before Word 97), ``broken`` or
            ``no_text``.
    """
    with opened(location) as compound:
        parts = list(_parts(compound.stream("WordDocument"), compound.stream))
    return composed(parts, title=opening_heading(parts) or location.stem, reader=READER)


def _parts(word: bytes, stream: Callable[[str], bytes]) -> Iterator[Part]:
    magic, version = struct.unpack_from("<HH", word)
    (flags,) = struct.unpack_from("<H", word, 10)
    if magic != _WORD:
        raise UnreadableFile("broken", "is no Word document")
    if version < _WORD_97:
        raise UnreadableFile("unsupported", "a document of before Word 97: save it again in a newer format")
    if flags & _ENCRYPTED:
        raise UnreadableFile("encrypted", "the document asks for a password")
    table = stream("1Table" if flags & _SECOND_TABLE else "0Table")
    counts, places = _directory(word)
    text = _Text(word, list(_pieces(_slice(table, places, _CLX))))
    styles = _Styles(word, _slice(table, places, _PLCF_BTE_PAPX))
    yield from _stories(text, styles, counts)


def _directory(word: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """Lengths of the stories, and offsets and lengths of the tables."""
    position = 32
    (shorts,) = struct.unpack_from("<H", word, position)
    position += 2 + 2 * shorts
    (longs,) = struct.unpack_from("<H", word, position)
    counts = struct.unpack_from("<8i", word, position + 2 + 4 * 3)
    position += 2 + 4 * longs
    (pairs,) = struct.unpack_from("<H", word, position)
    return counts, struct.unpack_from(f"<{2 * pairs}I", word, position + 2)


def _slice(table: bytes, places: Sequence[int], which: int) -> bytes:
    start, length = places[2 * which], places[2 * which + 1]
    return table[start : start + length]


def _pieces(clx: bytes) -> Iterator[tuple[int, int, int, bool]]:
    """First character, the one after the last, offset, and whether characters are bytes."""
    position = 0
    while clx[position] == 1:  # properties that pieces share
        position += 3 + struct.unpack_from("<h", clx, position + 1)[0]
    (length,) = struct.unpack_from("<I", clx, position + 1)
    count = min((length - 4) // 12, _MOST_PIECES)
    begin = position + 5
    borders = struct.unpack_from(f"<{count + 1}I", clx, begin)
    for index in range(count):
        (offset,) = struct.unpack_from("<I", clx, begin + 4 * (count + 1) + 8 * index + 2)
        narrow = bool(offset & _COMPRESSED)
        place = offset & ~_COMPRESSED
        yield borders[index], borders[index + 1], place // 2 if narrow else place, narrow


def _decoded(word: bytes, first: int, last: int, offset: int, narrow: bool) -> str:
    if last < first or last - first > len(word):
        raise ValueError("a piece of text is longer than the file")
    if narrow:
        return word[offset : offset + last - first].decode("cp1252", "replace").ljust(last - first)
    return _wide(word[offset : offset + 2 * (last - first)]).ljust(last - first)


def _wide(data: bytes) -> str:
    """A character for every two bytes: positions count halves of those beyond the basic plane, too."""
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])))


class _Styles:
    """Paragraph properties by place in the file."""

    def __init__(self, word: bytes, plc: bytes) -> None:
        self._styles: list[tuple[int, _Style]] = []
        count = max(0, (len(plc) - 4) // 8)
        for (number,) in struct.iter_unpack("<I", plc[4 * (count + 1) : 4 * (count + 1) + 4 * count]):
            self._styles += _page(word[(number & 0x3FFFFF) * _PAGE :][:_PAGE])
        self._styles.sort(key=lambda pair: pair[0])

    def at(self, place: int) -> _Style:
        """The style of the paragraph that holds this byte."""
        index = bisect_right(self._styles, place, key=lambda pair: pair[0]) - 1
        return self._styles[index][1] if index >= 0 else _Style()


def _page(page: bytes) -> Iterator[tuple[int, _Style]]:
    """Where the paragraphs of a page of properties begin, and their styles."""
    if len(page) < _PAGE:
        return
    count = page[-1]
    starts = struct.unpack_from(f"<{count + 1}I", page)
    for index in range(count):
        place = 2 * page[4 * (count + 1) + 13 * index]
        if place:
            size = 2 * page[place] - 1 if page[place] else 2 * page[place + 1]
            begin = place + (1 if page[place] else 2)
            yield starts[index], _style(page[begin : begin + size])
        else:
            yield starts[index], _Style()


def _style(properties: bytes) -> _Style:
    if len(properties) < 2:  # noqa: PLR2004 — the number of the style
        return _Style()
    (number,) = struct.unpack_from("<H", properties)
    found = dict(_changes(properties[2:]))
    return _Style(
        number,
        in_table=bool(found.get(_IN_TABLE)),
        ends_row=bool(found.get(_ROW_END)),
        in_list=found.get(_IN_LIST, 0) not in {0, 0xF801},
    )


def _changes(properties: bytes) -> Iterator[tuple[int, int]]:
    """Every property that differs from the style's, with its value."""
    position = 0
    while position + 3 <= len(properties):
        (code,) = struct.unpack_from("<H", properties, position)
        size = _OPERAND_SIZES[code >> 13]
        position += 2
        yield code, int.from_bytes(properties[position : position + (size or 1)], "little")
        if code == _VARIABLE:
            size = 1 + int.from_bytes(properties[position : position + 2], "little")
        position += size or 1 + properties[position]


def _stories(text: _Text, styles: _Styles, counts: Sequence[int]) -> Iterator[Part]:
    start = 0
    one_kind = not (counts[_COUNTS.index("notes")] and counts[_COUNTS.index("endnotes")])
    for name, count in zip(_COUNTS, counts, strict=True):
        end = start + max(0, count)
        if name in _KINDS:
            kind, heading = _KINDS[name]
            marks = _Marks(plain=not (one_kind and name in {"text", "notes", "endnotes"}))
            parts = list(_blocks(_paragraphs(text, styles, start, end, marks), kind))
            if heading and any(part.text.strip() for part in parts):
                yield Part(heading, "heading", 1)
            yield from parts
        start = end


_KINDS: dict[str, tuple[ElementKind, str]] = {
    "text": ("paragraph", ""),
    "headers": ("header", ""),
    "notes": ("paragraph", "Footnotes"),
    "endnotes": ("paragraph", "Endnotes"),
    "comments": ("paragraph", "Comments"),
    "boxes": ("paragraph", "Text boxes"),
    "header boxes": ("header", ""),
}


class _Marks:
    """Counts the places that notes belong to: their numbers are automatic, and not in the file."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self._count = 0

    def numbered(self, text: str) -> str:
        """The text with a number in brackets in place of every mark."""
        if self._plain or "\x02" not in text:
            return text.replace("\x02", "")
        pieces = text.split("\x02")
        numbers = range(self._count + 1, self._count + len(pieces))
        self._count += len(pieces) - 1
        return pieces[0] + "".join(f"[{n}]{piece}" for n, piece in zip(numbers, pieces[1:], strict=True))


def _paragraphs(text: _Text, styles: _Styles, start: int, end: int, marks: _Marks) -> Iterator[_Paragraph]:
    story = text.text[start:end]
    for found in _PARAGRAPH.finditer(story):
        if found[0]:
            style = styles.at(text.place(start + found.end() - 1))
            yield _Paragraph(_cleaned(marks.numbered(found[0])), found[0].endswith("\x07"), style)


def _cleaned(text: str) -> str:
    """Fields by what they show, special characters by what they mean."""
    text = text.rstrip("\r\x07\x0c\x0e")
    for _ in range(_MOST_NESTED_FIELDS):
        text, replaced = _FIELD.subn(r"\1", text)
        if not replaced:
            break
    return text.translate(_CHARACTERS).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _blocks(paragraphs: Iterator[_Paragraph], kind: ElementKind) -> Iterator[Part]:
    rows: list[list[str]] = []
    row: list[str] = []
    cell: list[str] = []
    for each in paragraphs:
        if each.style.in_table or each.ends_cell:
            if each.style.ends_row:
                rows.append(row)
                row, cell = [], []
                continue
            cell.append(each.text)
            if each.ends_cell:
                row.append(" ".join(cell))
                cell = []
            continue
        yield from table_parts([*rows, [*row, *cell]])
        rows, row, cell = [], [], []
        yield _block(each, kind)
    yield from table_parts([*rows, [*row, *cell]])


def _block(paragraph: _Paragraph, kind: ElementKind) -> Part:
    text, style = paragraph.text, paragraph.style
    if kind != "paragraph" or not text.strip():
        return Part(text, kind)
    if 1 <= style.number <= _DEEPEST_HEADING:
        return Part(text, "heading", style.number)
    if is_heading(text.strip(), alone=not style.in_list):
        return Part(text, "heading")
    return Part(text, "list_item", 1) if style.in_list else Part(text)

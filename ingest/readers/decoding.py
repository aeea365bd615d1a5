"""Bytes to characters: the one place where an encoding is guessed."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from ingest.errors import UnreadableFile
from ingest.readers import latin

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = (  # UTF-32 first: its little-endian mark begins with the one of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPED = (b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_2"), (b"\x1b(", "iso2022_jp_2")
_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_WIDER = {"shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030", "big5": "big5hkscs"}
"""What the makers of files really wrote under a narrower name."""
_LEGACY = (
    *_WIDER,
    *_WIDER.values(),
    *"""euc_jp gbk johab cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 cp852
    cp855 cp866 cp874 iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8
    iso8859-9 iso8859-13 iso8859-15 iso8859-16 koi8-r koi8-u mac-roman mac-cyrillic mac-greek
    tis-620""".split(),
)
_GUESSED = """shift_jis cp932 euc_jp cp949 johab gb18030 big5 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255
    cp1256 cp1257 cp855 cp866 cp874 iso8859_2 iso8859_5 iso8859_7 koi8_r mac_cyrillic tis_620"""
_HEAD = 2048
"""Bytes in which a charset is declared."""
_SAMPLE = 1 << 16
_PIECE = 1 << 20
"""Bytes decoded at once."""
_LONGEST_ESCAPE = max(len(escape) for escape, _ in _ESCAPED) - 1
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_PRINTABLE = bytes(range(32, 127))
_SPACES = "\t\n\v\f\r\x1b"
"""Controls that stand in texts; escape colours a terminal's."""


def decode(data: bytes) -> str:
    r"""The text that the bytes of a file spell, without its byte order mark.

    Characters stay as they are, except that ``\r\n`` and a lone ``\r`` become ``\n``: lines are then counted
    alike by everyone, and a quote that spans lines matches whatever system the file was saved on.

    Raises:
        UnreadableFile: ``not_text``, the bytes spell no text in any known encoding.
    """
    return decode_file(io.BytesIO(data), len(data))


def decode_file(file: BinaryIO, size: int) -> str:
    """As `decode` the next ``size`` bytes of a file, of which UTF-8 is never held beside its text."""
    begin = file.tell()
    text = _piecewise(file, size)
    if text is None:
        file.seek(begin)
        if _is_mostly_zeros(file, size):
            raise UnreadableFile("not_text", "the bytes spell no text")
        file.seek(begin)
        text = _spelled(file.read(size)).replace("\r\n", "\n").replace("\r", "\n")
    if not _readable(text):
        raise UnreadableFile("not_text", "the bytes spell no text")
    return text


def _piecewise(file: BinaryIO, size: int) -> str | None:
    """The text of what has a byte order mark or is UTF-8; None where it takes the whole to tell."""
    pieces = _pieces(file, size)
    first = next(pieces, b"")
    mark, encoding = next((entry for entry in _MARKS if first.startswith(entry[0])), (b"", "utf-8"))
    decoder = codecs.getincrementaldecoder(encoding)("replace" if mark else "strict")
    lines = io.IncrementalNewlineDecoder(decoder, translate=True)
    text = ""  # grows in place, while a join would hold everything twice
    tail = b""
    for piece in chain([first[len(mark) :]], pieces):
        if not mark and (b"\0" in piece or _has_escape(tail + piece)):
            return None
        try:
            text += lines.decode(piece)
        except UnicodeDecodeError:
            return None
        tail = piece[-_LONGEST_ESCAPE:]
    try:
        text += lines.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return text


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        left -= len(piece)
        yield piece


def _has_escape(data: bytes) -> bool:
    return b"\x1b" in data and any(escape in data for escape, _ in _ESCAPED)


def _is_mostly_zeros(file: BinaryIO, size: int) -> bool:
    """Whether the file is a hole rather than a text: not even UTF-32 has four zeros in five bytes."""
    return sum(piece.count(0) for piece in _pieces(file, size)) * 5 > 4 * size


def _spelled(data: bytes) -> str:
    """What has no mark and is no clean UTF-8."""
    if b"\0" in data:
        return next(_wide(data), "\0")
    return next((text for text in _narrow(data) if text is not None), "\0")


def _wide(data: bytes) -> Iterator[str]:
    """UTF-32 and UTF-16 without a mark: the zeros of ASCII characters tell the order of the bytes."""
    zeros = [data[first::4].count(0) for first in range(4)]
    if len(data.translate(None, _PRINTABLE)) * 4 < len(data):
        return  # a narrow text with holes in it: pairs of its letters would pass for Chinese
    little = zeros[1] + zeros[3] > zeros[0] + zeros[2]
    for size, names in (4, ("utf-32-be", "utf-32-le")), (2, ("utf-16-be", "utf-16-le")):
        text = None if len(data) % size else _strictly(data, names[little])
        if text is not None:
            yield text


def _narrow(data: bytes) -> Iterator[str | None]:
    """Readings of bytes without zeros, the most certain first."""
    for escape, encoding in _ESCAPED:
        if escape in data:
            yield _strictly(data, encoding)
    yield _strictly(data, "utf-8")
    yield _mostly_utf8(data)
    if declared := _DECLARED.search(data, 0, _HEAD):
        yield from _declared(data, declared[1].decode("ascii", "replace"))
    yield from _guessed(data)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _mostly_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes: better a hole in one word than another alphabet in all.

    Every byte that goes on a character rightly is a witness; in another encoding few do.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    holes = witnesses = 0
    for piece in _pieces(io.BytesIO(data), len(data)):
        text = decoder.decode(piece)
        found = text.count("\ufffd")
        holes += found
        witnesses += len(text.encode()) - len(text) - len("\ufffd".encode()[1:]) * found
    holes += len(decoder.decode(b"", final=True))
    return data.decode("utf-8", "replace") if witnesses >= 2 * holes else None


def _declared(data: bytes, name: str) -> Iterator[str | None]:
    """Only names of encodings: Python also has codecs that unpack, unescape and rotate."""
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        return
    if encoding in _LEGACY:
        yield _strictly(data, encoding)
        yield _strictly(data, _WIDER.get(encoding, encoding))


def _guessed(data: bytes) -> Iterator[str | None]:
    from charset_normalizer import from_bytes  # noqa: PLC0415 — 30 ms that few files need

    sample = _sample(data)
    if encoding := latin.accented(sample):
        yield _strictly(data, encoding)
    for match in from_bytes(sample, cp_isolation=list[str](_GUESSED.split())):
        if codecs.lookup(match.encoding).name in latin.ENCODINGS:
            yield _strictly(data, latin.likeliest(sample))
        yield _strictly(data, match.encoding)


def _sample(data: bytes) -> bytes:
    """Lines that tell encodings apart; cut at white space, which is nobody's second byte."""
    lines: list[bytes] = []
    length = 0
    for line in _telling(data):
        lines.append(line)
        length += len(line) + 1
        if length > _SAMPLE + 1:
            break
    telling = b"\n".join(lines)
    if len(telling) <= _SAMPLE:
        return telling
    cut = max(telling.rfind(space, 0, _SAMPLE) for space in (b" ", b"\n"))
    return telling[: cut if cut > 0 else _SAMPLE]


def _telling(data: bytes) -> Iterator[bytes]:
    """Lines that are not ASCII, or as much of them from there on as a sample holds."""
    begin = 0
    while found := _BEYOND_ASCII.search(data, begin):
        start = max(data.rfind(b"\n", begin, found.start()) + 1, begin, found.start() - _SAMPLE // 2)
        border = data.find(b"\n", found.end())
        stop = len(data) if border < 0 else border
        yield data[start : min(stop, start + 2 * _SAMPLE)]
        begin = stop


def _readable(text: str) -> bool:
    if "\0" in text:
        return False
    head = text[: 1 << 12]
    strange = sum(
        unicodedata.category(character) in {"Cc", "Cn", "Co"} and character not in _SPACES
        for character in head
    )
    return strange * 50 <= len(head)

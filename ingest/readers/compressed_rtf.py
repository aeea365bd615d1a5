"""Rich text as Outlook keeps it in a message: compressed by its own kind of LZ77 ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

from ingest.errors import UnreadableFile

_COMPRESSED = 0x75465A4C
_STORED = 0x414C454D
_HEADER = struct.Struct("<IIII")
_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the window holds before the first byte."""
_WINDOW = 4096
_LARGEST = 64 << 20
_SHORTEST_RUN = 2
_TOKENS = 8


def unpack_rtf(data: bytes) -> bytes:
    """The RTF that the bytes of ``PidTagRtfCompressed`` hold.

    Raises:
        UnreadableFile: ``broken``, or ``unpacks_too_large``.
    """
    if len(data) < _HEADER.size:
        raise UnreadableFile("broken", "the compressed text is cut")
    _, size, kind, _ = _HEADER.unpack_from(data)
    if size > _LARGEST:
        raise UnreadableFile("unpacks_too_large", f"{size >> 20} MB of rich text")
    body = data[_HEADER.size :]
    if kind == _STORED:
        return body[:size]
    if kind != _COMPRESSED:
        raise UnreadableFile("broken", "the compressed text has an unknown form")
    return _unpacked(body, size)


def _unpacked(body: bytes, size: int) -> bytes:
    """Groups of a byte of flags and eight tokens, each a byte or a reference into the window."""
    window = bytearray(_PRESET.ljust(_WINDOW, b"\0"))
    text = bytearray()
    position = 0

    def put(byte: int) -> None:
        window[(len(_PRESET) + len(text)) % _WINDOW] = byte
        text.append(byte)

    while position < len(body) and len(text) < size:
        flags = body[position]
        position += 1
        for bit in range(_TOKENS):
            width = 1 + (flags >> bit & 1)
            token = int.from_bytes(body[position : position + width], "big")
            position += width
            offset, length = divmod(token, 16)
            if position > len(body) or (width > 1 and offset == (len(_PRESET) + len(text)) % _WINDOW):
                return bytes(text[:size])
            if width == 1:
                put(token)
                continue
            for step in range(length + _SHORTEST_RUN):
                put(window[(offset + step) % _WINDOW])
    return bytes(text[:size])

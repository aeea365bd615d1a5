"""Zip packages as office programs write them, and the compound files of before 2007, part by part."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SECTOR = 512
_NONE = 0xFFFFFFFF
_CHAIN_END, _TABLE_SECTOR = 0xFFFFFFFE, 0xFFFFFFFD
_SMALLEST = 4096
"""Bytes of a stream that lies in sectors of its own."""


def write_package(location: Path, parts: Mapping[str, str | bytes]) -> Path:
    """A zip archive of these parts."""
    with zipfile.ZipFile(location, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in parts.items():
            package.writestr(name, body)
    return location


def write_open_xml(
    location: Path, main: str, parts: Mapping[str, str], links: Mapping[str, Sequence[tuple[str, str]]]
) -> Path:
    """An Open XML package; links are kind and target of what a part refers to: ``rId1``, ``rId2``, …"""
    relations = {"": [("officeDocument", main)], **links}
    files: dict[str, str] = {"[Content_Types].xml": "<Types/>", **parts}
    for name, targets in relations.items():
        folder, _, file = name.rpartition("/")
        entries = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="/{target}"/>'
            for n, (kind, target) in enumerate(targets, 1)
        )
        place = f"{folder}/_rels/{file}.rels".removeprefix("/")
        files[place] = f"<Relationships>{entries}</Relationships>"
    return write_package(location, files)


def write_odf(location: Path, kind: str, body: str, others: Mapping[str, str] | None = None) -> Path:
    """An OpenDocument package with this body."""
    return write_package(
        location,
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"""<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"
                xmlns:draw="d" xmlns:presentation="p" xmlns:xlink="x"><office:body><office:{kind}>{body}
                </office:{kind}></office:body></office:document-content>""",
            **(others or {}),
        },
    )


def write_compound(location: Path, streams: Mapping[str, bytes]) -> Path:
    """A compound file; every stream is padded with zeros so that it has sectors of its own."""
    padded = {
        name: body.ljust(max(_SMALLEST, -(-len(body) // _SECTOR) * _SECTOR), b"\0")
        for name, body in streams.items()
    }
    directory_sectors = -(-(len(padded) + 1) // 4)
    table = [_TABLE_SECTOR, *_chain(1, directory_sectors)]
    entries = [_entry("Root Entry", 5, child=1, start=_CHAIN_END, size=0, after=_NONE)]
    for number, (name, body) in enumerate(padded.items(), 1):
        after = number + 1 if number < len(padded) else _NONE
        entries.append(_entry(name, 2, child=_NONE, start=len(table), size=len(body), after=after))
        table += _chain(len(table), len(body) // _SECTOR)
    directory = b"".join(entries).ljust(directory_sectors * _SECTOR, b"\0")
    places = struct.pack(f"<{len(table)}I", *table).ljust(_SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, 1, 0, _SMALLEST, _CHAIN_END, 0, _CHAIN_END, 0, 0),
    ).ljust(_SECTOR, b"\xff")
    location.write_bytes(header + places + directory + b"".join(padded.values()))
    return location


def _chain(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), _CHAIN_END]


def _entry(name: str, kind: int, *, child: int, start: int, size: int, after: int) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16s4x16xIQ", written, len(written), kind, 1, _NONE, after, child, bytes(16), start, size
    )


def word_streams(
    paragraphs: Sequence[tuple[str, bytes]], stories: Sequence[int] | None = None, *, flags: int = 0
) -> dict[str, bytes]:
    """An old Word document: texts with the mark that ends each, and the properties of each.

    ``stories`` are the lengths in characters of text, notes, headers, macros, comments, endnotes and boxes;
    without them all is text.
    """
    text = "".join(words for words, _ in paragraphs)
    body = text.encode("utf-16-le")
    begin = 2 * _SECTOR
    page = -(-(begin + len(body)) // _SECTOR)
    starts = [begin]
    for words, _ in paragraphs:
        starts.append(starts[-1] + 2 * len(words))
    clx = struct.pack("<BIIIHIH", 2, 16, 0, len(text), 0, begin, 0)
    bins = struct.pack("<III", starts[0], starts[-1], page)
    pairs = [0] * 186
    pairs[2 * 33 : 2 * 33 + 2] = [0, len(clx)]
    pairs[2 * 13 : 2 * 13 + 2] = [len(clx), len(bins)]
    counts = [*(stories or [len(text)]), *[0] * 8][:8]
    head = struct.pack("<HH6xH20xH28xH12x8I44xH", 0xA5EC, 0xC1, flags, 14, 22, *counts, 93)
    head += struct.pack("<186I", *pairs)
    word = head.ljust(begin, b"\0") + body
    word = word.ljust(page * _SECTOR, b"\0") + _properties(starts, [change for _, change in paragraphs])
    return {"WordDocument": word, "0Table": clx + bins}


def _properties(starts: Sequence[int], changes: Sequence[bytes]) -> bytes:
    count = len(changes)
    heads, bodies = b"", b""
    for change in changes:
        written = bytes([0, len(change) // 2]) + change
        place = _SECTOR - 2 - len(bodies) - len(written)
        place -= place % 2
        bodies = written.ljust(_SECTOR - 2 - len(bodies) - place, b"\0") + bodies
        heads += bytes([place // 2]).ljust(13, b"\0")
    page = struct.pack(f"<{count + 1}I", *starts) + heads
    return (page.ljust(_SECTOR - 2 - len(bodies), b"\0") + bodies).ljust(_SECTOR - 1, b"\0") + bytes([count])


def record(kind: int, body: bytes = b"", *, instance: int = 0, opens: bool = False) -> bytes:
    """A record of an old presentation."""
    return struct.pack("<HHI", (instance << 4) | (0xF if opens else 0), kind, len(body)) + body


def slide_streams(document: bytes, objects: Sequence[bytes], *, token: int = 0xE391C05F) -> dict[str, bytes]:
    """An old presentation: the document and the objects that it refers to by number, from 2."""
    stream, places = b"", list[int]()
    for each in (document, *objects):
        places.append(len(stream))
        stream += each
    directory = struct.pack(f"<I{len(places)}I", (len(places) << 20) | 1, *places)
    edit = struct.pack("<IIIIIHH", 0, 0, 0, len(stream), 1, 0, 0)
    stream += record(0x1772, directory)
    user = record(0x0FF6, struct.pack("<III", 20, token, len(stream)))
    return {"Current User": user, "PowerPoint Document": stream + record(0x0FF5, edit)}

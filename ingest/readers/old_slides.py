"""PowerPoint presentations of before 2007: the texts of each slide, found through the file's directory.

The names are those of [MS-PPT], the published specification of the format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.readers.composing import Part, composed
from ingest.readers.compound import opened
from ingest.readers.slides import NOTES, wordless_slides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.model import Document

READER = "ppt/1"

_ENCRYPTED = 0xF3D1C4DF
_CONTAINER = 0xF
_DOCUMENT_ATOM, _SLIDE_ATOM = 0x03E9, 0x03EF
_SLIDE_PERSIST, _SLIDE_LIST = 0x03F3, 0x0FF0
_OUTLINE_REFERENCE, _TEXT_HEADER, _WIDE_TEXT, _NARROW_TEXT = 0x0F9E, 0x0F9F, 0x0FA0, 0x0FA8
_USER_EDIT, _DIRECTORY = 0x0FF5, 0x1772
_TITLES = frozenset({0, 6})
_BODIES = frozenset({1, 5, 7, 8})
_NOTES_BODY = 2
_SLIDES, _NOTES = 0, 2
"""Which list of slides."""
_MOST_EDITS = 10_000
_DEEPEST = 40
_UNITS_PER_POINT = 8


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    instance: int
    start: int
    end: int
    opens: bool
    """Whether it holds records, not data."""


@dataclass(frozen=True, slots=True)
class _Text:
    role: int
    words: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """A slide in a list of slides, with the texts of its placeholders."""

    reference: int
    id: int
    texts: Sequence[_Text]


class _Stream:
    """The records of the document stream."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def record(self, offset: int) -> _Record:
        """The record at an offset."""
        first, kind, length = struct.unpack_from("<HHI", self.data, offset)
        end = min(len(self.data), offset + 8 + length)
        return _Record(kind, first >> 4, offset + 8, end, (first & _CONTAINER) == _CONTAINER)

    def inside(self, parent: _Record) -> Iterator[_Record]:
        """The records that a container holds."""
        position = parent.start
        while position + 8 <= parent.end:
            record = self.record(position)
            yield record
            position = record.end

    def all_inside(self, parent: _Record, depth: int = 0) -> Iterator[_Record]:
        """The same, and what these hold."""
        for record in self.inside(parent):
            yield record
            if record.opens and depth < _DEEPEST:
                yield from self.all_inside(record, depth + 1)

    def numbers(self, record: _Record, count: int, skip: int = 0) -> tuple[int, ...]:
        """Numbers of four bytes."""
        return struct.unpack_from(f"<{count}I", self.data, record.start + skip)


def read_ppt(location: Path) -> Document:
    """Read an old presentation; the number of a page is that of the slide.

    The title is that of the first slide that has one, else the stem of the name.

    Raises:
        UnreadableFile: ``wrong_extension``, ``encrypted``, ``broken`` or ``no_text``.
    """
    with opened(location) as compound:
        user, stream = compound.stream("Current User"), _Stream(compound.stream("PowerPoint Document"))
        token, edit = struct.unpack_from("<II", user, 12)
        if token == _ENCRYPTED:
            raise UnreadableFile("encrypted", "the presentation asks for a password")
        places, root = _directory(stream, edit)
        document = stream.record(places[root])
        size = _size(stream, document)
        decks = list(_decks(stream, document, places))
    parts = [part for deck in decks for part in deck]
    title = next((part.text for part in parts if part.kind == "heading" and part.level == 1), location.stem)
    composition = composed(parts, title=title, reader=READER, page_size=size)
    return replace(composition, warnings=wordless_slides(decks))


def _directory(stream: _Stream, offset: int) -> tuple[Mapping[int, int], int]:
    """Where every object stands after the last edit, and which of them is the document."""
    places: dict[int, int] = {}
    root = 0
    for _ in range(_MOST_EDITS):
        edit = stream.record(offset)
        if edit.kind != _USER_EDIT:
            raise UnreadableFile("broken", "the list of edits leads nowhere")
        _, _, offset, directory, reference = stream.numbers(edit, 5)
        root = root or reference
        places = {**_entries(stream, stream.record(directory)), **places}
        if not offset:
            break
    return places, root


def _entries(stream: _Stream, directory: _Record) -> Mapping[int, int]:
    if directory.kind != _DIRECTORY:
        raise UnreadableFile("broken", "the directory of objects is missing")
    places: dict[int, int] = {}
    position = 0
    while directory.start + position + 4 <= directory.end:
        (head,) = stream.numbers(directory, 1, position)
        first, count = head & 0xFFFFF, head >> 20
        for index, place in enumerate(stream.numbers(directory, count, position + 4)):
            places[first + index] = place
        position += 4 + 4 * count
    return places


def _size(stream: _Stream, document: _Record) -> tuple[float, float]:
    for record in stream.inside(document):
        if record.kind == _DOCUMENT_ATOM:
            width, height = stream.numbers(record, 2)
            return width / _UNITS_PER_POINT, height / _UNITS_PER_POINT
    return 720.0, 540.0


def _decks(stream: _Stream, document: _Record, places: Mapping[int, int]) -> Iterator[list[Part]]:
    notes = {listed.id: listed for listed in _listed(stream, document, _NOTES)}
    for number, listed in enumerate(_listed(stream, document, _SLIDES), 1):
        slide = stream.record(places[listed.reference])
        parts = list(_parts(_texts(stream, slide, listed.texts), number))
        about = notes.get(_notes_id(stream, slide))
        if about is not None:
            page = stream.record(places[about.reference])
            said = [each for each in _texts(stream, page, about.texts) if each.role == _NOTES_BODY]
            below = [part for part in _parts(said, number) if part.text.strip()]
            parts += [Part(NOTES, "heading", 2, number), *below] if below else []
        yield parts


def _listed(stream: _Stream, document: _Record, which: int) -> Iterator[_Listed]:
    for group in stream.inside(document):
        if group.kind != _SLIDE_LIST or group.instance != which:
            continue
        current: _Listed | None = None
        role = 0
        texts: list[_Text] = []
        for record in stream.inside(group):
            if record.kind == _SLIDE_PERSIST:
                if current:
                    yield current
                texts = []
                reference, _, _, identity = stream.numbers(record, 4)
                current = _Listed(reference, identity, texts)
            elif record.kind == _TEXT_HEADER:
                (role,) = stream.numbers(record, 1)
                texts.append(_Text(role, ""))
            elif texts and (words := _words(stream, record)) is not None:
                texts[-1] = _Text(role, words)
        if current:
            yield current


def _words(stream: _Stream, record: _Record) -> str | None:
    data = stream.data[record.start : record.end]
    if record.kind == _WIDE_TEXT:
        return data.decode("utf-16-le", "replace")
    return data.decode("latin-1") if record.kind == _NARROW_TEXT else None


def _texts(stream: _Stream, slide: _Record, outline: Sequence[_Text]) -> Iterator[_Text]:
    """What the shapes of a slide say: their own words, or those of the outline that they refer to."""
    referred: set[int] = set()
    role = 4
    for record in stream.all_inside(slide):
        if record.kind == _TEXT_HEADER:
            (role,) = stream.numbers(record, 1)
        elif record.kind == _OUTLINE_REFERENCE:
            (index,) = stream.numbers(record, 1)
            if index < len(outline) and index not in referred:
                referred.add(index)
                yield outline[index]
        elif (words := _words(stream, record)) is not None:
            yield _Text(role, words)
    yield from (text for index, text in enumerate(outline) if index not in referred)


def _parts(texts: Sequence[_Text] | Iterator[_Text], number: int) -> Iterator[Part]:
    for text in sorted(texts, key=lambda each: each.role not in _TITLES):
        if text.role in _TITLES:
            yield Part(" ".join(text.words.replace("\x0b", " ").split()), "heading", 1, number)
            continue
        for line in text.words.split("\r"):
            words = line.replace("\x0b", "\n")
            yield Part(words, "list_item", 1, number) if text.role in _BODIES else Part(words, page=number)


def _notes_id(stream: _Stream, slide: _Record) -> int:
    for record in stream.inside(slide):
        if record.kind == _SLIDE_ATOM:
            return stream.numbers(record, 1, 16)[0]
    return 0

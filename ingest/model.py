"""The nouns of reading: what a file becomes on its way to being searched and cited.

All offsets are Unicode code points of ``Document.text``, half-open ``[start, end)``. Pages, passages and
lines count from 1. Lengths on a page are PDF points, the origin at the top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence
    from pathlib import Path

ElementKind = Literal["title", "heading", "paragraph", "list_item", "table", "code", "header", "footer"]
SymbolKind = Literal["module", "class", "function", "method", "variable"]
ContextKind = Literal["heading", "lead_in", "definition", "reference", "amendment", "enclosing"]
"""Why a text is read beside another one."""


class Role(IntEnum):
    """What a file is to the project that it belongs to."""

    SOURCE = 0
    """A program, and whatever has no other role."""
    PROSE = 1
    TEST = 2
    EXAMPLE = 3
    DATA = 4
    """Configuration, records, markup that programs read."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that discovery found worth reading."""

    path: str
    """POSIX, relative to the folder that was ingested; the name people see."""
    location: Path
    media_type: str
    size: int
    """Bytes."""
    modified_ns: int
    """When bytes or attributes changed last."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, ``x0 < x1``, ``top < bottom``."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line and where each of its characters stands.

    ``edges`` has ``end - start + 1`` entries: the left edge of every character, then the right edge of
    the last one.
    """

    start: int
    end: int
    page: int
    top: float
    bottom: float
    edges: array[float]

    def box(self, start: int, end: int) -> Box | None:
        """The rectangle around the characters of ``[start, end)`` that stand on this line."""
        first, last = max(start, self.start), min(end, self.end)
        if first >= last:
            return None
        reach = self.edges[first - self.start : last - self.start + 1]
        return Box(self.page, min(reach), self.top, max(reach), self.bottom)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paginated document and the range of text that stands on it."""

    number: int
    start: int
    end: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Element:
    """A block as the author laid it out: ``text == document.text[start:end]``, always."""

    start: int
    end: int
    text: str
    kind: ElementKind
    level: int | None = None
    """Depth of a title or heading, from 1; of a list item likewise. None where it is unknown."""
    page: int | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named part of a program."""

    start: int
    end: int
    name: str
    """Qualified inside the file: ``Session.send``."""
    kind: SymbolKind
    signature: str
    docstring: str
    name_start: int
    """Where the bare name stands."""


@dataclass(frozen=True, slots=True)
class Import:
    """A statement of a program that takes something from elsewhere: ``text[start:end]``."""

    start: int
    end: int
    module: str
    """As written, without quotes: ``os.path``, ``./client``, ``sys/types.h``, ``std::io``."""
    names: tuple[str, ...] = ()
    """What is taken from the module, where the statement lists it; ``*`` is all."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of a file. ``text`` is canonical: nobody cleans it afterwards.

    Elements are in order, do not overlap, and hold every character that is not white space.
    """

    text: str
    title: str
    elements: Sequence[Element]
    """A tuple or, compact, `ingest.elements.Elements`."""
    pages: tuple[Page, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    reader: str = ""
    """Name and version of the reader, as ``pdf/1``: a change makes the document stale."""
    warnings: tuple[str, ...] = ()
    """What of the file could not be read, a sentence each; shown to people, not searched."""
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """An overlay on the text: a heading and all that stands under it."""

    start: int
    end: int
    level: int
    number: str
    """As printed: ``4.2``, ``Article IV``, ``第三条``; empty where there is none."""
    heading: str
    heading_end: int
    path: tuple[str, ...]
    """Labels from the outermost section to this one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is cited. The passages of a document partition its text."""

    number: int
    start: int
    end: int
    section: tuple[str, ...] = ()
    """The path of the section, or the qualified name of the symbol, that it starts in."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A range of a document that another range of it cannot be read without."""

    kind: ContextKind
    label: str
    """What is there: a heading, a number, the term defined, the place as it is named, a signature."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """The unit that is searched. The chunks of a document partition its text too."""

    ordinal: int
    """From 0."""
    start: int
    end: int
    first_passage: int
    last_passage: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data: no search and no write ever leaves its scope."""

    tenant: str
    collection: str
    generation: int = 1
    part: Literal["chunks", "openings"] = "chunks"
    """The chunks of the documents, or one point a document that tells which document it is and what of."""

    @property
    def openings(self) -> Scope:
        """The same scope's index of documents."""
        return replace(self, part="openings")


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that answers a search, best first in a list of hits."""

    document: int
    """The number of the document version: the 7 of ``[D7:31]``."""
    ordinal: int
    start: int
    end: int
    first_passage: int
    last_passage: int
    score: float
    role: Role = Role.SOURCE
    source: int = 0
    """What its document came with, see `ingest.sources`."""

    def scored(self, score: float) -> Hit:
        """The same place with another score: in a fifth of the time that `dataclasses.replace` takes."""
        place = (self.document, self.ordinal, self.start, self.end, self.first_passage, self.last_passage)
        return Hit(*place, score, self.role, self.source)

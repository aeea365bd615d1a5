"""The nouns of an outline: overlays on a document's text.

All offsets are Unicode code points of ``Document.text``, half-open ``[start, end)``. Sections are named by
their index in ``Outline.sections``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ingest.model import Section

ChangeKind = Literal["amended", "replaced", "deleted", "added"]


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and the sentence or clause that says what it means."""

    term: str
    """As printed, white space made one: ``Confidential Information``."""
    kind: Literal["term", "party"]
    """A party is an alias for somebody who signs."""
    term_start: int
    term_end: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that names another place of this document, or of something outside."""

    start: int
    end: int
    label: str
    """As printed, white space made one: ``Sections 3``, ``Articles II through IV``."""
    sections: tuple[int, ...]
    """Where it leads: one section, several for a range of them, none where it leads outside or nowhere."""
    exact: bool
    """False where only a section around the named place was found, as 4.2 for 4.2(b)."""
    outside: bool
    """Whether it names a statute or another document."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A part attached to a document; its numbering starts anew."""

    start: int
    end: int
    label: str
    """``Exhibit A``, ``Приложение № 1``."""
    title: str
    section: int


@dataclass(frozen=True, slots=True)
class Change:
    """What an amendment does to one provision of the document that it amends."""

    kind: ChangeKind
    provision: str
    """As named: ``Section 4.2``."""
    start: int
    end: int
    """Of the sentence that says so."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """This document changes another one."""

    start: int
    end: int
    """Of the words that name the amended document."""
    title: str
    date: str
    """As printed; empty where none is named."""
    parties: tuple[str, ...]
    """As named beside the document's title, else the parties that this document defines."""
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """All that was found, each in reading order."""

    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...]
    references: tuple[Reference, ...]
    exhibits: tuple[Exhibit, ...]
    amendments: tuple[Amendment, ...]

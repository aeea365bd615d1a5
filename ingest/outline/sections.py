"""Sections: headings and numbered clauses laid over a document's text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.model import Section
from ingest.outline.contents import without_contents
from ingest.outline.marks import find_marks
from ingest.outline.names import label
from ingest.outline.run_in import with_run_in
from ingest.outline.sequence import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Document
    from ingest.outline.marks import Mark
    from ingest.outline.sequence import Placed

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Numbered:
    """A section, the style of its number, and the section around it."""

    section: Section
    style: str
    value: tuple[int, ...]
    parent: int | None


def find_sections(document: Document) -> tuple[Section, ...]:
    """Sections in reading order, nested by their numbers, by the reader's levels where they have none.

    Every section runs up to the next one that is not below it.
    """
    return tuple(numbered.section for numbered in number_sections(document))


def number_sections(document: Document) -> list[Numbered]:
    """The sections with what their numbers mean."""
    marks = without_contents(with_run_in(document, _with_names(document.text, find_marks(document))))
    placed = place(marks)
    ends = _ends(placed, len(document.text))
    found: list[Numbered] = []
    around: list[int] = []
    for index, (one, end) in enumerate(zip(placed, ends, strict=True)):
        del around[one.level - 1 :]
        parent = around[-1] if around else None
        path = (*(found[parent].section.path if parent is not None else ()), one.mark.label)
        section = Section(
            one.mark.start, end, one.level, one.mark.shown, one.mark.label, one.mark.heading_end, path
        )
        found.append(Numbered(section, one.style, one.value, parent))
        around.append(index)
    return found


def _with_names(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """``ARTICLE IV`` and the line below it that names it are one heading."""
    joined: list[Mark] = []
    for mark in marks:
        before = joined[-1] if joined else None
        if before is not None and _names(text, before, mark):
            words = f"{before.label} {mark.label}"
            joined[-1] = replace(
                before, label=label(words), heading_end=mark.heading_end, end=mark.end, headed=True
            )
        else:
            joined.append(mark)
    return joined


def _names(text: str, before: Mark, mark: Mark) -> bool:
    bare = (
        before.number is not None
        and before.number.named
        and not before.inline
        and before.label.rstrip(".:") == before.shown
    )
    return (
        bare
        and mark.heading
        and mark.number is None
        and not (mark.stated and (mark.level or 0) < (before.level or 0))
        and mark.heading_end - mark.start <= _LONGEST_NAME
        and not text[before.end : mark.start].strip()
    )


def _ends(placed: Sequence[Placed], length: int) -> list[int]:
    ends = [length] * len(placed)
    open_sections: list[int] = []
    for i, one in enumerate(placed):
        while open_sections and placed[open_sections[-1]].level >= one.level:
            ends[open_sections.pop()] = one.mark.start
        open_sections.append(i)
    return ends

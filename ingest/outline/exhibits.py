"""Parts attached to a document: exhibits, schedules, annexes, appendices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.outline.model import Exhibit
from ingest.outline.names import is_name
from ingest.outline.numbering import ATTACHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Section
    from ingest.outline.sections import Numbered

_NEAR = 400
"""Code points below a label where its title may stand."""
_LONGEST_TITLE = 120
_TO = ("to ", "к ")
"""Before the name of the document that a part is attached to."""


def find_exhibits(text: str, sections: Sequence[Numbered]) -> tuple[Exhibit, ...]:
    """The attached parts, in reading order; they do not overlap."""
    return tuple(
        Exhibit(section.start, section.end, section.number, _title(text, section), index)
        for index, section in enumerate(numbered.section for numbered in sections)
        if sections[index].style == ATTACHED
    )


def _title(text: str, section: Section) -> str:
    """What stands after the label, else the first line below it that names something."""
    words = section.heading.removeprefix(section.number).strip(' "”.:—–-')
    if words and not words.lower().startswith(_TO):
        return words
    below = text[section.heading_end : min(section.end, section.heading_end + _NEAR)]
    for line in below.splitlines()[:-1] if section.end > section.heading_end + _NEAR else below.splitlines():
        shown = " ".join(line.strip(" #*[]").split())
        if not shown or shown[0] == "(" or shown.lower().startswith(_TO):
            continue
        return shown if len(shown) <= _LONGEST_TITLE and is_name(shown) else ""
    return ""

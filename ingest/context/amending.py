"""Which provisions of a document another one changes: an amendment's clauses beside those they replace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.model import Companion
from ingest.outline.references import find_references
from ingest.outline.sections import number_sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, Section
    from ingest.outline.model import Amendment, Change, Outline

AMENDMENT_WORDS = (
    *("amendment", "addendum", "supplement"),
    *("ополнительное соглашение", "ДОПОЛНИТЕЛЬНОЕ СОГЛАШЕНИЕ", "о внесении изменений"),
    *("补充协议", "变更协议", "修改协议", "修订协议", "补充合同"),
)
"""One of them stands in the title, or in the file's name, of nearly every amendment."""
_OPENING = 4_000
"""Code points of a document in which its title, date and parties stand."""
_LONGEST = 1_200
"""Code points of the new words of a provision."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Changed:
    """A range of the amended document, and the sentence of the amendment that changes it."""

    start: int
    end: int
    by: Companion


def amends(amendment: Amendment, document: Document) -> bool:
    """Whether a document is the one that the amendment names: its title, and its date or a party, agree."""
    head = set(_words(f"{document.title} {document.text[:_OPENING]}"))
    if not head.issuperset(_words(amendment.title)):
        return False
    if amendment.date:
        return head.issuperset(_words(amendment.date))
    return any(head.issuperset(_words(party)) for party in amendment.parties)


def changed_parts(amending: Document, outline: Outline, document: Document) -> Iterator[Changed]:
    """The sections of ``document`` that an amendment names, each with the words that change it.

    Args:
        amending: the amendment.
        outline: its outline.
        document: the amended document.
    """
    numbered = number_sections(document)
    for change in (change for amendment in outline.amendments for change in amendment.changes):
        end = _with_new_words(amending.text, outline.sections, change)
        # Read as a reference in running text, where a provision alone would be a heading.
        for reference in find_references(f"as {change.provision} hereof", numbered, amends=False)[:1]:
            for section in reference.sections[:1]:
                part = numbered[section].section
                by = Companion("amendment", change.provision, change.start, end)
                yield Changed(part.start, part.end, by)


def _with_new_words(text: str, sections: Sequence[Section], change: Change) -> int:
    """The end of a change: of the new words where the sentence says that they follow."""
    if not text[change.start : change.end].endswith((":", "：")):
        return change.end
    around = [section.end for section in sections if section.start <= change.start < section.end]
    return min((*around[-1:], change.end + _LONGEST, len(text)))


def _words(text: str) -> Iterator[str]:
    return (word.casefold() for word in _WORD.findall(text))

"""Which provisions of a document another one changes: an amendment's clauses beside those they replace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.model import Companion
from ingest.outline.numbering import han_value
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
_OF = re.compile(r"\s(?:of|to|in)\s(?:(?:the|this|said)\s)?(?=[A-Z])(.+)$")
"""Between a provision and the document or the attached part that it belongs to."""
_KINDS = frozenset({"agreement", "contract", "lease", "indenture", "note"})
_EARLIER = frozenset({"original", "existing", "prior", "initial", "current", "underlying", "said", "amended"})
"""Words before the title of the amended document."""
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()
_UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()
_TEENS = """tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
    nineteenth twentieth""".split()
_ORDINALS = [*_UNITS, *_TEENS, *(f"twenty-{unit}" for unit in _UNITS), "thirtieth"]
_VALUES = {
    name.casefold(): value for names in (_NUMBERS, _ROMAN, _ORDINALS) for value, name in enumerate(names, 1)
}
_KIND = "(?:amendment|addendum|supplement)"
_ENDS = r"(?![^\W_])(?![./-]\d)(?!\s{1,3}(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))"
"""Behind a number: no more of it, and no day."""
_EDITIONS = (
    re.compile(
        rf"{_KIND}[\s_-]{{0,3}}(?:(?:no\b\.?|no(?=_)|number|\#|№)[\s_-]{{0,3}})?"
        rf"(\d{{1,3}}|(?-i:{'|'.join(reversed(_ROMAN))})|{'|'.join(reversed(_NUMBERS))}){_ENDS}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<![^\W_])(?<!ty[ -])({'|'.join(reversed(_ORDINALS))}|\d{{1,2}}(?=st|nd|rd|th))(?:[a-z]{{2}})?"
        rf"[\s_-]{{1,3}}{_KIND}",
        re.IGNORECASE,
    ),
    re.compile(r"ополнительное\s{1,3}соглашение\s{0,3}(?:№|N|No)?\s{0,3}(\d{1,3})(?!\w)", re.IGNORECASE),
    re.compile(r"第\s?([一二三四五六七八九十]{1,3}|\d{1,2})\s?[次份号]?(?:补充|变更|修改|修订)(?:协议|合同)"),
    re.compile(
        r"(?:补充|变更|修改|修订)(?:协议|合同)\s{0,3}[（(]?\s?[之第]?\s?([一二三四五六七八九十]{1,3}|\d{1,2}(?!\d))"
    ),
)


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
    head = set(_words(f"{document.title} {document.text[:_OPENING]}"))
    for change in (change for amendment in outline.amendments for change in amendment.changes):
        of = _OF.search(change.provision)
        if of is not None and not _is_amended(of[1], head):
            continue
        end = _with_new_words(amending.text, outline.sections, change)
        alone = change.provision[: of.start()] if of else change.provision
        in_part = of is not None and _KINDS.isdisjoint(_words(of[1]))
        shown = change.provision if in_part else alone
        # Read as a reference in running text, where a provision alone would be a heading.
        references = find_references(f"as {shown} hereof", numbered, amends=False)
        named = (one for one in references if one.start < len("as ") + len(alone))
        for section in dict.fromkeys(section for reference in named for section in reference.sections):
            part = numbered[section].section
            by = Companion("amendment", shown, change.start, end)
            yield Changed(part.start, part.end, by)


def edition(title: str) -> int:
    """Which of several amendments a title or path names: ``Amendment No. 2``, ``Second Amendment``; or 0."""
    for pattern in _EDITIONS:
        if found := pattern.search(title):
            told = found[1].casefold()
            return int(told) if told.isdecimal() else _VALUES.get(told) or han_value(told)
    return 0


def _is_amended(named: str, head: set[str]) -> bool:
    """Whether a provision's document may be the amended one: an attached part of it, or its own title."""
    words = set(_words(named))
    return words.isdisjoint({"amendment"}) and (not words & _KINDS or words - _KINDS - _EARLIER <= head)


def _with_new_words(text: str, sections: Sequence[Section], change: Change) -> int:
    """The end of a change: of the new words where the sentence says that they follow."""
    if not text[change.start : change.end].endswith((":", "：")):
        return change.end
    around = [section.end for section in sections if section.start <= change.start < section.end]
    return min((*around[-1:], change.end + _LONGEST, len(text)))


def _words(text: str) -> Iterator[str]:
    return (word.casefold() for word in _WORD.findall(text))

"""Documents that change other documents: which one, and which of its provisions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.outline.changes import find_changes
from ingest.outline.model import Amendment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Document
    from ingest.outline.model import Definition

_OPENING = 3_000
"""Code points at the beginning where an amendment says what it is."""
_TITLE = 700
_DATE_BELOW = 260
"""Code points behind a title where its date may stand."""
_IS_AMENDMENT = re.compile(
    r"""\b(?:AMENDMENT|Amendment|ADDENDUM|Addendum|SUPPLEMENT|Supplement(?:al)?\sAgreement
      |SUPPLEMENTAL\sAGREEMENT)\b
      | (?i:дополнительное\s+соглашение) | (?i:соглашение\s+о\s+внесении\s+изменений)
      | 补充协议|变更协议|修改协议|修订协议|补充合同""",
    re.VERBOSE,
)
_RESTATED = re.compile(r"\s*(?:and|or)?\s*(?:Restated|RESTATED)")
_MONTH = r"""(?:January|February|March|April|May|June|July|August|September|October|November|December)"""
_DATE = rf"""(?:{_MONTH}\s+\d{{1,2}}\s?(?:st|nd|rd|th)?\s?,?\s*\d{{4}}
      |\d{{1,2}}(?:st|nd|rd|th)?\s+(?:day\s+of\s+)?{_MONTH}\s?,?\s+\d{{4}}
      |\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?:\s?г\.?)?
      |«?\d{{1,2}}»?\s+[а-я]{{3,8}}\s+\d{{4}}(?:\s?г(?:ода|\.)?)?|\d{{4}}年\d{{1,2}}月\d{{1,2}}日)"""
_AMENDED = re.compile(
    r"""\b(?:amends?|amending|supplements?|modif(?:y|ies)|to|of|into|previously)\s+
        (?:that\scertain\s|a\scertain\s|certain\sof\sthe\sterms\sof\s)?(?:the\s|an?\s)?(?:fully\sexecuted\s)?
        (?P<title>(?:(?-i:[A-Z][\w&’'®./-]*|of|for|and|the|&)\s+){0,9}?
          (?-i:Agreement|AGREEMENT|Contract|CONTRACT|Lease|LEASE|License|LICENSE|Indenture|Plan|Note)
          (?!\w|\s+(?-i:Agreement|AGREEMENT))
          (?:\s(?:No\.?|Number)\s?[\w/-]{1,24}|\s(?-i:[A-Z]{2,}[A-Z0-9]*-[A-Z0-9-]{2,24}))?)
      | \bк\s+(?P<ru>(?:[а-яё]+\s+){0,3}?(?:договору|контракту|соглашению)
          (?:\s+(?!от\b)[а-яё]+){0,4}(?:\s+№\s?[\w/.-]{1,30})?)(?=\s|[,.;]|$)
      | 《(?P<zh>[^》\n]{2,50}(?:合同|协议|契约))》""",
    re.VERBOSE | re.IGNORECASE,
)
_DATED = re.compile(
    rf"""(?P<between>[^.;]{{0,160}}?)(?:\bdated|\bmade|\beffective|\bentered\s+into|\bas\s+of
        |\bEffective\s+Date\s+of|\bот)\s*(?:effective\s+)?(?:as\s+of\s+)?(?:the\s+)?(?P<date>{_DATE})""",
    re.VERBOSE,
)
_DATED_BEFORE = re.compile(rf"(?P<date>{_DATE})(?:签订|签署|订立)的?$", re.VERBOSE)
_OF_THIS_ONE = re.compile(
    r"\bthis\b|\bamendment\b|\baddendum\b|\bis\s*$|\bis\s+(?:made|entered)|\n\s*\n", re.IGNORECASE
)
"""Before a date: it is the amendment's own."""
_PARTIES = re.compile(
    r"""(?:by\s+and\s+)?\b(?:between|among)\s+(?:the\s+)?(?P<one>[^;()\n]{2,90}?)\s*(?:\([^()]*\)\s*)?,?\s+and\s+
        (?P<other>[^;()\n,]{2,90}?)(?=\s*(?:\(|,|;|\.\s|\.$|$|dated|as\s+of|\n|under\s|with\s))""",
    re.VERBOSE,
)


def find_amendments(document: Document, definitions: Sequence[Definition]) -> tuple[Amendment, ...]:
    """What the document amends; nothing where it does not say so near its beginning."""
    text = document.text
    named = _named(text) if is_amendment(document) else None
    if named is None:
        return ()
    start, end = named
    title, date = " ".join(text[start:end].split()), _date(text, start, end)
    return (
        Amendment(start, end, title, date, _parties(text, end, definitions), tuple(find_changes(document))),
    )


def is_amendment(document: Document) -> bool:
    """Whether the document calls itself one in its title or opening lines."""
    head = f"{document.title}\n{document.text[:_TITLE]}"
    found = _IS_AMENDMENT.search(head)
    return found is not None and not _RESTATED.match(head, found.end())


def _named(text: str) -> tuple[int, int] | None:
    """The first full name of the amended document; a dated one before one that has no date."""
    best: tuple[int, int] | None = None
    for match in _AMENDED.finditer(text, 0, _OPENING):
        group = next(name for name in ("title", "ru", "zh") if match[name])
        words = match[group].split()
        if (
            words[0].lower() == "this"
            or _IS_AMENDMENT.search(match[group])
            or (group == "title" and not words[1:])  # "the Agreement" names nothing
        ):
            continue
        if _date(text, *match.span(group)):
            return match.span(group)
        best = best or match.span(group)
    return best


def _date(text: str, start: int, end: int) -> str:
    found = _DATED.match(text, end, end + _DATE_BELOW)
    if found and _OF_THIS_ONE.search(found["between"]):
        found = None
    found = found or _DATED_BEFORE.search(text, max(0, start - 24), max(0, start - 1))
    found = found or _DATED_BEFORE.search(text, max(0, start - 24), start)
    return " ".join(found["date"].split()) if found else ""


def _parties(text: str, end: int, definitions: Sequence[Definition]) -> tuple[str, ...]:
    found = _PARTIES.search(text, end, end + _DATE_BELOW)
    if found and not re.match(r"them\b|the\s+parties", found["one"]):
        return tuple(" ".join(found[group].split()).strip(" ,") for group in ("one", "other"))
    return tuple(dict.fromkeys(d.term for d in definitions if d.kind == "party"))

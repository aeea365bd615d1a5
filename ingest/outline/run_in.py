"""Numbers in the midst of text that has lost its line breaks: believed where many of them count on.

``… agree as follows: 1. Definitions 1.1 "Batch" means …``: nothing but the numbers tells where a clause
begins. A number alone may be a reference, an amount or an item; a long chain of successors is none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from heapq import merge
from typing import TYPE_CHECKING

from ingest.outline.marks import PROSE, numbered, renamed
from ingest.outline.numbering import DECIMAL, number_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, Element
    from ingest.outline.marks import Mark
    from ingest.outline.numbering import Value

_SHORTEST = 5
"""Numbers that a chain needs to be believed."""
_CHAINS = 6
"""Chains of one document that are looked for: its body, and what is attached to it."""
_MOST, _FEW, _APART = 20_000, 100, 50
"""Numbers of a document that are looked at; more of them, or closer than so many code points, are a table."""
_COUNTING = frozenset({DECIMAL, "1.", "article", "section"})
_CANDIDATE = re.compile(
    r"(?P<value>\d{1,2}(?:\.\d{1,2}){1,4})[.)]?\s{1,9}[\"“(]?(?=[^\W\d_])|(?P<plain>\d{1,2})\.\s{1,9}(?=[^\W\d_])"
)
_WITH_WORD = re.compile(
    r"(?:ARTICLE|Article|SECTION|Section)\s{1,3}(?:\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,6})(?=[.:]?\s{1,9}[A-Z])"
)
_REFERRING = re.compile(
    r"""(?:[§$€£#(\[]|\b(?:sections?|articles?|clauses?|paragraphs?|subsections?|sub-?clauses?|items?|exhibits?
        |schedules?|annex|appendix|no|nos|part|rule|version|and|or|to|through|in|of|under|by|with|per|see|from
        |than|as|this|said|the|пункт\w*|стать\w+|раздел\w*|п|ст|и|или|по|в|с|к)\.?|[–—,-])$""",
    re.VERBOSE | re.IGNORECASE,
)
"""In front of a number that is referred to, or measures something."""
_LOOK_BACK = 16
_ENTRY = re.compile(
    r"""[.)]?[^.]{2,90}?(?:[\s.…_]{2,250}|\s)\d{1,3}
        (?:\s+(?=\d{1,2}\.|Section\s|SECTION\s|Article\s|ARTICLE\s|Exhibit\s|EXHIBIT\s)|\s{3}|\s*$)""",
    re.VERBOSE,
)
"""After a number of a table of contents: a name and a page."""
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class _Link:
    """A number that may be part of a chain."""

    start: int
    value: Value
    element: Element | None = None
    """The block that it stands in; None where a mark has been made of it already."""


def with_run_in(document: Document, marks: Sequence[Mark]) -> list[Mark]:
    """The marks, and in their order the numbers within text that a chain of successors proves."""
    text = document.text
    marks = [mark for mark in marks if not (mark.inline and _is_entry(text, mark))]
    known = {mark.number.start for mark in marks if mark.number is not None}
    loose = [
        link
        for element in document.elements
        if element.kind in PROSE
        for link in _candidates(text, element)
        if link.start not in known
    ]
    if len(loose) > min(_MOST, _FEW + len(text) // _APART):
        return marks
    own = [_Link(mark.start, value) for mark in marks if (value := _value(mark))]
    proven = _proven(list(merge(own, loose, key=lambda link: link.start)))
    if not proven:
        return marks
    kept = [replace(mark, proven=True) if mark.inline and mark.start in proven else mark for mark in marks]
    kept = sorted((*kept, *_marks(text, loose, proven)), key=lambda mark: mark.start)
    return [_named(text, mark, after) for mark, after in zip(kept, (*kept[1:], None), strict=False)]


def _candidates(text: str, element: Element) -> list[_Link]:
    found = [
        _Link(each.start(), _decimals(each), element)
        for each in _CANDIDATE.finditer(text, element.start + 1, element.end)
        if text[each.start() - 1].isspace() and not text[each.end()].islower()
    ]
    for each in _WITH_WORD.finditer(text, element.start + 1, element.end):
        number = number_at(text, each.start(), element.end)
        if number is not None and number.styles[0][0] in _COUNTING:
            found.append(_Link(each.start(), number.styles[0][1], element))
    links = (link for link in found if not _is_referred_to(text, element, link.start))
    return sorted(links, key=lambda link: link.start)


def _decimals(found: re.Match[str]) -> Value:
    return tuple(map(int, (found["value"] or found["plain"]).split(".")))


def _is_referred_to(text: str, element: Element, start: int) -> bool:
    before = text[max(element.start, start - _LOOK_BACK) : start].rstrip()
    return _REFERRING.search(before) is not None


def _value(mark: Mark) -> Value:
    """As a decimal number; empty where the mark counts in another way."""
    if mark.number is None or mark.stated or mark.number.styles[0][0] not in _COUNTING:
        return ()
    return mark.number.styles[0][1]


def _proven(links: Sequence[_Link]) -> set[int]:
    """Where the numbers of long chains start, the longest chain first."""
    found: set[int] = set()
    for _ in range(_CHAINS):
        chain = _longest_chain(links)
        if len(chain) < _SHORTEST:
            break
        found |= chain
        links = [link for link in links if link.start not in chain]
    return found


def _longest_chain(links: Sequence[_Link]) -> set[int]:
    """The starts of 1, 1.1, 1.2, 1.2.1, 1.3, 2 …, as far as the longest one counts."""
    lengths: dict[int, tuple[int, int | None]] = {}
    exact: dict[Value, int] = {}
    under: dict[Value, int] = {}
    """For every prefix, the last number of the longest chain that ends below it."""
    for link in links:
        value, before = link.value, _predecessor(link.value, exact, under)
        made = lengths[link.start] = 1 + (lengths[before][0] if before is not None else 0), before
        for known, key in ((exact, value), *((under, value[:n]) for n in range(1, len(value) + 1))):
            held = known.get(key)
            if held is None or _is_better(made, lengths[held]):
                known[key] = link.start
    last = max(lengths, key=lambda start: (lengths[start][0], start), default=None)
    chain: set[int] = set()
    while last is not None:
        chain.add(last)
        last = lengths[last][1]
    return chain


def _is_better(one: tuple[int, int | None], held: tuple[int, int | None]) -> bool:
    """Of two as long, the later: the first may be a list of contents. After one number, the nearest."""
    return one[0] > held[0] or (one[0] == held[0] and (one[1] is None or one[1] != held[1]))


def _predecessor(value: Value, exact: dict[Value, int], under: dict[Value, int]) -> int | None:
    """What 1.3 follows on: 1.2 or anything below it; 2.1 follows on 2, or where nobody printed it, on 1."""
    *above, last = value
    if last > 1:
        return under.get((*above, last - 1))
    if not above:
        return None
    parent = exact.get(tuple(above))
    if parent is not None or len(above) > 1:
        return parent
    return under.get((above[0] - 1,))


def _marks(text: str, loose: Sequence[_Link], proven: set[int]) -> Iterator[Mark]:
    for link in loose:
        if link.element is None or link.start not in proven:
            continue
        number = number_at(text, link.start, link.element.end)
        if number is not None and number.styles[0][0] in _COUNTING:
            mark = numbered(text, link.element, number, inline=True)
            if not _is_entry(text, mark):
                yield replace(mark, proven=True)


def _is_entry(text: str, mark: Mark) -> bool:
    """Whether it is a number of a table of contents."""
    return mark.number is not None and _ENTRY.match(text, mark.number.end, mark.end) is not None


def _named(text: str, mark: Mark, following: Mark | None) -> Mark:
    """What stands between a number and the next one in the same block is its name, or holds it."""
    if mark.number is None or mark.heading or following is None or not following.proven:
        return mark
    if following.end != mark.end or following.start - mark.number.end > _LONGEST_NAME:
        return mark
    return renamed(text, mark, following.start)

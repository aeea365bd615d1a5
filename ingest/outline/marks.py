"""Where sections may begin: headings of the reader, numbers that open a block, numbers after a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from ingest.outline.names import label, name_after
from ingest.outline.numbering import ATTACHED, DECIMAL, number_at, printed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.model import Document, Element
    from ingest.outline.numbering import Number

_MOST = 300_000
"""Marks of a document: 200 MB of contracts have as many."""
_LONGEST_HEADING = 400
"""Code points of a heading that are looked at: a hostile one must not cost more."""
_LONGEST_TITLE_OF_ATTACHED = 160
_FILING = 600
"""Code points at the beginning where "Exhibit 10.5" is the label that the document was filed under."""
_BY_LAYOUT = frozenset({"", "pdf", "plain", "docx", "doc", "rtf", "image"})
"""Readers that tell the depth of a heading from its looks, or from styles that people use for looks."""
PROSE = frozenset({"heading", "paragraph", "list_item"})
"""Kinds of elements that sections may begin in."""
_MARKDOWN = re.compile(r"[>\s]{0,8}#{1,6}\s{0,8}|[>\s]{0,8}")
_MARKDOWN_END = re.compile(r"(?:\s{1,8}#{1,6}|\n[=-]+)\s*$")
_EMPHASIS = re.compile(r"(?:[-*+]\s{1,3}(?=[(\d]))?[*_]{0,3}(?=[\"“]?[\w(（§])")
_QUOTES = '"“'
_INLINE = re.compile(
    r"""(?:[.;:”"]\s{1,2}|[。；：]\s{0,40}|\n[\ \t]{0,40})(?=\d)
      | (?P<wide>[.;:”"]\s{3,40})(?=[\dA-Z(§])
      | (?<=\S)(?P<apart>\s{3,40})(?=\d|Article|ARTICLE|Section|SECTION)""",
    re.VERBOSE,
)
"""In front of a number in the midst of a block: a sentence has ended, or there is a wide space."""
_GOES_ON = re.compile(r"\s{1,20}[\"“«(]?[A-ZА-ЯЁ\u4e00-\u9fff]")
_LETTERED = re.compile(r"\s{1,20}[\"“«]?\w")
_ENDS_IN_PAGE = re.compile(
    r"(?:\.\s?){4,}|…|_{3,}|(?:[^\W\d_][.,)]?\s+|\t\s*)\d{1,3}(?:\s+-\s?[ivxlc\d]{1,5}\s?-)?\s*$"
)
_SAID = re.compile(
    r"\s*[,，;；]|\s+(?:of|to|and|or|in|is|are|shall|hereto|hereof|attached|above|below|или|и|к)\b"
)
"""After a named number: it is being referred to. An attached part may be one "to" something."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a section may begin."""

    start: int
    number: Number | None
    shown: str
    """The number as printed; empty where there is none."""
    label: str
    heading_end: int
    headed: bool
    """Whether it has a name: the reader called it a heading, or words stand after the number."""
    heading: bool
    """Whether the reader called it a heading."""
    level: int | None
    """The reader's."""
    inline: bool
    """Whether it stands in the midst of a block."""
    end: int
    """Of the block."""
    stated: bool = False
    """Whether the document says how deep the heading stands, as Markdown, HTML and mail do."""
    proven: bool = False
    """Of one in the midst of a block: whether many others count up to it, or on from it."""

    @property
    def attached(self) -> bool:
        """Whether it opens an exhibit, a schedule, an annex or an appendix."""
        return self.number is not None and self.number.styles[0][0] == ATTACHED


def find_marks(document: Document) -> list[Mark]:
    """Every place where a section may begin, in reading order; of a hostile text the first ones."""
    by_layout = document.reader.split("/", 1)[0] in _BY_LAYOUT
    marks = (
        mark
        for element in document.elements
        if element.kind in PROSE
        for mark in _of_element(document.text, element, by_layout=by_layout)
    )
    return list(islice(marks, _MOST))


def _of_element(text: str, element: Element, *, by_layout: bool) -> Iterator[Mark]:
    start = _words_start(text, element)
    quoted = text[start : start + 1] in _QUOTES
    number = number_at(text, start + quoted, min(element.end, start + 40))
    if element.kind == "heading":
        stated = element.level is not None and not by_layout
        if number is None or stated or not _is_entry(text, element, number):
            heading = _heading(text, element, start + (quoted and number is not None), number)
            yield replace(heading, stated=stated)
        return
    if number is not None and not _is_entry(text, element, number):
        mark = _opening(text, element, number)
        if mark is not None:
            yield mark
    yield from _inline(text, element)


def _words_start(text: str, element: Element) -> int:
    """Behind the marks of Markdown."""
    begin = _MARKDOWN.match(text, element.start, element.end)
    start = begin.end() if begin else element.start
    emphasis = _EMPHASIS.match(text, start, element.end)
    return emphasis.end() if emphasis else start


def _heading(text: str, element: Element, start: int, number: Number | None) -> Mark:
    words = _MARKDOWN_END.sub("", text[start : min(element.end, element.start + _LONGEST_HEADING)])
    filed = number is not None and _is_filing(number)
    shown = printed(text, number) if number else ""
    if filed:
        number = None
    shown_label = label(words.replace("**", "")) or label(element.text[:_LONGEST_HEADING])
    return Mark(
        element.start,
        number,
        shown,
        shown_label,
        element.end,
        headed=True,
        heading=True,
        level=element.level,
        inline=False,
        end=element.end,
    )


def _is_filing(number: Number) -> bool:
    style, value = number.styles[0]
    return style == ATTACHED and number.start < _FILING and len(value) > 1


def _is_entry(text: str, element: Element, number: Number) -> bool:
    """A line of a table of contents or of a form."""
    short = element.end - element.start <= _LONGEST_HEADING
    return short and _ENDS_IN_PAGE.search(text[number.end : element.end]) is not None


def _opening(text: str, element: Element, number: Number) -> Mark | None:
    if number.named:
        if _is_filing(number) or not _stands_alone(text, element, number):
            return None
    elif text[number.end : number.end + 1].isdecimal():
        return None
    return numbered(text, element, number, inline=False)


def _stands_alone(text: str, element: Element, number: Number) -> bool:
    """A named number opens a clause, unless the words go on as those of a sentence do."""
    rest = text[number.end : min(element.end, number.end + _LONGEST_TITLE_OF_ATTACHED)]
    if number.styles[0][0] == ATTACHED:
        short = element.end - element.start <= _LONGEST_TITLE_OF_ATTACHED
        goes_on = _SAID.match(rest.removeprefix(" to").removeprefix(" к"))
        return short and not goes_on and not rest.rstrip().endswith((".", ";", ","))
    return not _SAID.match(rest) and not rest.lstrip(" .:—–-)（(")[:1].islower()


def _inline(text: str, element: Element) -> Iterator[Mark]:
    for found in _INLINE.finditer(text, element.start, element.end):
        number = number_at(text, found.end(), element.end)
        if number is not None and _opens_inline(text, element, number, found):
            yield numbered(text, element, number, inline=True)


def _opens_inline(text: str, element: Element, number: Number, found: re.Match[str]) -> bool:
    style = number.styles[0][0]
    spaced = bool(found["wide"] or found["apart"])
    if number.named:
        return spaced and style != ATTACHED and _stands_alone(text, element, number)
    if style in {DECIMAL, "1."}:
        return _GOES_ON.match(text, number.end) is not None and not (style == "1." and found["apart"])
    return bool(found["wide"]) and _LETTERED.match(text, number.end) is not None


def numbered(text: str, element: Element, number: Number, *, inline: bool) -> Mark:
    """The mark of a number, with the name that stands after it."""
    shown = printed(text, number)
    mark = Mark(
        number.start if inline else element.start,
        number,
        shown,
        shown,
        number.end,
        headed=False,
        heading=False,
        level=None,
        inline=inline,
        end=element.end,
    )
    return renamed(text, mark, element.end)


def renamed(text: str, mark: Mark, end: int) -> Mark:
    """The mark with the name that stands between its number and ``end``, if one does."""
    assert mark.number is not None
    number = mark.number
    if mark.attached:
        name, stop = number.end, end
    else:
        name, stop = name_after(text, number.end, end)
    words = text[number.start : stop].replace("**", "").rstrip(" .:") if stop > number.end else ""
    return replace(
        mark,
        label=label(words) or mark.shown,
        heading_end=max(stop, number.end) if stop > name else number.end,
        headed=stop > name,
    )

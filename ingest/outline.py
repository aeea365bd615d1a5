"""Sections: headings and their numbers laid over a document's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.model import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Document, Element

_NUMBER = re.compile(
    r"""\s*(?P<number>
        (?:ARTICLE|Article|SECTION|Section|Sec\.|EXHIBIT|Exhibit|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix
          |PART|Part|CHAPTER|Chapter|Статья|СТАТЬЯ|Раздел|РАЗДЕЛ|Глава|ГЛАВА|Приложение|ПРИЛОЖЕНИЕ|Пункт)
            \s*(?:№\s*)?(?:\d+(?:\.\d+)*|[IVXLC]+|[A-Z])\b
        | 第\s*[一二三四五六七八九十百零〇\d]+\s*[条章节款编]
        | 附件\s*[一二三四五六七八九十\d]+
        | [一二三四五六七八九十]+、
        | \d+(?:\.\d+)*\b
        | [IVXLC]+(?=\.)
        | \([a-zivx]{1,4}\)
        )""",
    re.VERBOSE,
)
_MARKDOWN = re.compile(r"^[>\s]*#{1,6}\s*|\s*#+\s*$|\n[=-]+\s*$")
"""What marks a heading in Markdown and is not part of it."""
_DECIMALS = re.compile(r"\d+(?:\.\d+)*$")
_CLAUSE = re.compile(r"\(")
LONGEST_LABEL = 80
_LONGEST_HEADING = 400
"""Code points of a heading that are looked at: a hostile one must not cost more."""


def outline(document: Document) -> tuple[Section, ...]:
    """Sections in reading order, nested by heading level, else by the depth of their numbers.

    Every section runs up to the next heading that is not below it.
    """
    headings = list(Elements.of(document.elements, document.text).of_kind("heading"))
    levels = [_level(heading) for heading in headings]
    ends = _ends(headings, levels, len(document.text))
    sections: list[Section] = []
    open_sections: list[Section] = []
    for heading, level, end in zip(headings, levels, ends, strict=True):
        open_sections = [s for s in open_sections if s.level < level]
        path = (*(open_sections[-1].path if open_sections else ()), _label(heading))
        section = Section(heading.start, end, level, _number(heading), _label(heading), heading.end, path)
        sections.append(section)
        open_sections.append(section)
    return tuple(sections)


def _number(heading: Element) -> str:
    found = _NUMBER.match(_words(heading))
    return " ".join(found["number"].split()).rstrip("、") if found else ""


def _level(heading: Element) -> int:
    """The reader's level, which knows the layout; else what the numbering tells."""
    if heading.level is not None:
        return heading.level
    number = _number(heading)
    if _CLAUSE.match(number):
        return 3
    decimals = _DECIMALS.search(number)
    return 1 + decimals[0].count(".") if decimals else 1


def _ends(headings: Sequence[Element], levels: Sequence[int], length: int) -> list[int]:
    ends = [length] * len(headings)
    open_headings: list[int] = []
    for i, level in enumerate(levels):
        while open_headings and levels[open_headings[-1]] >= level:
            ends[open_headings.pop()] = headings[i].start
        open_headings.append(i)
    return ends


def _words(heading: Element) -> str:
    return _MARKDOWN.sub("", heading.text[:_LONGEST_HEADING])


def _label(heading: Element) -> str:
    label = " ".join(_words(heading).split())
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"

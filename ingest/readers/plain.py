"""Plain text: paragraphs, list items and headings, told from blank lines, markers and numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.elements import ElementColumns, Elements
from ingest.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Element, ElementKind
    from ingest.readers.progress import OnPage

READER = "plain/1"

_LONGEST_HEADING = 100
_LONG_LINE = 1 << 16
"""Code points of a line that are copied to look at it."""
_VISIBLE = re.compile(r"\S")
_REPORTED = 1 << 14
"""Elements between two signs of life."""
_LONGEST_TITLE = 200
_TITLE_AMONG = 10
"""Elements among which a document's title stands, if it has one."""
_NAMED = r"""(?:ARTICLE|Article|SECTION|Section|Sec\.|EXHIBIT|Exhibit|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX
    |Appendix|PART|Part|CHAPTER|Chapter|СТАТЬЯ|Статья|РАЗДЕЛ|Раздел|ГЛАВА|Глава|ПРИЛОЖЕНИЕ|Приложение)
    \s{0,3}(?:№\s?)?(?:\d{1,4}(?:\.\d{1,3})*|[IVXLC]{1,8}|[A-Z](?:-\d{1,2})?)\b[.:]?"""
_HAN = r"""(?:第\s?[一二三四五六七八九十百零〇\d]{1,6}\s?[条條章节節款编編]
    |附件\s?[一二三四五六七八九十\d]{1,3})[:：、]?"""
_NUMBERED = re.compile(
    rf"(?:(?P<strong>{_NAMED}|{_HAN}|\d{{1,3}}(?:\.\d{{1,3}})+\.?(?=\s))|\d{{1,3}}\.(?=\s))\s*", re.VERBOSE
)
_MARKER = re.compile(
    r"""(?P<bullet>[-*+•·‣▪◦●○–—](?=\s))
      | (?P<item>[(（]?(?:\d{1,3}|[A-Za-zА-Яа-я]|[ivxIVX]{1,6}|[一二三四五六七八九十]{1,3})[)）]
            (?=\s|[^\W\d_])
        | (?:\d{1,3}|[A-Za-z])\.(?=\s) | [一二三四五六七八九十\d]{1,3}、)""",
    re.VERBOSE,
)
_STOPS = (*".;:!?。；：！？…", "; and", "; or", ", and", ", or", ".”", '."', ".)")
_LEADERS = re.compile(r"\.\s?\.\s?\.|…|(?:\t|\s{3,})\d+$|_{3,}")
"""Lines of a table of contents or of a form, which look like headings and are none."""
_CLAUSE = re.compile(
    r"""\b(?:shall|will|must|may|is|are|was|were|means?|agrees?|has|have|hereby|обязан\w*|должн?\w*|вправе
        |является|являются|осуществля\w+)\b|应当?|不得|[,，;；]$|[a-z]:$|[.。!?]\s*\S
        |[^\W\d_.]\s+\d{1,3}$""",  # the last: a page number of a table of contents
    re.VERBOSE,
)
"""Signs that words say something instead of naming it."""
_WORDS_OF_A_NAME = 12
_CHARACTERS_OF_A_HAN_NAME = 24


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without the white space around it; of a very long one, ``body`` is beginning and end."""

    start: int
    end: int
    body: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """How an element begins; ``shape`` is its marker with every number and letter made equal."""

    kind: ElementKind
    shape: str = ""


_BLANK = _Line(0, 0, "")


def read_plain(text: str, path: str, on_page: OnPage | None = None) -> Document:
    """Mark the blocks of a text; the text itself stays as it is, and is its canonical text.

    The title is the first heading near the beginning, else the stem of ``path``. ``on_page`` is told how many
    elements' worth of text is read, and of how much, in code points.
    """
    columns = ElementColumns()
    for start, end, kind in _blocks(text):
        columns.append(start, end, kind)
        if on_page and not len(columns.starts) % _REPORTED:
            on_page(end, len(text))
    elements = Elements(text, columns)
    among = range(min(len(elements), _TITLE_AMONG))
    headings = [elements[index] for index in among if elements.kind(index) == "heading"]
    return Document(text, title_of(headings, path), elements, reader=READER)


def title_of(elements: Sequence[Element], path: str) -> str:
    """The first title or heading among the first elements, else the stem of ``path``."""
    for element in elements[:_TITLE_AMONG]:
        if element.kind in {"title", "heading"}:
            return " ".join(element.text.split())[:_LONGEST_TITLE]
    return PurePosixPath(path).stem


def is_heading(line: str, *, alone: bool) -> bool:
    """Whether a line, stripped, names what follows: short, and numbered or all in capitals.

    ``1. Milk`` does so only ``alone``, between empty lines; elsewhere it is an item of a list.
    """
    return _is_strong(line) or (alone and _is_weak(line))


def _blocks(text: str) -> Iterator[tuple[int, int, ElementKind]]:
    previous, current = _BLANK, _Opening("paragraph")
    start = end = 0
    for line, following in _in_context(text):
        opening = _opening(previous, line, following, current) if line.body else None
        if opening is not None:
            if end > start:
                yield start, end, current.kind
            start, current = line.start, opening
        end = line.end if line.body else end
        previous = line
    if end > start:
        yield start, end, current.kind


def _in_context(text: str) -> Iterator[tuple[_Line, _Line]]:
    """Every line with the one after it."""
    line: _Line | None = None
    for following in chain(_lines(text), (_BLANK,)):
        if line is not None:
            yield line, following
        line = following


def _lines(text: str) -> Iterator[_Line]:
    begin = 0
    while begin < len(text):
        border = text.find("\n", begin)
        stop = len(text) if border < 0 else border
        if stop - begin > _LONG_LINE:
            yield _long_line(text, begin, stop)
        else:
            tail = text[begin:stop].lstrip()
            body = tail.rstrip()
            yield _Line(stop - len(tail), stop - len(tail) + len(body), body)
        begin = stop + 1


def _long_line(text: str, begin: int, end: int) -> _Line:
    """A line of which no copy is made."""
    found = _VISIBLE.search(text, begin, end)
    if found is None:
        return _Line(end, end, "")
    start = found.start()
    while text[end - 1].isspace():
        end -= 1
    half = _LONG_LINE // 2
    body = (
        text[start:end] if end - start <= _LONG_LINE else text[start : start + half] + text[end - half : end]
    )
    return _Line(start, end, body)


def _opening(previous: _Line, line: _Line, following: _Line, current: _Opening) -> _Opening | None:
    """How ``line`` opens an element; None where it goes on with the current one."""
    detached = not previous.body
    if not detached and current.kind == "heading" and _is_capitals(previous.body) and _is_capitals(line.body):
        return None  # a heading over two lines
    fresh = detached or current.kind == "heading" or previous.body.endswith(_STOPS)
    ends = not following.body[:1].islower()
    if fresh and ends and is_heading(line.body, alone=detached and not following.body):
        return _Opening("heading")
    if found := _MARKER.match(line.body):
        shape = re.sub(r"\w+", "1", found[0])
        if fresh or shape == current.shape:
            return _Opening("list_item", shape)
    if detached or current.kind == "heading" or (fresh and _NUMBERED.match(line.body)):
        return _Opening("paragraph")
    return None


def _is_strong(line: str) -> bool:
    """A number that only headings carry, or capitals throughout."""
    if len(line) > _LONGEST_HEADING or _LEADERS.search(line):
        return False
    number = _NUMBERED.match(line)
    if number is None or not number["strong"]:
        return _is_capitals(line)
    name = line[number.end() :]
    return _names(name) if name else not number["strong"][0].isdigit()


def _is_weak(line: str) -> bool:
    """``1. Milk``: a heading, or an item of a list."""
    if len(line) > _LONGEST_HEADING or _LEADERS.search(line):
        return False
    number = _NUMBERED.match(line)
    return number is not None and _names(line[number.end() :])


def _names(words: str) -> bool:
    opening = words.lstrip("\"'“«([-–— ")[:1]
    if not opening.isalpha() or opening.islower() or _CLAUSE.search(words):
        return False
    if opening.isupper():
        return len(words.split()) <= _WORDS_OF_A_NAME
    return len(words) <= _CHARACTERS_OF_A_HAN_NAME and words[-1] not in "。；：:"


def _is_capitals(line: str) -> bool:
    """Four letters or more, none of them small, and little else."""
    if len(line) > _LONGEST_HEADING or not line.isupper() or line[-1] in ",;" or _LEADERS.search(line):
        return False
    letters = sum(character.isalpha() for character in line)
    return letters >= 4 and letters * 10 >= 6 * len(line.replace(" ", ""))  # noqa: PLR2004 — 60% letters

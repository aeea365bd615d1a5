"""Where a long text may be cut: after sentences first, then lines, then words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOP = re.compile(
    r"""
    (?: [.;:?!]["')\]”’»]* (?=\s+["'(\[“‘«]*[A-ZА-ЯЁ0-9(]) \s+   # a stop, then a new start
      | [。；！？]["'」』”’）)]*\s*                                  # CJK stops need no space
      | \n[ \t]*\n\s*                                            # an empty line
    )""",
    re.VERBOSE,
)
_ABBREVIATIONS = """no nos sec art inc ltd co corp llc mr mrs ms dr vs cf al fig para ex exh st approx
    ст п пп г гг руб тыс млн стр им""".split()
_NOT_A_STOP = re.compile(
    rf"""(?: (?:^|[\s("'“«]) (?: [A-ZА-ЯЁ] | e\.g | i\.e | т\.е | т\.д | т\.п | {"|".join(_ABBREVIATIONS)} )
           | (?:^|\s)[(]?(?:\d{{1,5}}(?:\.\d+)*|[ivx]{{1,5}}) ) [.]["')\]”’»]*\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_BEFORE_STOP = 16
"""Characters before a stop that tell an abbreviation or a lone number from the end of a sentence."""


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Partition ``text[start:end]``; each piece keeps the white space that follows it."""
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() >= end:
            break
        if text[stop.start()] == "." and _NOT_A_STOP.search(
            text[max(begin, stop.start() - _BEFORE_STOP) : stop.end()]
        ):
            continue
        yield begin, stop.end()
        begin = stop.end()
    if begin < end:
        yield begin, end


def pieces(text: str, start: int, end: int, *, longest: int) -> Iterator[tuple[int, int]]:
    """Partition ``text[start:end]`` into sentences, and sentences that are too long at lines or words."""
    for first, last in sentences(text, start, end):
        yield from _halve(text, first, last, longest)


def lines(text: str, start: int, end: int, *, longest: int) -> Iterator[tuple[int, int]]:
    """Partition ``text[start:end]`` into lines, and lines that are too long at commas or words."""
    begin = start
    while begin < end:
        border = text.find("\n", begin, end)
        stop = end if border < 0 else border + 1
        yield from _halve(text, begin, stop, longest)
        begin = stop


def _halve(text: str, start: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    cuts = [start]
    while end - cuts[-1] > longest:
        cuts.append(_cut(text, cuts[-1], cuts[-1] + longest))
    cuts.append(end)
    yield from pairwise(cuts)


def _cut(text: str, start: int, limit: int) -> int:
    """The best place to cut before ``limit``, in the second half of the room if it can be."""
    middle = (start + limit) // 2
    for border in ("\n", "; ", ", ", " "):
        found = text.rfind(border, middle, limit)
        if found >= 0:
            return found + len(border)
    return limit

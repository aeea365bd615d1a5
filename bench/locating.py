"""Where a passage that another system gives back stands in the document that the system was given."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIGN = re.compile(r"[^\W_]")
_MARKER = re.compile(r"^\W*\w{1,4}[.)]\s+")
"""What a list's row begins with, which some readers number anew."""
_GAP = 40
"""Code points between two parts of a passage that count as its own: markers, white space, a dropped row."""


class Whereabouts:
    """One document, searched by exact text and then by its letters and digits alone, in order.

    Systems drop markup and change white space; few change letters.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def locate(self, passage: str, start: int | None = None) -> tuple[list[tuple[int, int]], int]:
        """Ranges of the document that make up a passage, and how many code points of it were not found."""
        passage = passage.strip()
        if start is not None:
            start = self._text.find(passage, start, start + len(passage) + _GAP)
        found = start if start is not None and start >= 0 else self._text.find(passage)
        if found >= 0:
            return ([(found, found + len(passage))] if passage else []), 0
        whole = self._by_letters(passage, 0)
        return ([whole], 0) if whole else self._by_lines(passage)

    def _by_lines(self, passage: str) -> tuple[list[tuple[int, int]], int]:
        ranges: list[tuple[int, int]] = []
        lost = after = 0
        for line in filter(_SIGN.search, passage.splitlines()):
            found = self._line(line, after)
            if found is None:
                lost += len(line)
            else:
                ranges.append(found)
                after = found[1]
        return list(joined(ranges)), lost

    def _line(self, line: str, after: int) -> tuple[int, int] | None:
        for form in (line, _MARKER.sub("", line)):
            found = self._by_letters(form, after) or self._by_letters(form, 0)
            if found:
                return found
        return None

    def _by_letters(self, passage: str, after: int) -> tuple[int, int] | None:
        wanted = "".join(_SIGN.findall(passage))
        letters, places = self._letters
        first = letters.find(wanted, bisect_left(places, after)) if wanted else -1
        return (places[first], places[first + len(wanted) - 1] + 1) if first >= 0 else None

    @cached_property
    def _letters(self) -> tuple[str, list[int]]:
        """Letters and digits of the document, and where each stands."""
        signs = [(match.group(), match.start()) for match in _SIGN.finditer(self._text)]
        return "".join(sign for sign, _ in signs), [place for _, place in signs]


def joined(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges that follow one another closely, as one."""
    last: tuple[int, int] | None = None
    for start, end in ranges:
        if last is not None and last[1] <= start <= last[1] + _GAP:
            last = last[0], end
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last

"""Where the scripts of a web page stand."""

from __future__ import annotations

import re
from itertools import pairwise

from tree_sitter import Point, Range

_OPENING = re.compile(rb"<script\b[^>]{0,1000}>", re.IGNORECASE)
_CLOSING = re.compile(rb"</script\s*>", re.IGNORECASE)


def find_scripts(data: bytes) -> list[Range]:
    """The ranges between the tags; a script that nobody closes is none."""
    found: list[tuple[int, int]] = []
    position = 0
    while opening := _OPENING.search(data, position):
        closing = _CLOSING.search(data, opening.end())
        if closing is None:
            break
        found.append((opening.end(), closing.start()))
        position = closing.end()
    places = [place for script in found for place in script]
    points = dict(zip(places, _points(data, places), strict=True))
    return [Range(points[start], points[end], start, end) for start, end in found if start < end]


def _points(data: bytes, places: list[int]) -> list[Point]:
    """Row and column of bytes that are given in order."""
    rows: list[int] = []
    row = 0
    for before, place in pairwise((0, *places)):
        row += data.count(b"\n", before, place)
        rows.append(row)
    columns = [place - data.rfind(b"\n", 0, place) - 1 for place in places]
    return [Point(row, column) for row, column in zip(rows, columns, strict=True)]

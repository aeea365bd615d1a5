"""YAML, TOML and lines of JSON: what a line begins with tells where it belongs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.readers.borders import NotWellFormed, lines
from ingest.readers.braces import scan_json

if TYPE_CHECKING:
    from ingest.readers.borders import Borders

_LONGEST_KEY = 200
_YAML_KEY = re.compile(
    r"""((?:-[ ]+)*)
    (?:"[^"\n]*+"[ ]*+ | '[^'\n]*+'[ ]*+ | [^\s#"'\[\]{},&*!|>%@`-][^\n:]*+(?::(?!\s|$)[^\n:]*+)*+)
    :(?=\s|$)""",
    re.VERBOSE,
)
_OPENS_BLOCK = re.compile(r"[ ]*+(?:[&!]\S++[ ]*+)?(?:#.*)?$")
_TABLE = re.compile(r"""\[{1,2}\s*+([\w.\-"' ]{1,200})\]{1,2}\s*+(?:#.*)?$""")
_TOML_KEY = re.compile(r"""[\w."'-]{1,200}\s*+=""")
_DEEPEST_TABLE = 4


def scan_yaml(text: str, borders: Borders) -> None:
    """Find the borders of YAML: documents, keys and items, by their indentation.

    Raises:
        NotWellFormed: no line begins with a key or an item.
    """
    if text.lstrip()[:1] in {"{", "["}:
        scan_json(text, borders)
        return
    opened: list[tuple[int, int, int]] = []
    """Of the keys around a line: indentation, start and end; the end is -1 where it opens no block."""
    seen = False
    for begin, stop in lines(text):
        indentation = _indentation(text, begin, stop)
        start = begin + indentation
        if start == stop or text[start] == "#":
            continue
        border = text.startswith(("---", "..."), begin)
        key = None if border else _YAML_KEY.match(text, start, min(stop, start + _LONGEST_KEY))
        item = text.startswith("- ", start)
        while opened and (opened[-1][0] >= indentation + item or border):
            _close(opened, begin, borders)
        if border or key or item:
            borders.cut(begin, len(opened))
            seen = seen or not border
        if key:
            block = _OPENS_BLOCK.match(text, key.end(), stop) is not None
            opened.append((indentation + len(key[1]), start, key.end() if block else -1))
    while opened:
        _close(opened, len(text), borders)
    if not seen:
        raise NotWellFormed


def scan_toml(text: str, borders: Borders) -> None:
    """Find the borders of TOML: tables are headings.

    Raises:
        NotWellFormed: there is neither a table nor a key.
    """
    quoted, seen = "", False
    for begin, stop in lines(text):
        line = text[begin:stop]
        if quoted:
            quoted = "" if line.count(quoted) % 2 else quoted
            continue
        table = _TABLE.match(line)
        if table:
            level = min(1 + table[1].count("."), _DEEPEST_TABLE)
            borders.headings.append((begin, stop, level))
        elif _TOML_KEY.match(line):
            borders.cut(begin, 1)
        seen = seen or bool(table) or bool(_TOML_KEY.match(line))
        quoted = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")
    if not seen:
        raise NotWellFormed


def scan_json_lines(text: str, borders: Borders) -> None:
    """Find the borders of JSON Lines; a broken line costs nothing.

    Raises:
        NotWellFormed: no line is an object or a list.
    """
    seen = False
    for begin, _ in lines(text):
        borders.cut(begin, 0)
        seen = seen or text[begin] in "{["
    if not seen:
        raise NotWellFormed


def _close(opened: list[tuple[int, int, int]], position: int, borders: Borders) -> None:
    _, start, end = opened.pop()
    if end >= 0:
        borders.head(start, end, len(opened) + 1, until=position)


def _indentation(text: str, begin: int, stop: int) -> int:
    return stop - begin - len(text[begin:stop].lstrip(" "))

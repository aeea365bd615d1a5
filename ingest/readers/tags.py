"""XML: elements, told by their tags alone. No entity is looked up, so none can grow."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from ingest.readers.borders import NotWellFormed

if TYPE_CHECKING:
    from ingest.readers.borders import Borders

_TAG = re.compile(r"""<(/?)[^\s<>/"'=!?]++((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_SPANS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_SUBSET_END = re.compile(r"\]\s*+>")
_TITLE = re.compile(r"<(?:[\w.-]{1,80}:)?(?:article-)?title\b[^<>]{0,500}>([^<]{1,500})</")
_HEAD = 1 << 16
"""Code points among which a title is looked for."""


def scan_xml(text: str, borders: Borders) -> None:
    """Find the borders of XML.

    Raises:
        NotWellFormed: a tag does not end, or elements do not.
    """
    depth, seen = 0, False
    position = text.find("<")
    while position >= 0:
        tag = _TAG.match(text, position)
        if tag is None:
            end = _skip(text, position)
        else:
            end = tag.end()
            if tag[1]:
                depth -= 1
            else:
                borders.cut(position, max(depth - 1, 0))
                depth += not tag[2].endswith("/")
            seen = True
        if depth < 0:
            raise NotWellFormed
        position = text.find("<", end)
    if depth or not seen:
        raise NotWellFormed


def title_of_xml(text: str) -> str:
    """The first title near the beginning, or nothing."""
    found = _TITLE.search(text, 0, _HEAD)
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _skip(text: str, position: int) -> int:
    """The end of a comment, of literal text, of an instruction, or of the document type."""
    for opening, closing in _SPANS:
        if text.startswith(opening, position):
            end = text.find(closing, position + len(opening))
            if end >= 0:
                return end + len(closing)
            raise NotWellFormed
    end = text.find(">", position)
    if not text.startswith("<!", position) or end < 0:
        raise NotWellFormed
    if text.find("[", position, end) < 0:
        return end + 1
    subset = _SUBSET_END.search(text, position)
    if subset is None:
        raise NotWellFormed
    return subset.end()

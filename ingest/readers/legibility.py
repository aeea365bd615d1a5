"""Whether the text layer of a page can be read, or only its picture can. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from ingest.readers.rows import is_dense

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.readers.rows import PrintedPage

_STRANGE_SHARE = 0.2
_FEW_LETTERS = 0.35
_ENOUGH_SIGNS = 60
"""Characters from which on their kinds tell something."""
_STAMP = 120
"""Letters: a page of no more, covered by an image, is a scan with a stamp or a page number over it."""
_LONGEST_STAMP = 1_000
"""Characters: a text as long has more letters than that, or none that anyone reads."""
_RULES = frozenset("._-–—…·•=*|+/\\°%$€£¥#□■○●☐☑☒✓✔<>()[]{}")
"""Leaders, rules, boxes to tick and what tables of figures have."""
_STRANGE_KINDS = frozenset({"Co", "Cn", "Cc", "Cs"})


def letters(page: PrintedPage) -> int:
    """Letters and digits of a page."""
    return _count(_characters(page), str.isalnum)


def is_stamp(page: PrintedPage) -> bool:
    """Whether it has so few letters that an image under them may be all that there is to read."""
    return sum(len(row.text) for row in page.rows) <= _LONGEST_STAMP and letters(page) <= _STAMP


def is_garbled(page: PrintedPage) -> bool:
    """Whether most of it is no writing: private or unknown characters, or signs without letters.

    A font that does not tell what its glyphs mean gives such text.
    """
    inked = _characters(page)
    total = sum(inked.values())
    strange = _count(inked, _is_strange)
    if strange > _STRANGE_SHARE * total:
        return True
    telling = total - _count(inked, _RULES.__contains__)
    readable = _count(inked, lambda character: character.isalnum() or is_dense(character))
    return telling >= _ENOUGH_SIGNS and readable < _FEW_LETTERS * telling


def _characters(page: PrintedPage) -> Mapping[str, int]:
    """How often each character stands on it: most pages have a hundred different ones."""
    text = "".join([row.text for row in page.rows]).replace(" ", "")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    # A quarter quicker than counting characters one by one.
    found, counts = np.unique(codes, return_counts=True)
    return dict(zip(map(chr, found.tolist()), counts.tolist(), strict=True))


def _count(inked: Mapping[str, int], belongs: Callable[[str], bool]) -> int:
    return sum(count for character, count in inked.items() if belongs(character))


def _is_strange(character: str) -> bool:
    return character == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(character) in _STRANGE_KINDS

"""What a block is: heading, list item, table or paragraph; and which heading is the title."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from ingest.readers.blocks import DIVISION, ENDS_IN_PAGE, ITEM, is_capital, is_tabular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.readers.blocks import Block

Kind = Literal["heading", "paragraph", "list_item", "table"]

_LARGE = 1.15
_LONGEST_HEADING = 160
_LONGEST_PLAIN_HEADING = 90
"""Of a heading that only its number and its capitals give away."""
_FEWEST_CAPITALS = 4
_TITLE_WORD, _MOST_TITLE_WORDS = 4, 8
"""Letters of a word that a heading capitalises; how many such words a heading with a full stop has."""
_DEEPEST = 6
_NUMBER = re.compile(r"(\d{1,3}(?:(?:\.\d{1,3})+|(?=\.)))\.?\s+(?=[\"“(]?[A-ZА-ЯЁ])")
_COMPANY = re.compile(r"\b(?:inc|ltd|llc|corp|co|l\.?p|plc|gmbh|s\.a)\b\.?,?$", re.IGNORECASE)
_FORM = re.compile(r"(?:by|name|title|date|attn|address|and|between)\b\s*:?|.*_{3}", re.IGNORECASE)
NAMES_DOCUMENT = re.compile(
    r"agreement|contract|amendment|lease|licen[cs]e|policy|terms|договор|соглашени|политик|协议|合同|政策",
    re.IGNORECASE,
)
"""The words that a contract's or a policy's title has."""
_PART_OF_LEVEL_TWO = re.compile(r"section|статья|第.+条", re.IGNORECASE)


def kind_of(block: Block, body: float, larger: Sequence[float]) -> tuple[Kind, int | None]:
    """The kind of a block and, for a heading, its level.

    Args:
        block: its rows tell size, weight and columns.
        body: the font size of running text.
        larger: the font sizes of headings, largest first.
    """
    if is_heading(block, body):
        return "heading", _level(block, body, larger)
    columns = sum(is_tabular(row) for row in block.rows)
    if columns > 1 and columns >= 0.6 * len(block.rows):
        return "table", None
    if ITEM.match(block.text) and not _NUMBER.match(block.text):
        return "list_item", None
    return "paragraph", None


def is_heading(block: Block, body: float) -> bool:
    """Short, and set apart by size, weight, capitals or a number; not an entry in a list of contents."""
    text = block.text
    if len(text) > _LONGEST_HEADING or not any(map(str.isalpha, text)):
        return False
    if text.endswith((",", ";")) or _FORM.match(text) or any(map(is_tabular, block.rows)):
        return False
    if ENDS_IN_PAGE.search(text) and not DIVISION.fullmatch(text):
        return False
    if block.size >= _LARGE * body:
        return True
    return _is_emphasised(block) or _is_numbered_heading(text)


def _is_emphasised(block: Block) -> bool:
    text = block.text
    if text[0].islower() or (text.endswith(".") and not (ITEM.match(text) or is_capital(text))):
        return False
    if "@" in text or "://" in text:
        return False
    if is_capital(text):
        return sum(map(str.isalpha, text)) >= _FEWEST_CAPITALS and not _COMPANY.search(text)
    return len(text) <= _LONGEST_PLAIN_HEADING and all(row.bold for row in block.rows)


def _is_numbered_heading(text: str) -> bool:
    """``4.2 Term and Termination.``: a number, then one phrase whose words begin with capitals."""
    label = DIVISION.match(text) or _NUMBER.match(text)
    if label is None or len(text) > _LONGEST_PLAIN_HEADING:
        return False
    phrase = text[label.end() :].strip(" .:—–-")
    words = [word for word in re.findall(r"\w+", phrase) if len(word) >= _TITLE_WORD]
    if ". " in phrase or (text.endswith(".") and len(words) > _MOST_TITLE_WORDS):
        return False
    capital = sum(not word[0].islower() for word in words)
    return capital >= 0.7 * len(words) if words else bool(DIVISION.match(text) or phrase)


def _level(block: Block, body: float, larger: Sequence[float]) -> int:
    number = _NUMBER.match(block.text)
    if number:
        return min(_DEEPEST, number[1].count(".") + 1 if not number[1].endswith(".0") else 1)
    if DIVISION.match(block.text):
        return 2 if _PART_OF_LEVEL_TWO.match(block.text) else 1
    if block.size >= _LARGE * body:
        return min(_DEEPEST, 1 + sum(size > _rounded(block.size) for size in larger))
    return min(_DEEPEST, 1 + len(larger))


def larger_sizes(blocks: Iterable[Block], body: float) -> list[float]:
    """The font sizes of headings above the running text's, largest first."""
    large = (block for block in blocks if block.size >= _LARGE * body and is_heading(block, body))
    return sorted({_rounded(block.size) for block in large}, reverse=True)


def _rounded(size: float) -> float:
    """A font size to half a point, as sizes are compared."""
    return round(size * 2) / 2


def title_of(blocks: Sequence[tuple[Block, bool]]) -> int | None:
    """The index of the block that names the document: the largest heading before its running text.

    Of equally large ones the first wins that names a kind of document. "Exhibit 10.1" names an attachment,
    no document.

    Args:
        blocks: those of the first page that has any, with whether each is a heading.
    """
    best: int | None = None
    best_rank = (0.0, False)
    for index, (block, heading) in enumerate(blocks):
        if not heading:
            if len(block.text) > _LONGEST_HEADING:
                break
            continue
        if DIVISION.match(block.text) or _NUMBER.match(block.text):
            continue
        rank = (_rounded(block.size), NAMES_DOCUMENT.search(block.text) is not None)
        if best is None or rank > best_rank:
            best, best_rank = index, rank
    return best

"""Printed rows → blocks: which rows belong to one paragraph, and what joins them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ingest.readers.rows import is_dense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.readers.rows import PrintedPage, Row

ITEM = re.compile(
    r"(?:[•‣▪●○◦■□–—*-]|\([A-Za-z0-9]{1,5}\)|[A-Za-z]\)|[a-z]\.|[ivxlc]{1,5}[.)]|\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+[.)]?)"
    r"(?=\s|$)"
)
"""A bullet or number in front of an item or a clause: ``•``, ``(a)``, ``1.``, ``4.2``."""
DIVISION = re.compile(
    r"(?:article|section|exhibit|schedule|appendix|annex|part|chapter|attachment|статья|раздел|глава|приложение)"
    r"\s+[\dIVXLCA-Z][\w.-]*(?=$|[\s:.—–-])|第[\d一二三四五六七八九十百零〇]+[条章节]",
    re.IGNORECASE,
)
"""The label of a part of a contract: ``ARTICLE IV``, ``Section 4.2``, ``Статья 5``, ``第三条``."""
ENDS_IN_PAGE = re.compile(r"(?:\.\s?){4,}|\s(?:\d{1,3}|[ivx]{1,5})$")
"""An entry in a list of contents: leaders, or the number of a page."""
_WIDE = 0.55
_LONGEST_LABEL = 8
_SENTENCE_END = (".", ":", ";", "!", "?", "。", "；", "：", "”", '"')


@dataclass(frozen=True, slots=True)
class Measures:
    """What is usual in a document: font size, and the distance from row to row in font sizes."""

    size: float
    pitch: float

    @classmethod
    def of(cls, pages: Sequence[PrintedPage]) -> Measures:
        """Take the size of most characters, and the closest distance that is common."""
        sizes: Counter[float] = Counter()
        for page in pages:
            for row in page.rows:
                sizes[round(row.size * 2) / 2] += len(row.text)
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        pitches = Counter(
            round((after.bottom - row.bottom) / row.size, 1)
            for page in pages
            for row, after in zip(page.rows, page.rows[1:], strict=False)
            if 0.8 * row.size < after.bottom - row.bottom < 3 * row.size
        )
        common = [pitch for pitch, count in pitches.items() if count >= 0.15 * pitches.total()]
        return cls(size, min(common, default=1.2))


@dataclass(frozen=True)
class Block:
    """Rows that belong together; ``joins[i]`` stands before row i, the first is empty."""

    rows: tuple[Row, ...]
    joins: tuple[str, ...]

    @cached_property
    def text(self) -> str:
        """The rows, joined."""
        return "".join(join + row.text for join, row in zip(self.joins, self.rows, strict=True))

    @property
    def size(self) -> float:
        """The font size of its first row."""
        return self.rows[0].size


def is_tabular(row: Row) -> bool:
    """Whether the row has columns; the blank after a clause's number makes none."""
    if row.gaps == 1 and (ITEM.match(row.text) or DIVISION.match(row.text)):
        return ENDS_IN_PAGE.search(row.text) is not None
    return row.gaps > 0


def is_capital(text: str) -> bool:
    """Whether it has letters with case and all of them are capitals."""
    return text.isupper()


def with_labels(rows: Sequence[Row]) -> list[Row]:
    """Put a row that is nothing but a number or a bullet before the row that it stands in front of.

    Some programs print all the numbers of a page after its text.
    """
    labels = [row for row in rows if _is_label(row)]
    if not labels:
        return list(rows)
    places = {id(row): index for index, row in enumerate(rows)}
    order: list[tuple[float, Row]] = [(index, row) for index, row in enumerate(rows)]
    for label in labels:
        beside = [row for row in rows if not _is_label(row) and _same_line(label, row)]
        if beside:
            nearest = min(beside, key=lambda row: row.x0)
            order[places[id(label)]] = (places[id(nearest)] - 0.5, label)
    return [row for _, row in sorted(order, key=lambda entry: entry[0])]


def _is_label(row: Row) -> bool:
    return len(row.text) <= _LONGEST_LABEL and ITEM.fullmatch(row.text) is not None


def blocks_of(rows: Sequence[Row], measures: Measures) -> list[Block]:
    """Group the rows of one page.

    A row that the next word would still have fitted on ends on purpose: it is joined by a line feed, any
    other by a space.
    """
    if not rows:
        return []
    limits = _right_limits(rows)
    blocks: list[Block] = []
    current, joins = [rows[0]], [""]
    for row, limit in zip(rows[1:], limits, strict=False):
        full = current[-1].x1 + 0.25 * row.size + row.first_word > limit
        if _begins_block(current, row, measures, full=full):
            blocks.append(Block(tuple(current), tuple(joins)))
            current, joins = [], []
        joins.append(_join(current[-1], row, full=full) if current else "")
        current.append(row)
    return [*blocks, Block(tuple(current), tuple(joins))]


def _right_limits(rows: Sequence[Row]) -> list[float]:
    """How far to the right each row could have gone: the margin of the page, or of its column."""
    width = max(row.x1 for row in rows) - min(row.x0 for row in rows)
    wide = sorted(row.x1 for row in rows if row.x1 - row.x0 > _WIDE * width)
    if len(wide) * 4 >= len(rows):
        return [wide[int(0.9 * (len(wide) - 1))]] * len(rows)
    narrow = [row for row in rows if row.x1 - row.x0 <= _WIDE * width]
    return [max([row.x1, *(o.x1 for o in narrow if o.x0 < row.x1 and row.x0 < o.x1)]) for row in rows]


def _begins_block(current: Sequence[Row], row: Row, measures: Measures, *, full: bool) -> bool:
    before = current[-1]
    if row.glued or _same_line(before, row):
        return False
    if _apart(before, row, measures) or DIVISION.fullmatch(before.text):
        return True
    item = ITEM.match(row.text) or DIVISION.match(row.text)
    moved = abs(row.x0 - before.x0) > 0.5 * row.size
    if item and (moved or not full or before.text.endswith((*_SENTENCE_END, " and", " or"))):
        return True
    return not full and _ends_on_purpose(current, row)


def _same_line(before: Row, row: Row) -> bool:
    shared = min(before.bottom, row.bottom) - max(before.top, row.top)
    # A label may reach a little into the text that it stands in front of.
    return shared > 0.5 * min(before.size, row.size) and row.x0 > before.x1 - 0.5 * row.size


def _apart(before: Row, row: Row, measures: Measures) -> bool:
    """Another column, another font size, or more room between than between the rows of a paragraph."""
    if row.bottom < before.top or row.x0 > before.x1 or row.x1 < before.x0:
        return True
    size = max(before.size, row.size)
    return (
        row.bottom - before.bottom > 1.25 * measures.pitch * size or abs(before.size - row.size) > 0.12 * size
    )


def _ends_on_purpose(current: Sequence[Row], row: Row) -> bool:
    """A short row ends its paragraph when what follows looks like a beginning."""
    before = current[-1]
    if before.bold != row.bold or is_capital(before.text) != is_capital(row.text):
        return True
    if is_tabular(before) != is_tabular(row):
        return True
    centred = abs(before.x0 + before.x1 - row.x0 - row.x1) < 2 * row.size
    if not centred and row.x0 - min(other.x0 for other in current) > row.size:
        return True
    begins = not row.text[0].islower()
    return begins and before.text.endswith(_SENTENCE_END) and not is_tabular(row)


def _join(before: Row, row: Row, *, full: bool) -> str:
    if row.glued:
        return ""
    if _same_line(before, row):
        return " "
    if not full or is_tabular(row):
        return "\n"
    return "" if is_dense(before.text[-1]) and is_dense(row.text[0]) else " "

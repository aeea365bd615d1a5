"""The cells of a review as they are kept, and what a review is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ingest.catalog.review_records import CellState  # noqa: TC001 — a field's type, read when a cell is
from ingest.errors import UnsupportedStore
from prompts.model import Quoted  # noqa: TC001 — likewise
from prompts.reviewing import ReviewQuestion  # noqa: TC001 — likewise
from prompts.typed_values import CellValue  # noqa: TC001 — likewise

ReadBy = Literal["whole", "passages"]


@dataclass(frozen=True, slots=True)
class CellSource:
    """A place that a cell rests on, with its verdicts; offsets are code points of the version's text."""

    index: int
    """The number that the cell's text shows: ``[1]``."""
    marker: str
    start: int
    end: int
    text: str
    quote: str
    quoted: Quoted
    support: float
    page_start: int | None
    page_end: int | None
    line_start: int
    line_end: int
    section: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """The answer to one question about one document."""

    state: CellState
    """``absent``: the document does not say, which is an answer."""
    value: CellValue | None = None
    text: str = ""
    """What the model wrote, with ``[1]`` where it cites."""
    supported: bool = False
    """Whether the cited text holds all that the cell says."""
    marks: tuple[str, ...] = ()
    """What it does not hold, and whatever else a reader must know of the cell."""
    sources: tuple[CellSource, ...] = ()
    read: ReadBy = "whole"
    """``passages`` where the document was too long to be read whole."""
    reason: str = ""
    """Why it failed; else empty."""
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    """None where the model's price is not known."""


@dataclass(frozen=True, slots=True)
class ReviewOrder:
    """What a review is asked for."""

    questions: tuple[ReviewQuestion, ...]
    documents: tuple[str, ...] | None = None
    """Public ids; None for all documents that the collection has when the review is begun or gone on with."""
    model: str | None = None
    max_usd: float | None = field(default=None, compare=False)
    """Dollars that the estimate may not exceed."""


_CELL = TypeAdapter(Cell)
_ORDER = TypeAdapter(ReviewOrder)


def encode_cell(cell: Cell) -> str:
    """As the catalog keeps it."""
    return _CELL.dump_json(cell).decode()


def decode_cell(text: str) -> Cell:
    """What `encode_cell` was given; raises `UnsupportedStore`."""
    try:
        return _CELL.validate_json(text)
    except ValidationError as error:
        raise UnsupportedStore("the catalog holds a review that this version cannot read") from error


def encode_order(order: ReviewOrder) -> str:
    """As the catalog keeps it."""
    return _ORDER.dump_json(order).decode()


def decode_order(text: str) -> ReviewOrder:
    """What `encode_order` was given; raises `UnsupportedStore`."""
    try:
        return _ORDER.validate_json(text)
    except ValidationError as error:
        raise UnsupportedStore("the catalog holds a review that this version cannot read") from error

"""What a review should cost, before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from service.models.contract import TokenUsage
from service.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.models.prices import Price

EXPECTED_CELL_TOKENS = 80
"""Output counted for a cell: a sentence or two with a citation."""


class TooExpensive(PermanentError):
    """The review should cost more than whoever asked for it wants to pay."""


@dataclass(frozen=True, slots=True)
class DocumentLoad:
    """What the cells of one document read. Tokens are estimated."""

    shared: int
    """Tokens that every cell's prompt begins with: L."""
    own: int
    """Tokens of the passages that each cell has for itself, where the document is too long."""
    questions: tuple[int, ...]
    """Tokens of the questions that are still to be asked: q, one for each cell."""

    @property
    def is_whole(self) -> bool:
        """Whether its cells read the whole document."""
        return self.own == 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and dollars of the cells that are still to be asked."""

    cells: int = 0
    documents: int = 0
    too_long: int = 0
    """Documents of which only the passages found are read."""
    fresh_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None
    """None where the model's price is not known."""


def estimate(loads: Iterable[DocumentLoad], price: Price | None, *, warming: int = 1) -> Estimate:
    """For each document L·p + (N - 1)·L·c + Σ q·p + N·a·o: read once at full price, then from the cache.

    Args:
        loads: the documents.
        price: p, c and o, the dollars of fresh, cached and written tokens; None where nobody knows them.
        warming: times that a prefix is read at full price before the provider's cache holds it.
    """
    asked = [load for load in loads if load.questions]
    cells = sum(len(load.questions) for load in asked)
    fresh = sum(_fresh(load, warming) for load in asked)
    cached = sum(load.shared * max(0, len(load.questions) - warming) for load in asked)
    output = cells * EXPECTED_CELL_TOKENS
    usage = TokenUsage(fresh + cached, cached, output)
    return Estimate(
        cells,
        len(asked),
        sum(not load.is_whole for load in asked),
        fresh,
        cached,
        output,
        None if price is None else price.dollars(usage),
    )


def require_within(expected: Estimate, most: float | None) -> None:
    """Refuse a review that should cost more than ``most`` dollars.

    Raises:
        TooExpensive: it should, or nobody knows what it costs.
    """
    if most is None or not expected.cells:
        return
    if expected.usd is None:
        raise TooExpensive("max_usd: the price of this model is not known")
    if expected.usd > most:
        raise TooExpensive(
            f"max_usd: the review should cost ${expected.usd:.4f}, which is more than ${most:.4f}: "
            f"{expected.cells:,} cells in {counted(expected.documents, 'document')}"
        )


def _fresh(load: DocumentLoad, warming: int) -> int:
    count = len(load.questions)
    return load.shared * min(count, warming) + load.own * count + sum(load.questions)

"""The best hits in an order that is always the same: engines cut a tie wherever they like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.model import Hit


def best(fetch: Callable[[int], list[Hit]], limit: int) -> list[Hit]:
    """The first ``limit`` hits by score, then document, then ordinal.

    ``fetch(n)`` returns the n hits of the highest scores, best first. It is asked for more while the
    limit falls among equals, so that the same equals are always kept.

    Raises:
        ValueError: ``limit`` is negative.
    """
    if limit < 0:
        raise ValueError(f"a limit of {limit} hits")
    if limit == 0:
        return []
    asked = limit + 1
    hits = fetch(asked)
    while len(hits) == asked and hits[-1].score == hits[limit - 1].score:
        asked *= 2
        hits = fetch(asked)
    return sorted(hits, key=lambda hit: (-hit.score, hit.document, hit.ordinal))[:limit]

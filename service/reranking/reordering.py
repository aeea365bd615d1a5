"""The best hits in another order: that of a reranker, or their own where it fails."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from service.reranking.contract import RerankingFailed
from service.searching import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.library import Library
    from service.recording import Origin
    from service.reranking.contract import Order, Reranker
    from service.searching import Evidence

LONGEST_TEXT = 2_000
"""Code points of a passage that are sent; of a longer one, those around the hit."""
LONGEST_NAME = 300
"""Code points of the document's name and section before them."""
EARLIER = 4
"""Earlier turns that a follow-up is ordered by."""
_log = logging.getLogger(__name__)


class Reordering:
    """Puts the first hits of a search into a reranker's order."""

    def __init__(self, library: Library, reranker: Reranker, candidates: int) -> None:
        """``candidates`` is how many hits are reordered; the others follow as they were."""
        self._library = library
        self._reranker = reranker
        self.candidates = candidates

    def reorder(
        self, question: str, history: Sequence[str], evidence: list[Evidence], *, origin: Origin
    ) -> Found:
        """The hits, those of one passage beside each other; unchanged, with a warning, where that fails.

        ``history`` is the latest turn first. Ranks keep their scores: a hit takes that of its new rank.
        """
        started = time.perf_counter()
        first = evidence[: self.candidates]
        texts = [self._text(candidate) for candidate in first]
        passages = list(dict.fromkeys(texts))
        if len(passages) < 2:  # noqa: PLR2004 — one has no order
            return Found(evidence)
        try:
            order = self._reranker.rerank(_asked(question, history), passages, origin=origin)
        except RerankingFailed as error:
            warning = f"the reranker failed, the order of the search stands: {error}"
            _log.warning("the reranker failed, the order of the search stands: %s", error)
            return Found(evidence, error.calls, (warning,), 1_000 * (time.perf_counter() - started))
        moved = _moved(first, texts, passages, order)
        spent = 1_000 * (time.perf_counter() - started)
        return Found([*moved, *evidence[len(first) :]], order.calls, (), spent)

    def _text(self, candidate: Evidence) -> str:
        """Where the passage stands, and its text: without that, clauses of many contracts read alike."""
        hit, version = candidate.hit, candidate.version
        content = self._library.content(version)
        around = content.passages[hit.first_passage - 1 : hit.last_passage]
        start, end = _window(around[0].start, around[-1].end, hit.start, hit.end)
        title = "" if version.title in {"", version.path} else f" ({version.title})"
        name = " › ".join((version.path + title, *around[0].section))
        return _sendable(f"{name[:LONGEST_NAME]}\n{content.document.text[start:end].strip()}")


def _window(start: int, end: int, hit_start: int, hit_end: int) -> tuple[int, int]:
    if end - start <= LONGEST_TEXT:
        return start, end
    middle = (hit_start + hit_end) // 2
    start = max(start, min(middle - LONGEST_TEXT // 2, end - LONGEST_TEXT))
    return start, start + LONGEST_TEXT


def _asked(question: str, history: Sequence[str]) -> str:
    """The earlier turns, the oldest first, and the question."""
    return _sendable("\n".join((*reversed(history[:EARLIER]), question)))


def _sendable(text: str) -> str:
    """Half of a surrogate pair, as a broken file may hold, cannot be sent."""
    return text.encode("utf-8", "replace").decode()


def _moved(
    first: Sequence[Evidence], texts: Sequence[str], passages: Sequence[str], order: Order
) -> list[Evidence]:
    ranks = {passages[index]: rank for rank, index in enumerate(order.indexes)}
    places = sorted(range(len(first)), key=lambda place: ranks[texts[place]])
    return [
        replace(first[place], hit=replace(first[place].hit, score=before.hit.score))
        for place, before in zip(places, first, strict=True)
    ]

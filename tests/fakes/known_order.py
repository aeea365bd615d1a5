"""A reranker that knows the order, and one that never has any."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.reranking.contract import Order, RerankingFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.recording import Origin


@dataclass
class KnownOrder:
    """Orders by a score, or fails; remembers what it was shown."""

    score: Callable[[str], float] | None
    asked: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        del origin
        self.asked.append((question, list(passages)))
        score = self.score
        if score is None:
            raise RerankingFailed("status 503")
        return Order(tuple(sorted(range(len(passages)), key=lambda index: -score(passages[index]))))

    def close(self) -> None:
        pass

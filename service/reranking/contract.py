"""What orders passages by a question, and what it may fail with.

Two things speak this Protocol: the client of a ``/rerank`` endpoint, and a language model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.answers import SideCall
    from service.recording import Origin


class RerankingFailed(TransientError):
    """No order could be had; the one of the search is as good as before."""

    def __init__(self, message: str, calls: tuple[SideCall, ...] = ()) -> None:
        super().__init__(message)
        self.calls = calls
        """What was paid for all the same."""


@dataclass(frozen=True, slots=True)
class Order:
    """Indexes of all passages, the best first."""

    indexes: tuple[int, ...]
    calls: tuple[SideCall, ...] = ()
    """Asked of the language model; what an endpoint bills is not known here."""


class Reranker(Protocol):
    """Orders passages."""

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        """The order of at least two passages; ``origin`` is what it is asked for.

        Raises:
            RerankingFailed: there is none.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...

"""The language model as a reranker: it is shown numbered passages and names their order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ingest.errors import EgressRefused
from prompts.ranking import ranking_messages, read_order, windows
from service.models.errors import ModelError
from service.reranking.contract import Order, RerankingFailed
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.answers import SideCall
    from service.recording import Origin
    from service.side_model import SideModel

WINDOW = 20
"""Passages that one call orders: models lose sight of longer lists."""
_NUMBER_TOKENS = 8
"""Of a reply, for each passage."""
_OVERHEAD_TOKENS = 1_000
"""Of a prompt: rules, question, and what the estimate errs by."""


class ModelReranker:
    """Orders passages by asking a language model, window after window."""

    def __init__(self, model: SideModel, *, name: str, context: int, seconds: float) -> None:
        """``context`` is the model's, in tokens; ``seconds`` the time for the whole order."""
        self._model = model
        self._name = name
        self._context = context
        self._seconds = seconds

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        """From the last window to the first; what a reply leaves out keeps its place behind the rest.

        Raises:
            RerankingFailed: the model failed, took too long, or a reply holds no order.
        """
        deadline = time.monotonic() + self._seconds
        order = list(range(len(passages)))
        calls: list[SideCall] = []
        for start, end in windows(len(order), self._fitting(passages)):
            shown = order[start:end]
            try:
                said = self._model.ask(
                    "rerank",
                    ranking_messages(question, [passages[index] for index in shown]),
                    name=self._name,
                    origin=origin,
                    max_tokens=_NUMBER_TOKENS * (len(shown) + 2),
                    seconds=max(deadline - time.monotonic(), 0.001),
                )
            except (ModelError, EgressRefused) as error:
                raise RerankingFailed(str(error), tuple(calls)) from error
            calls.append(said.call)
            places = read_order(said.text, len(shown))
            if places is None:
                raise RerankingFailed("the model named no order", tuple(calls))
            order[start:end] = [shown[place] for place in places]
        return Order(tuple(order), tuple(calls))

    def close(self) -> None:
        """The model's connections are let go of by whoever made them."""

    def _fitting(self, passages: Sequence[str]) -> int:
        """Passages that a prompt holds, were all as long as the longest."""
        longest = max(count_tokens(passage) for passage in passages) + _NUMBER_TOKENS
        size = min(WINDOW, (self._context - _OVERHEAD_TOKENS) // (longest + _NUMBER_TOKENS))
        if size < 2:  # noqa: PLR2004 — an order has two
            raise RerankingFailed(f"passages do not fit {self._context} tokens of context")
        return size

"""Every client that sends text of documents or questions elsewhere, behind `service.egress`.

A guard asks before each sending; what does not say whose text it is, is refused. Where it is refused nothing
is sent: a search goes on by its words alone and in its own order, an estimate without a count.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.errors import EgressRefused
from service.cancelling import in_thread
from service.models.tokenizers import CountingFailed
from service.reranking.contract import RerankingFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from ingest.embedding import ScopedEmbedder
    from ingest.index import Index, Question
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, PointPage
    from service.egress import Egress
    from service.egress_policy import Recipient
    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.models.tokenizers import Tokenizer
    from service.recording import Origin
    from service.reranking.contract import Order, Reranker

_AT_ONCE = 4
"""Look-ups of one guard, in threads of its own: what others compute in the event loop's holds no model up."""


class GuardedModel:
    """A language model that is asked only about collections that it may be shown."""

    def __init__(self, model: LanguageModel, egress: Egress, recipient: Recipient) -> None:
        self._model = model
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-egress")
        self._egress = egress
        self._recipient = recipient

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`.

        Raises:
            EgressRefused: the request's collection may not be shown to it, or it names none.
        """
        tenant, collection = request.tenant, request.collection
        await in_thread(self._threads, lambda: self._egress.require(tenant, collection, self._recipient))
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                yield event


class GuardedReranker:
    """A reranker that is shown only passages that it may see; one that asks by itself may refuse later."""

    def __init__(self, reranker: Reranker, egress: Egress, recipient: Recipient) -> None:
        self._reranker = reranker
        self._egress = egress
        self._recipient = recipient

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        """As `Reranker.rerank`; that it may not be asked is a failure like any other."""
        try:
            self._egress.require(origin.tenant, origin.collection, self._recipient)
            return self._reranker.rerank(question, passages, origin=origin)
        except EgressRefused as error:
            raise RerankingFailed(str(error)) from error

    def close(self) -> None:
        """As `Reranker.close`."""
        self._reranker.close()


class GuardedTokenizer:
    """A tokenizer that counts only text that it may see."""

    def __init__(self, tokenizer: Tokenizer, egress: Egress, recipient: Recipient) -> None:
        self._tokenizer = tokenizer
        self._egress = egress
        self._recipient = recipient

    @property
    def overhead(self) -> int:
        """As `Tokenizer.overhead`."""
        return self._tokenizer.overhead

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        """As `Tokenizer.count`; that it may not be asked is a failure like any other."""
        try:
            self._egress.require(origin.tenant, origin.collection, self._recipient)
        except EgressRefused as error:
            raise CountingFailed(str(error)) from error
        return self._tokenizer.count(text, model, origin=origin)


class GuardedIndex:
    """An index whose questions are embedded elsewhere: by their words alone where they may not go there.

    They are embedded here and not by the index, whose process hears nothing of a policy that changes between
    two attempts, nor of a client that leaves.
    """

    def __init__(self, index: Index, embedder: ScopedEmbedder) -> None:
        """``embedder`` asks for leave before each request."""
        self._index = index
        self._embedder = embedder

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """As `Index.search`."""
        asked = self._embedded(scope, question)
        return self._index.search(scope, asked, documents=documents, limit=limit)

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """As `Index.confidence`."""
        return self._index.confidence(scope, self._embedded(scope, question), documents=documents)

    def digest(self, scope: Scope, document: int) -> str:
        """As `Index.digest`."""
        return self._index.digest(scope, document)

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """As `Index.read_points`."""
        return self._index.read_points(scope, documents, after)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """As `Index.upsert`."""
        self._index.upsert(scope, points)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """As `Index.counts`."""
        return self._index.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """As `Index.delete_documents`."""
        self._index.delete_documents(scope, documents)

    def delete_scope(self, scope: Scope) -> None:
        """As `Index.delete_scope`."""
        self._index.delete_scope(scope)

    def flush(self) -> None:
        """As `Index.flush`."""
        self._index.flush()

    def compact(self) -> None:
        """As `Index.compact`."""
        self._index.compact()

    def deleted(self) -> int:
        """As `Index.deleted`."""
        return self._index.deleted()

    def close(self) -> None:
        """As `Index.close`."""
        self._index.close()

    def _embedded(self, scope: Scope, question: Question) -> Question:
        try:
            (vector,) = self._embedder.within(scope).embed([question.text])
        except EgressRefused:
            return replace(question, by_words=True)
        return replace(question, vector=tuple(vector.tolist()))

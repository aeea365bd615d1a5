"""LlamaIndex with its defaults over Qdrant in local mode, hybrid: dense and sparse vectors, fused.

Its sparse vectors come from models that are downloaded. Here they are BM25's, weighed as by ``Qdrant/bm25``,
times Qdrant's own inverse document frequency. Russian has its own stems and Chinese pairs of signs, both more
than that has by default.
"""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import MetadataMode, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from llama_index.vector_stores.qdrant import QdrantVectorStore
from pydantic import PrivateAttr
from qdrant_client import QdrantClient
from qdrant_client.models import Modifier, SparseVectorParams
from Stemmer import Stemmer

from bench.peers.retrieving import DEPTH, Passage, answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.peers.retrieving import Embeddings, Given

K1, B, AVERAGE = 1.2, 0.75, 256
"""Defaults of ``Qdrant/bm25``."""
_WORD = re.compile(r"[\u4e00-\u9fff]+|[а-яё]+|(?:(?![\u4e00-\u9fffа-яё])\w)+")


class Encoder(BaseEmbedding):
    """The shared encoder in LlamaIndex's terms."""

    _embeddings: Embeddings = PrivateAttr()

    def __init__(self, embeddings: Embeddings) -> None:
        super().__init__(embed_batch_size=64)
        self._embeddings = embeddings

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embeddings.embed(texts)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._embeddings.embed([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class Terms:
    """BM25 without its inverse document frequency, which Qdrant multiplies in."""

    def __init__(self) -> None:
        self._english, self._russian = Stemmer("english"), Stemmer("russian")

    def documents(self, texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
        rows = [self._weighed(Counter(self._terms(text))) for text in texts]
        return [list(row) for row in rows], [list(row.values()) for row in rows]

    def queries(self, texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
        rows = [sorted(set(self._terms(text))) for text in texts]
        return rows, [[1.0] * len(row) for row in rows]

    def _terms(self, text: str) -> Iterator[int]:
        for word in _WORD.findall(text.lower()):
            if "\u4e00" <= word[0] <= "\u9fff":  # pairs of signs, since nothing parts the words
                terms = [word[place : place + 2] for place in range(max(len(word) - 1, 1))]
            elif "а" <= word[0] <= "ё":
                terms = [self._russian.stemWord(word)]
            else:
                terms = [self._english.stemWord(word)]
            yield from (zlib.crc32(term.encode()) for term in terms)

    def _weighed(self, counts: Counter[int]) -> dict[int, float]:
        fading = K1 * (1 - B + B * counts.total() / AVERAGE)
        return {term: count * (K1 + 1) / (count + fading) for term, count in counts.items()}


class LlamaIndex:
    narrows: ClassVar[bool] = True
    refused = 0

    def __init__(self, documents: Sequence[Given], folder: Path, embeddings: Embeddings) -> None:  # noqa: ARG002 — it lies in memory
        terms = Terms()
        store = QdrantVectorStore(
            "bench",
            client=QdrantClient(":memory:"),
            enable_hybrid=True,
            sparse_doc_fn=terms.documents,
            sparse_query_fn=terms.queries,
            sparse_config=SparseVectorParams(modifier=Modifier.IDF),
        )
        self._index = VectorStoreIndex.from_documents(
            [_document(each) for each in documents],
            storage_context=StorageContext.from_defaults(vector_store=store),
            embed_model=Encoder(embeddings),
            transformations=[SentenceSplitter()],
        )

    def search(self, question: str, inside: str) -> list[Passage]:
        only = MetadataFilters(filters=[MetadataFilter(key="document", value=inside)]) if inside else None
        retriever = self._index.as_retriever(
            vector_store_query_mode="hybrid",
            similarity_top_k=DEPTH,
            sparse_top_k=DEPTH,
            hybrid_top_k=DEPTH,
            filters=only,
        )
        nodes = [hit.node for hit in retriever.retrieve(question)]
        return [
            Passage(node.metadata["document"], node.get_content(MetadataMode.NONE), node.start_char_idx)
            for node in nodes
            if isinstance(node, TextNode)
        ]


def _document(given: Given) -> Document:
    """With the path in what is embedded, as its directory reader leaves it."""
    hidden = ["document"]
    return Document(
        text=given.text,
        metadata={"file_path": given.path, "document": given.id},
        excluded_embed_metadata_keys=hidden,
        excluded_llm_metadata_keys=hidden,
    )


if __name__ == "__main__":
    answer(LlamaIndex, "llama-index-core")

"""LightRAG in its naive mode: chunks and their vectors, not the graph that only a language model makes."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from lightrag import LightRAG, QueryParam
from lightrag.base import DocStatus
from lightrag.utils import EmbeddingFunc

from bench.peers.lightrag_ingest import silent_model
from bench.peers.retrieving import DEPTH, DIMENSIONS, Passage, answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.peers.retrieving import Embeddings, Given

_UNBOUNDED = 10_000_000
"""Tokens: the bench cuts at its own budgets."""


class Light:
    narrows: ClassVar[bool] = False

    def __init__(self, documents: Sequence[Given], folder: Path, embeddings: Embeddings) -> None:
        self._loop = asyncio.Runner()
        self._names = {f"{number:06}.txt": given.id for number, given in enumerate(documents)}
        self._system, taken = self._loop.run(
            _filled([each.text for each in documents], self._names, folder, embeddings)
        )
        self.refused = len(documents) - taken

    def search(self, question: str, inside: str) -> list[Passage]:  # noqa: ARG002 — it holds that document alone
        asked = QueryParam(mode="naive", chunk_top_k=DEPTH, max_total_tokens=_UNBOUNDED, enable_rerank=False)
        found = self._loop.run(self._system.aquery_data(question, asked))
        chunks = found.get("data", {}).get("chunks", [])
        return [Passage(self._names[chunk["file_path"]], chunk["content"]) for chunk in chunks]


async def _filled(
    texts: Sequence[str], names: dict[str, str], folder: Path, embeddings: Embeddings
) -> tuple[LightRAG, int]:
    """The system, and how many texts it took."""

    async def embed(texts: list[str], **_: object) -> NDArray[np.float32]:
        return np.array(embeddings.embed(texts), dtype=np.float32)

    system = LightRAG(
        working_dir=str(folder),
        workspace=folder.name,  # what a process has once ingested it does not ingest again
        embedding_func=EmbeddingFunc(embedding_dim=DIMENSIONS, max_token_size=8_192, func=embed),
        llm_model_func=silent_model,
    )
    await system.initialize_storages()
    await system.ainsert(list(texts), file_paths=list(names))
    counts = await system.get_processing_status()
    return system, counts.get(DocStatus.PROCESSED.value, 0)


if __name__ == "__main__":
    answer(Light, "lightrag-hku")

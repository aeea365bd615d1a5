"""LlamaIndex's own ingestion with its defaults: directory reader, sentence splitter, vector store on disk."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from pydantic import PrivateAttr

from bench.peers.protocol import answer

if TYPE_CHECKING:
    from pathlib import Path

    from llama_index.core import Document

    from bench.peers.protocol import ClockedEncoder


class Encoder(BaseEmbedding):
    """The shared encoder in LlamaIndex's terms."""

    _encoder: ClockedEncoder = PrivateAttr()

    def __init__(self, encoder: ClockedEncoder) -> None:
        super().__init__(embed_batch_size=256)
        self._encoder = encoder

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self._encoder.embed(texts)]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def _read(path: Path) -> list[Document]:
    try:
        return SimpleDirectoryReader(input_files=[path]).load_data()
    except Exception:  # noqa: BLE001 — any reader may fail in any way; the others go on
        return []


def ingest(paths: list[Path], encoder: ClockedEncoder) -> dict[str, int]:
    clock = encoder.clock
    with clock.stage("read"):
        documents = [document for path in paths for document in _read(path)]
    with clock.stage("split"):
        nodes = SentenceSplitter().get_nodes_from_documents(documents)
    with clock.stage("store"), tempfile.TemporaryDirectory() as folder:
        index = VectorStoreIndex(nodes, embed_model=Encoder(encoder))
        index.storage_context.persist(folder)
    return {"characters": sum(len(document.text) for document in documents), "chunks": len(nodes)}


if __name__ == "__main__":
    answer(ingest)

"""LightRAG's own ingestion: its extractors, its chunker, its stores. The model finds no entities, at once."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lightrag import LightRAG
from lightrag.parser.legacy.extractors import extract_text
from lightrag.utils import EmbeddingFunc

from bench.peers.protocol import answer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.peers.protocol import ClockedEncoder


async def silent_model(*_: object, **__: object) -> str:
    return "<|COMPLETE|>"


def _read(path: Path) -> str:
    try:
        return extract_text(path.read_bytes(), path.suffix)
    except Exception:  # noqa: BLE001 — any extractor may fail in any way; the others go on
        return ""


def ingest(paths: list[Path], encoder: ClockedEncoder) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_ingest(paths, encoder, folder))


async def _ingest(paths: list[Path], encoder: ClockedEncoder, folder: str) -> dict[str, int]:
    async def embed(texts: list[str], **_: object) -> NDArray[np.float32]:
        return encoder.embed(texts)

    function = EmbeddingFunc(embedding_dim=encoder.dimensions, max_token_size=8_192, func=embed)
    system = LightRAG(
        working_dir=folder,
        workspace=Path(folder).name,  # what a process has once ingested it does not ingest again
        embedding_func=function,
        llm_model_func=silent_model,
    )
    await system.initialize_storages()
    with encoder.clock.stage("read"):
        texts = {str(path): text for path in paths if (text := _read(path))}
    with encoder.clock.stage("split and store"):
        await system.ainsert(list(texts.values()), file_paths=list(texts))
        await system.finalize_storages()
    return {"characters": sum(map(len, texts.values())), "chunks": 0}


if __name__ == "__main__":
    answer(ingest)

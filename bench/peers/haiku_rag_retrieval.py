"""haiku.rag with its defaults: docling's Markdown reader and hybrid chunker, full text and vectors fused.

Its chunker counts tokens with a tokenizer that is downloaded. Here it counts those of ``cl100k_base``, which
that tokenizer's vocabulary grew from, read from the copy that the bench names.
"""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import asyncio
import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from haiku.rag.client import HaikuRAG
from haiku.rag.client.documents import DocumentImport
from haiku.rag.config import AppConfig
from haiku.rag.converters.text_utils import TextFileHandler
from transformers.integrations.tiktoken import convert_tiktoken_to_fast

from bench.peers.retrieving import DEPTH, DIMENSIONS, Passage, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.retrieving import Embeddings, Given

_TEXT = ".txt"


class Haiku:
    narrows: ClassVar[bool] = True

    def __init__(self, documents: Sequence[Given], folder: Path, embeddings: Embeddings) -> None:
        self.refused = 0
        self._loop = asyncio.Runner()
        self._client = HaikuRAG(folder / "haiku.lancedb", config=_settings(embeddings), create=True)
        self._loop.run(self._fill(documents, folder))

    def search(self, question: str, inside: str) -> list[Passage]:
        only = "uri = '{}'".format(inside.replace("'", "''")) if inside else None
        found = self._loop.run(self._client.search(question, limit=DEPTH, filter=only))
        return [Passage(hit.document_uri or "", hit.content) for hit in found]

    async def _fill(self, documents: Sequence[Given], folder: Path) -> None:
        await self._client.__aenter__()
        prepared = [
            await self._read(given, folder / f"{n:06}{_ending(given)}") for n, given in enumerate(documents)
        ]
        await self._client.import_documents([each for each in prepared if each and each.chunks])

    async def _read(self, given: Given, file: Path) -> DocumentImport | None:
        file.write_bytes(given.text.encode())  # noqa: ASYNC240 — nothing else runs meanwhile
        try:
            document = await self._client.convert(file)
        except ValueError:  # its word for a file that cannot be converted
            self.refused += 1
            return None
        return DocumentImport(document, await self._client.chunk(document), uri=given.id, title=given.path)


def _ending(given: Given) -> str:
    """What haiku.rag does not know it is given as text, not withheld."""
    ending = Path(given.path).suffix.lower()
    return ending if ending in {".md", *TextFileHandler.text_extensions} else _TEXT


def _settings(embeddings: Embeddings) -> AppConfig:
    model = {
        "provider": "openai",
        "name": embeddings.model,
        "vector_dim": DIMENSIONS,
        "base_url": embeddings.address,
        "api_key": "none",
    }
    return AppConfig.model_validate(
        {
            "embeddings": {"model": model},
            "processing": {"chunking_tokenizer": _tokenizer(), "pictures": "none"},
        }
    )


@functools.cache
def _tokenizer() -> str:
    """A folder that ``transformers`` reads a tokenizer from."""
    folder = tempfile.mkdtemp()
    convert_tiktoken_to_fast("cl100k_base", folder)
    Path(folder, "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return folder


if __name__ == "__main__":
    answer(Haiku, "haiku.rag-slim")

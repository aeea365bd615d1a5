"""PaperQA with its defaults, asked for texts and not for an answer: its chunks, dense vectors alone."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or its import asks the network for prices

from lmi import EmbeddingModel
from paperqa import Docs, Settings
from paperqa.readers import read_doc
from paperqa.types import Doc
from paperqa.utils import ImpossibleParsingError
from pydantic import PrivateAttr

from bench.peers.retrieving import DEPTH, DIMENSIONS, Passage, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.retrieving import Embeddings, Given


class Encoder(EmbeddingModel):
    """The shared encoder in PaperQA's terms."""

    _embeddings: Any = PrivateAttr()

    def __init__(self, embeddings: Embeddings) -> None:
        super().__init__(name=embeddings.model, ndim=DIMENSIONS)
        self._embeddings = embeddings

    async def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embeddings.embed(texts)


class PaperQA:
    narrows: ClassVar[bool] = False

    def __init__(self, documents: Sequence[Given], folder: Path, embeddings: Embeddings) -> None:
        self.refused = 0
        self._loop = asyncio.Runner()
        self._settings, self._encoder, self._docs = Settings(), Encoder(embeddings), Docs()
        self._loop.run(self._fill(documents, folder))

    def search(self, question: str, inside: str) -> list[Passage]:  # noqa: ARG002 — it holds that document alone
        found = self._loop.run(
            self._docs.retrieve_texts(question, DEPTH, self._settings, embedding_model=self._encoder)
        )
        return [Passage(str(text.doc.dockey), text.text) for text in found]

    async def _fill(self, documents: Sequence[Given], folder: Path) -> None:
        for number, given in enumerate(documents):
            file = folder / f"{number:06}{Path(given.path).suffix or '.txt'}"
            file.write_bytes(given.text.encode())
            doc = Doc(docname=given.path, citation=given.path, dockey=given.id)
            try:
                texts = await read_doc(file, doc, **self._settings.parsing.reader_config)
            except ImpossibleParsingError:
                self.refused += 1
                continue
            await self._docs.aadd_texts(texts, doc, self._settings, self._encoder)


if __name__ == "__main__":
    answer(PaperQA, "paper-qa")

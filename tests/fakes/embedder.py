"""An embedder that costs nothing: a bag of hashed words, normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class WordEmbedder:
    """Equal words give equal vectors; ``texts`` remembers what was embedded."""

    def __init__(self, identity: str = "words/1", dimensions: int = 8) -> None:
        self.identity = identity
        self.dimensions = dimensions
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[crc32(word.encode()) % self.dimensions] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


class FailingEmbedder(WordEmbedder):
    """Embeds nothing."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ZeroDivisionError(f"by accident, over {len(texts)} texts")

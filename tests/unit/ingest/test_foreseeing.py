"""Texts that are embedded before they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.foreseeing import Foreseen
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def test_no_text_is_embedded_twice_and_every_vector_is_the_same() -> None:
    embedder, alone = WordEmbedder(), WordEmbedder()
    foreseen = Foreseen(embedder, ["rent is due", "term", "rent is due"])
    assert embedder.texts == ["rent is due", "term"]
    asked = ["term", "notice", "rent is due", "term", "buried"]
    assert foreseen.embed(asked).tolist() == alone.embed(asked).tolist()
    assert embedder.texts == ["rent is due", "term", "notice", "buried"]
    assert (foreseen.identity, foreseen.dimensions) == (embedder.identity, embedder.dimensions)


def test_what_was_foreseen_wholly_asks_nobody() -> None:
    embedder = CountedEmbedder()
    assert Foreseen(embedder, []).embed([]).shape == (0, embedder.dimensions)
    assert embedder.calls == 0
    foreseen = Foreseen(embedder, ["rent"])
    foreseen.embed(["rent"])
    assert embedder.calls == 1


class CountedEmbedder(WordEmbedder):
    calls = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        return super().embed(texts)

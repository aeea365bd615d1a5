from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import numpy as np

from bench.embeddings import KeptVectors, serving
from bench.peers.retrieving import Embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class CountingEncoder:
    """Tells ``a`` from everything else, and counts what it was given."""

    identity = "counting"
    dimensions = 2

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return np.array([[1, 0] if text.startswith("a") else [0, 1] for text in texts], dtype=np.float32)


def _vector(row: bytes) -> list[float]:
    return np.frombuffer(row, dtype=np.float32).tolist()


def test_a_text_is_embedded_once_for_all_runs(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    for _ in range(2):
        vectors = KeptVectors(encoder, tmp_path / "vectors")
        assert [_vector(row) for row in vectors.embed(["a", "b", "a"])] == [[1, 0], [0, 1], [1, 0]]
        vectors.close()
    assert encoder.texts == ["a", "b"]


def test_a_long_text_is_embedded_whole(tmp_path: Path) -> None:
    vectors = KeptVectors(CountingEncoder(), tmp_path / "vectors")
    (row,) = vectors.embed(["a" * 2_000 + "b" * 2_000])
    assert np.allclose(_vector(row), [0.5**0.5, 0.5**0.5])
    vectors.close()


def test_the_address_gives_vectors_in_both_forms(tmp_path: Path) -> None:
    with serving(CountingEncoder(), tmp_path / "vectors") as address:
        assert Embeddings(address, "any").embed(["a", "что-то"]) == [[1, 0], [0, 1]]
        asked = json.dumps({"model": "any", "input": "a"}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{address}/embeddings", asked)) as response:
            said = json.load(response)
    assert said["data"] == [{"object": "embedding", "index": 0, "embedding": [1, 0]}]

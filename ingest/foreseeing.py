"""An embedder that has embedded some texts before they are asked for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ingest.embedding import Wrapper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.embedding import Embedder

_NOTHING: Mapping[str, NDArray[np.float32]] = MappingProxyType({})


class Foreseen(Wrapper):
    """Embeds some texts at once, and none of them again."""

    def __init__(
        self, embedder: Embedder, texts: Sequence[str], known: Mapping[str, NDArray[np.float32]] = _NOTHING
    ) -> None:
        """``known`` are vectors by their texts, of which none is embedded. Raises what the embedder does."""
        super().__init__(embedder)
        self._known = dict(known)
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        if unknown:
            self._known |= zip(unknown, embedder.embed(unknown), strict=True)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the wrapped one does, which is asked for what was not foreseen, if for anything."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        unknown = [row for row, text in enumerate(texts) if text not in self._known]
        if unknown:
            vectors[unknown] = self._embedder.embed([texts[row] for row in unknown])
        for row, text in enumerate(texts):
            if text in self._known:
                vectors[row] = self._known[text]
        return vectors

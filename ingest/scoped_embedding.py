"""An embedder on another machine: it is shown only texts that may go there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.embedding import CHECK_TEXT, Wrapper, embedder_asking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Scope


class GuardedEmbedder(Wrapper):
    """Embeds the agreed sentence alone, unless it is told of which scope the texts are."""

    def __init__(self, embedder: Embedder, require_leave: Callable[[str, str], None]) -> None:
        """``require_leave`` is called with tenant and collection, and raises `EgressRefused`."""
        super().__init__(embedder)
        self._require_leave = require_leave

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Embedder.embed`.

        Raises:
            EgressRefused: there is a text that may be somebody's.
        """
        if any(text != CHECK_TEXT for text in texts):
            self._require_leave("", "")
        return self._embedder.embed(texts)

    def within(self, scope: Scope) -> _WithinScope:
        """As `ScopedEmbedder.within`."""
        return _WithinScope(self._embedder, lambda: self._require_leave(scope.tenant, scope.collection))


class _WithinScope(Wrapper):
    """Asks for leave before every call, and whatever the call sends: that may change during a long ingest."""

    def __init__(self, embedder: Embedder, require_leave: Callable[[], None]) -> None:
        super().__init__(embedder_asking(embedder, require_leave))
        self._require_leave = require_leave

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Embedder.embed`; raises `EgressRefused` where the texts may not go there."""
        self._require_leave()
        return self._embedder.embed(texts)

"""What is known of the scopes of a store, drawn anew when what was written counts.

A sample of a large scope takes 80 ms of computing to draw, and a search else 10. So while points come,
searches believe what was drawn before. No version is ready before its points are flushed: that is when it is
drawn again, and by whoever writes.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from ingest.questioning import Known

if TYPE_CHECKING:
    from ingest.model import Scope
    from ingest.store.contract import Store


class Statistics:
    """`Known` of each scope that is searched; searches come from many threads, writes one after another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Scope, Known] = {}
        self._asked: set[Scope] = set()
        """Scopes searched since they were drawn."""
        self._written: set[Scope] = set()
        """Scopes with points that are not flushed."""
        self._drawing = Lock()

    def of(self, scope: Scope) -> Known:
        """What is known of a scope; behind a Qdrant server other processes write, too."""
        known = self._believed(scope)
        if known is None:
            with self._drawing:  # of many who come at once, one draws
                known = self._believed(scope)
                if known is None:
                    known = self._known[scope] = Known.of(self._store, scope, self._known.get(scope))
        self._asked.add(scope)
        return known

    def _believed(self, scope: Scope) -> Known | None:
        known = self._known.get(scope)
        return known if known is not None and monotonic() < known.until else None

    def written(self, scope: Scope) -> None:
        """Points of a scope, or of its documents' openings, are about to be written."""
        self._written.add(replace(scope, part="chunks"))

    def flushed(self) -> None:
        """All that was written counts."""
        written, self._written = self._written, set()
        for scope in written:
            self.renew(scope)

    def renew(self, scope: Scope) -> None:
        """Draw again, if somebody has searched since the last time; else whoever searches next will."""
        with self._drawing:
            if scope in self._asked:
                self._asked.discard(scope)
                self._known[scope] = Known.of(self._store, scope, None)
            else:
                self._known.pop(scope, None)

    def forget(self, scope: Scope) -> None:
        """The scope is gone."""
        with self._drawing:
            self._asked.discard(scope)
            self._known.pop(scope, None)

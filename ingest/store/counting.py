"""How many points each document has, counted again only for the documents that were written since."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ingest.model import Scope

    Count = Callable[[list[int] | None], dict[int, int]]
    """Counts the points of these documents, or of all that the scope holds."""

MOST = 1_000
"""Documents, written since the last count, that are counted one by one: of more, all of the scope is."""


class Counted:
    """The counts of the scopes that somebody has asked for.

    A million points take 0.8 s to count, in which nobody can search. Whoever owns the counts holds the
    engine while asking, and tells before writing, as of `ingest.store.places.Places`.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[Scope, dict[int, int]] = {}
        self._written: dict[Scope, set[int]] = {}
        """Documents of known scopes whose points may be others now."""

    def of(self, scope: Scope, count: Count) -> dict[int, int]:
        """Points by document, in a mapping of the caller's own."""
        known, written = self._known.get(scope), self._written.get(scope, set())
        if known is None or len(written) > self._most:
            known = count(None)
        elif written:
            kept = {document: held for document, held in known.items() if document not in written}
            known = kept | count(sorted(written))
        self._known[scope], self._written[scope] = known, set()
        return dict(known)

    def written(self, scope: Scope, documents: Iterable[int]) -> None:
        """Points of these documents are about to be written, or deleted."""
        if scope in self._known:
            self._written[scope].update(documents)

    def forget(self, scope: Scope) -> None:
        """All of the scope is about to be deleted."""
        self._known.pop(scope, None)
        self._written.pop(scope, None)

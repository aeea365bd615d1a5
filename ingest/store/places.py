"""Places that searches find again and again, so that they need not be read from the engine each time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ingest.model import Hit

MOST = 50_000
"""Places that are kept; each takes some 350 bytes."""


class Places:
    """The places found last, by the ids of their points: numbers, and no text.

    Whoever owns them holds the engine while asking, and forgets before writing: else a place could be kept
    that was written anew, or deleted, in between.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[int, Hit] = {}

    def of(self, ids: Sequence[int], read: Callable[[list[int]], Mapping[int, Hit]]) -> list[Hit]:
        """The places of these points, in their order; ``read`` is asked for those that are not known."""
        kept = self._kept
        unknown = [identity for identity in ids if identity not in kept]
        if unknown:
            kept.update(read(unknown))
        places = [kept[identity] for identity in ids]
        if len(kept) > self._most:
            self.forget(list(islice(kept, len(kept) - self._most // 2)))  # the oldest
        return places

    def forget(self, ids: Iterable[int]) -> None:
        """These are about to be written."""
        for identity in ids:
            self._kept.pop(identity, None)

    def forget_all(self) -> None:
        """Any may be about to be deleted."""
        self._kept.clear()

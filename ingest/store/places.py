"""Places that searches find again and again, so that they need not be read from the engine each time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from ingest.model import Hit

MOST = 50_000
"""Places that are kept; each takes some 380 bytes."""


class Places:
    """The places found last, by the ids of their points: no text.

    Whoever owns them holds the engine while asking, and forgets before writing: else a place could be kept
    that was written anew, or deleted, in between.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[int, Hit] = {}

    def of(self, ids: Sequence[UUID], read: Callable[[list[UUID]], Mapping[int, Hit]]) -> list[Hit]:
        """The places of these points, in their order; ``read`` gives those not known, by numbers of ids."""
        kept = self._kept
        numbers = [identity.int for identity in ids]  # for which Python has a quick hash
        unknown = [identity for identity, number in zip(ids, numbers, strict=True) if number not in kept]
        if unknown:
            kept.update(read(unknown))
        places = [kept[number] for number in numbers]
        if len(kept) > self._most:
            for number in list(islice(kept, len(kept) - self._most // 2)):  # the oldest
                del kept[number]
        return places

    def forget(self, ids: Iterable[UUID]) -> None:
        """These are about to be written."""
        for identity in ids:
            self._kept.pop(identity.int, None)

    def forget_all(self) -> None:
        """Any may be about to be deleted."""
        self._kept.clear()

"""Ids of scopes and points: a chunk of a document version has one id, whoever writes it and however often."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.model import Scope
    from ingest.store.points import Points

_LECTERN = UUID("5d1c3f0e-6f0a-4a53-9a3b-0c9b1f6d2e47")
"""Never changes: every point of every index follows from it."""
_OPENINGS = "openings"
"""The part of a scope; likewise."""
_REMEMBERED = 256
"""Scopes whose ids are kept: each call to the store needs one, and it takes four hashes."""


@lru_cache(maxsize=_REMEMBERED)
def scope_id(scope: Scope) -> UUID:
    """One namespace inside another, so that no two scopes are taken for one, whatever their names hold."""
    index = uuid5(uuid5(uuid5(_LECTERN, scope.tenant), scope.collection), str(scope.generation))
    return index if scope.part == "chunks" else uuid5(index, _OPENINGS)


def openings_among(ids: Iterable[str]) -> set[str]:
    """Of the ids of scopes those of openings: each has its chunks' beside it."""
    known = set(ids)
    return known & {str(uuid5(UUID(identity), _OPENINGS)) for identity in known}


def point_ids(scope: Scope, points: Points) -> list[UUID]:
    """The ids of points, in their order."""
    return ids_of(scope, points.places[:, :2].tolist())


def ids_of(scope: Scope, places: Iterable[Sequence[int]]) -> list[UUID]:
    """The ids of points by their documents and ordinals, in their order."""
    names = scope_id(scope)
    return [uuid5(names, f"{document}/{ordinal}") for document, ordinal in places]

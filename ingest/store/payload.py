"""What a point carries beside its vectors, the same in both engines."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from ingest.model import Hit, Role
from ingest.store.identity import scope_id
from ingest.store.points import PLACE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.model import Scope
    from ingest.store.points import Points

DENSE = "dense"
SPARSE = "bm25"
OPENINGS = "openings"
"""Names of the vectors of a point: one for its meaning, one for its words."""

SCOPE = "scope"
DOCUMENT = "document"
"""Fields that are filtered by, and therefore indexed.

The scope's id stands for tenant, collection and generation together: over 50,000 points one condition takes
0.8 ms of a BM25 search, three take 19 ms. A server keeps their names too, for people who look into it.
"""

HIT_FIELDS = PLACE_FIELDS
"""Fields that a search brings back."""


Payload: TypeAlias = "Mapping[str, Any]"
"""As engines give it back."""

SOURCE = HIT_FIELDS[-1]
"""Points that were written before there were sources lack it."""
_places = itemgetter(*HIT_FIELDS[:-1])
_ROLES: tuple[Role, ...] = tuple(Role)
"""By their numbers: a search makes a thousand hits."""


def words_of(scope: Scope) -> str:
    """The vector that holds the words of a scope's points.

    Openings have one of their own. Its lists of words are short: in those of a million chunks the engine
    scores each opening for itself, 123 ms a search for 26,000 of them.
    """
    return SPARSE if scope.part == "chunks" else OPENINGS


def payloads(scope: Scope, points: Points, *, named: bool) -> list[dict[str, str | int]]:
    """What is stored with the vectors of each point; ``named``, with the names that its scope stands for."""
    shared: dict[str, str | int] = {SCOPE: str(scope_id(scope))}
    if named:
        shared |= {
            "tenant": scope.tenant,
            "collection": scope.collection,
            "generation": scope.generation,
            "part": scope.part,
        }
    return [shared | dict(zip(HIT_FIELDS, place, strict=True)) for place in points.places.tolist()]


def places_of(payload: Payload | None) -> tuple[int, ...]:
    """What `PLACE_FIELDS` name, of a point that was found."""
    if payload is None:
        raise AssertionError("whoever reads a point asks for the payload")
    return (*_places(payload), payload.get(SOURCE, 0))


def hit_of(payload: Payload | None, score: float) -> Hit:
    """The hit that a found point stands for."""
    document, ordinal, start, end, first_passage, last_passage, role, source = places_of(payload)
    return Hit(document, ordinal, start, end, first_passage, last_passage, score, _ROLES[int(role)], source)

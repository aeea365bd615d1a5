"""How far programs answer a question, and what that leaves of the scores of prose, tests and sources."""

from __future__ import annotations

from math import fsum
from statistics import fmean
from typing import TYPE_CHECKING

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.found import Found
    from ingest.model import Hit

RIVALS = (0.22, 0.45)
"""The share of programs in what is found first, from which prose begins to be put back, and is wholly."""
ALIKE_BY_WORDS, ALIKE_BY_MEANING = 60, 20
"""Documents that are found first, for that."""
ANSWERING = 0.3
"""That share, from which programs keep their scores beside sources of texts alone, and the prose of their own
source stands wholly behind them."""
STRANGE = 0.6
"""Of their scores, where none is found first."""


def shares_left(
    found: Found, of_roles: Mapping[Role, float], *, competes: bool
) -> dict[tuple[int, Role], float]:
    """What the scores of each source and role are multiplied by.

    Prose is put back behind programs of its own source alone: of another one it says nothing. Where there is
    but one source, folders are parts of it.

    Args:
        found: with the hits.
        of_roles: what each role keeps where programs answer.
        competes: whether they may.
    """
    put_back, standing = answering(found), found.sources.standing
    prose = of_roles[Role.PROSE]
    whole = rivalry(found.places, found.near) if competes and not found.sources.several else 0.0
    left: dict[tuple[int, Role], float] = {}
    for source in {hit.source for hit in found.hits}:
        kept = standing[source] * put_back if source in standing else 1.0
        own = (
            _come_first(_of(source, found.places), _of(source, found.near))
            if competes and found.sources.several
            else whole
        )
        priors = {**of_roles, Role.PROSE: prose**own} if competes else dict.fromkeys(Role, 1.0)
        left |= {(source, role): kept * prior for role, prior in priors.items()}
    return left


def _of(source: int, hits: Sequence[Hit]) -> list[Hit]:
    return [hit for hit in hits if hit.source == source]


def rivalry(places: Sequence[Hit], near: Sequence[Hit]) -> float:
    """How far, from 0 to 1, programs answer: where they do not, prose beside them is no comment on them.

    So manuals and contracts keep their place in a collection that holds programs, too. Among thousands of
    files one holds the words of any question, but then most of those that come first are no programs.
    """
    low, high = RIVALS
    return min(max((_programs(places, near) - low) / (high - low), 0.0), 1.0)


def answering(found: Found) -> float:
    """What programs, and prose beside them, are multiplied by where other sources hold texts alone.

    They are put back as far as programs are not what is found first in all.
    """
    if not found.sources.texts:
        return 1.0
    return STRANGE + (1 - STRANGE) * _come_first(found.places, found.near)


def _come_first(places: Sequence[Hit], near: Sequence[Hit]) -> float:
    """How far, from 0 to 1, programs come first.

    Sooner than `rivalry`: a source that holds programs is a project, and its prose their documentation.
    """
    return min(_programs(places, near) / ANSWERING, 1.0)


def _programs(places: Sequence[Hit], near: Sequence[Hit]) -> float:
    """The share of programs in the first documents by words and by meaning; 1.0 where there are none."""
    lists = ((places, ALIKE_BY_WORDS), (near, ALIKE_BY_MEANING))
    shares = [_share_of_programs(first) for hits, count in lists if (first := _first_of_each(hits, count))]
    return fmean(shares) if shares else 1.0


def _first_of_each(hits: Sequence[Hit], count: int) -> list[Hit]:
    """The best hit of each of the first documents, of those that are hits at all."""
    first: dict[int, Hit] = {}
    for hit in hits:
        if len(first) == count or hit.score <= 0:
            break
        first.setdefault(hit.document, hit)
    return list(first.values())


def _share_of_programs(hits: Sequence[Hit]) -> float:
    """Of the scores: tests tell of programs, too."""
    programs = fsum(hit.score for hit in hits if hit.role in {Role.SOURCE, Role.TEST})
    return programs / fsum(hit.score for hit in hits)

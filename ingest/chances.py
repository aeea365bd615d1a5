"""What a long text owes to chance: the best of its many places is good even where it answers nothing.

By chance the k-th best of the places that hold a question's words scores about τ · ln k less than the best,
with a τ of the question's own; so the best of n places scores τ · ln n more than a single one. The list of
places tells τ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.model import Hit

FEW = 30
"""Places of a text that owes nothing to chance: one that is about a single matter."""


def levelled(places: Sequence[Hit], counts: Mapping[int, int]) -> list[Hit]:
    """The same hits, best first, each text's without what it owes to being longer than the shortest of them.

    Programs keep their scores: a file is long for what it does, and its path and names find it, too.

    Args:
        places: best first.
        counts: places of each document.
    """
    lengths = {hit.document: max(FEW, counts.get(hit.document, 0)) for hit in places if _is_text(hit)}
    shortest = min(lengths.values(), default=FEW)
    if len(places) < 2 or shortest == max(lengths.values(), default=FEW):  # noqa: PLR2004 — one has no tail
        return list(places)
    tail = (places[0].score - places[-1].score) / math.log(len(places))
    owed = {document: tail * math.log(length / shortest) for document, length in lengths.items()}
    fair = [hit.scored(hit.score - owed[hit.document]) if _is_text(hit) else hit for hit in places]
    return sorted(fair, key=lambda hit: -hit.score)


def _is_text(hit: Hit) -> bool:
    return hit.role == Role.PROSE

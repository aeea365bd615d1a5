"""The order of hits against a full sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Hit
from ingest.store.ranking import best

if TYPE_CHECKING:
    from random import Random

PLACES = st.tuples(st.integers(1, 4), st.integers(0, 9))


def hit(place: tuple[int, int], score: float) -> Hit:
    return Hit(*place, start=0, end=1, first_passage=1, last_passage=1, score=score)


@given(st.dictionaries(PLACES, st.sampled_from([-0.5, 0.0, 0.5, 1.0])), st.integers(0, 45), st.randoms())
def test_the_order_does_not_depend_on_how_the_engine_breaks_ties(
    scores: dict[tuple[int, int], float], limit: int, random: Random
) -> None:
    engine = [hit(place, score) for place, score in scores.items()]
    random.shuffle(engine)
    engine.sort(key=lambda found: -found.score)
    expected = sorted(engine, key=lambda found: (-found.score, found.document, found.ordinal))[:limit]
    assert best(lambda count: engine[:count], limit) == expected


def test_the_engine_is_asked_once_where_nothing_is_tied() -> None:
    engine = [hit((1, ordinal), -float(ordinal)) for ordinal in range(100)]
    asked: list[int] = []

    def fetch(count: int) -> list[Hit]:
        asked.append(count)
        return engine[:count]

    assert best(fetch, 10) == engine[:10]
    assert asked == [11]


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        best(lambda _: [], -1)

"""Places that are kept against those that are there."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Hit
from ingest.store.places import Places

IDS = st.integers(0, 12)
STEPS = st.lists(st.one_of(IDS, st.lists(IDS, min_size=1, max_size=6), st.none()), max_size=40)
"""A point is written anew, some are found, or all are."""


def named(ids: list[int]) -> list[UUID]:
    return [UUID(int=identity) for identity in ids]


def place(identity: int, end: int) -> Hit:
    return Hit(1, identity, 0, end, 1, 1, 0.0)


@given(STEPS, st.integers(0, 12))
def test_what_is_found_is_what_was_written_last(steps: list[int | list[int] | None], most: int) -> None:
    written = dict.fromkeys(range(13), 1)
    places = Places(most)

    def read(ids: list[UUID]) -> dict[int, Hit]:
        return {identity.int: place(identity.int, written[identity.int]) for identity in ids}

    for step in steps:
        if isinstance(step, int):
            places.forget(named([step]))
            written[step] += 1
        elif step is None:
            places.forget_all()
            written = {identity: end + 1 for identity, end in written.items()}
        else:
            assert places.of(named(step), read) == [place(identity, written[identity]) for identity in step]


def test_only_what_is_not_known_is_read_and_the_oldest_go_first() -> None:
    asked: list[list[int]] = []
    places = Places(4)

    def read(ids: list[UUID]) -> dict[int, Hit]:
        asked.append([identity.int for identity in ids])
        return {identity.int: place(identity.int, 1) for identity in ids}

    places.of(named([1, 2, 3]), read)
    places.of(named([3, 1]), read)
    places.of(named([3, 4, 5]), read)  # one too many: half of them stay
    places.of(named([4, 5]), read)
    places.of(named([5, 3]), read)
    assert asked == [[1, 2, 3], [4, 5], [3]]

"""Counts that are kept against those that there are."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Scope
from ingest.store.counting import Counted

ONE, OTHER = Scope("default", "one"), Scope("default", "other")
DOCUMENTS = st.integers(1, 6)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([ONE, OTHER]),
        st.one_of(st.tuples(DOCUMENTS, st.integers(0, 3)), st.sampled_from(["count", "delete all"])),
    ),
    max_size=40,
)
"""A document gets so many points, of which 0 is its end; or somebody asks; or the scope goes."""


class Shelf:
    """Points by scope and document, and for which documents somebody has counted them."""

    def __init__(self) -> None:
        self.held: dict[Scope, Counter[int]] = {ONE: Counter(), OTHER: Counter()}
        self.asked: list[list[int] | None] = []

    def count(self, scope: Scope, documents: list[int] | None) -> dict[int, int]:
        self.asked.append(documents)
        held = self.held[scope]
        return {number: held[number] for number in documents or held if held[number]}


@given(STEPS, st.integers(0, 4))
def test_counts_are_those_of_a_count_anew(
    steps: list[tuple[Scope, tuple[int, int] | str]], most: int
) -> None:
    shelf, counted = Shelf(), Counted(most)
    for scope, step in steps:
        if step == "count":
            assert counted.of(scope, lambda of, s=scope: shelf.count(s, of)) == dict(+shelf.held[scope])
        elif isinstance(step, tuple):
            counted.written(scope, [step[0]])
            shelf.held[scope][step[0]] = step[1]
        else:
            counted.forget(scope)
            shelf.held[scope].clear()


def test_only_what_was_written_is_counted_again() -> None:
    shelf, counted = Shelf(), Counted(most=2)
    shelf.held[ONE].update({1: 5, 2: 5, 3: 5})

    def of_one() -> dict[int, int]:
        return counted.of(ONE, lambda of: shelf.count(ONE, of))

    first = of_one()
    first.clear()  # what is given away is nobody else's
    counted.written(ONE, [3, 2, 3])
    shelf.held[ONE][3] = 7
    of_one()
    of_one()
    counted.written(OTHER, [1])
    counted.written(ONE, [1, 2, 3])

    assert of_one() == {1: 5, 2: 5, 3: 7}
    assert shelf.asked == [None, [2, 3], None]


def test_a_count_that_fails_is_made_up_for() -> None:
    shelf, counted = Shelf(), Counted()
    shelf.held[ONE][1] = 5
    counted.of(ONE, lambda of: shelf.count(ONE, of))
    counted.written(ONE, [1])
    shelf.held[ONE][1] = 6

    def fails(of: list[int] | None) -> dict[int, int]:
        raise OSError(of)

    try:
        counted.of(ONE, fails)
    except OSError:
        assert counted.of(ONE, lambda of: shelf.count(ONE, of)) == {1: 6}
    else:
        raise AssertionError("it did not count")

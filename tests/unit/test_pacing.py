"""How long a reply rests between two steps, by how many are being read."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from service.models.pacing import LONGEST_REST, STEPS, Pace


def with_replies(pace: Pace, replies: int) -> float:
    """The rest while so many are read."""
    with ExitStack() as readings:
        for _ in range(replies):
            readings.enter_context(pace.reading())
        return pace.seconds


@pytest.mark.parametrize("replies", [0, 1, 3])
def test_a_few_replies_never_rest(replies: int) -> None:
    assert with_replies(Pace(), replies) == 0


@pytest.mark.parametrize("replies", [8, 24, 100, 199])
def test_all_together_take_the_steps_of_a_second_and_no_more(replies: int) -> None:
    assert replies / with_replies(Pace(), replies) == pytest.approx(STEPS)


def test_words_are_never_held_back_for_longer_than_people_bear() -> None:
    assert with_replies(Pace(), 10_000) == LONGEST_REST


def test_a_reply_that_ends_or_fails_counts_no_more() -> None:
    def fail() -> None:
        with pace.reading():
            assert pace.seconds == LONGEST_REST
            raise ZeroDivisionError

    pace = Pace(steps=1)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert pace.seconds == 0

from __future__ import annotations

import pytest

from service.commands.pace import Done, amount, pace, span


def done(**changes: int) -> Done:
    values = {"files": 12, "files_total": 200, "size": 10**7, "size_total": 10**8, "pages": 60, "failed": 0}
    return Done(**{**values, **changes})


def test_it_says_how_far_how_fast_and_until_when() -> None:
    assert pace(done(failed=2), 20) == (
        "12 of 200 files, 2 failed, 500 kB/s, 3 pages/s, about 3 minutes left"
    )


def test_it_says_nothing_of_the_rest_too_early_or_at_the_end() -> None:
    assert pace(done(files=0, size=0, pages=0), 5) == "0 of 200 files"
    assert "left" not in pace(done(size=10**6), 5)
    assert "left" not in pace(done(size=10**8), 5)
    assert pace(done(), 0) == "12 of 200 files"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7_000, "2 hours"), (200_000, "2 days")],
)
def test_time_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (2 * 10**9, "2 GB")]
)
def test_bytes_in_words(size: float, words: str) -> None:
    assert amount(size) == words

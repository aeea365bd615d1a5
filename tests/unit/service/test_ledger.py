"""The ledger over a real catalog: it never keeps an answer waiting, and never fails it."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.call_records import UsageWanted
from ingest.catalog.catalog import Catalog, open_catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.errors import CatalogUnavailable, UnknownName
from service.ledger import Ledger
from service.models.providers import CacheTraits
from tests.fakes.calls import NOON, call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.catalog.call_records import CallRecord


class Hindered(Catalog):
    """A catalog whose next writes of the ledger wait, or fail."""

    def __init__(self, place: Path) -> None:
        open_catalog(place).close()
        super().__init__(Database(sqlite_url(place)))
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.failing: list[Exception] = []

    def record_calls(self, made: Sequence[CallRecord]) -> None:
        self.asked.set()
        assert self.open.wait(5)
        if self.failing:
            raise self.failing.pop(0)
        super().record_calls(made)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Hindered]:
    with Hindered(tmp_path / "catalog.sqlite") as opened:
        yield opened


def ledger_of(catalog: Catalog, days: int = 400) -> Ledger:
    return Ledger(catalog, days=days, traits=lambda _: CacheTraits(), now=lambda: NOON)


@pytest.fixture
def ledger(catalog: Hindered) -> Iterator[Ledger]:
    made = ledger_of(catalog)
    yield made
    made.close()


def counted(ledger: Ledger) -> int:
    return ledger.usage("default", UsageWanted("day")).total.calls


def test_recording_does_not_wait_for_the_database(ledger: Ledger, catalog: Hindered) -> None:
    catalog.open.clear()
    began = time.perf_counter()
    for _ in range(50):
        ledger.record(call())
    assert time.perf_counter() - began < 1
    catalog.open.set()

    assert counted(ledger) == 50


def test_what_is_just_being_written_still_waits(ledger: Ledger, catalog: Hindered) -> None:
    catalog.open.clear()
    for _ in range(3):
        ledger.record(call())
    assert catalog.asked.wait(5)
    assert ledger.waiting == 3
    catalog.open.set()

    ledger.settle()
    assert ledger.waiting == 0


def test_what_a_database_that_was_away_missed_is_written_later(
    ledger: Ledger, catalog: Hindered, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.failing = [CatalogUnavailable("gone for a moment")]
    first, second = call(), call(created_at=NOON + timedelta(seconds=1))
    ledger.record(first)
    deadline = time.monotonic() + 5
    while "1 calls wait: gone for a moment" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.001)

    ledger.record(second)

    assert counted(ledger) == 2
    assert catalog.calls_of("default", first.answer) == (first,)


def test_an_error_is_logged_and_raised_to_nobody(
    ledger: Ledger, catalog: Hindered, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.failing = [RuntimeError("a defect")]
    with caplog.at_level(logging.ERROR):
        ledger.record(call())
        assert counted(ledger) == 0

    assert "the ledger has lost 1 calls" in caplog.text
    assert "a defect" in caplog.text


def test_closing_writes_what_is_left_and_later_calls_are_kept(catalog: Hindered) -> None:
    ledger = ledger_of(catalog)
    catalog.open.clear()
    ledger.record(call())
    threading.Timer(0.05, catalog.open.set).start()
    ledger.close()
    ledger.record(call())

    assert catalog.usage("default", UsageWanted())[0].calls == 2


def test_old_calls_are_dropped_once_a_day(catalog: Hindered) -> None:
    catalog.record_calls(
        [call(created_at=NOON - timedelta(days=31)), call(created_at=NOON - timedelta(days=29))]
    )
    now = [NOON]
    ledger = Ledger(catalog, days=30, traits=lambda _: CacheTraits(), now=lambda: now[0])

    def left() -> int:
        ledger.record(call())
        return counted(ledger)

    assert left() == 2
    now[0] += timedelta(hours=23)
    assert left() == 3
    now[0] += timedelta(days=2)
    assert left() == 3
    ledger.close()


class TestExplanation:
    def test_the_answers_own_call_is_compared_with_the_one_before(self, ledger: Ledger) -> None:
        then = call(answer="ans_1")
        rewrite = call(answer="ans_2", purpose="rewrite", mode="", created_at=NOON + timedelta(seconds=1))
        own = call(answer="ans_2", created_at=NOON + timedelta(seconds=2))
        for made in (then, rewrite, own):
            ledger.record(made)

        found = ledger.explanation("default", "ans_2")

        assert (found.call, found.earlier, found.calls) == (own, then, (rewrite, own))

    def test_without_an_own_call_the_last_of_its_way_is_explained(self, ledger: Ledger) -> None:
        part, step = (
            call(answer="ans_1", purpose=purpose, created_at=NOON + timedelta(seconds=n))
            for n, purpose in enumerate(("map", "merge"))
        )
        ledger.record(part)
        ledger.record(step)

        assert ledger.explanation("default", "ans_1").call == step

    def test_an_answer_that_never_got_beyond_its_search(self, ledger: Ledger) -> None:
        rewrite = call(answer="ans_1", purpose="rewrite", mode="", outcome="ModelTimeout")
        ledger.record(rewrite)

        assert ledger.explanation("default", "ans_1").call == rewrite

    def test_an_unknown_one_is_named(self, ledger: Ledger) -> None:
        ledger.record(call("acme", answer="ans_1"))

        for tenant, answer in (("default", "ans_1"), ("default", "ans_9")):
            with pytest.raises(UnknownName, match=f"answer named '{answer}'"):
                ledger.explanation(tenant, answer)

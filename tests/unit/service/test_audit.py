"""The audit log: written in order, never waited for, kept when it must be, dropped when it is old."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from ingest.catalog.audit_records import AuditEntry, AuditLine, AuditWanted
from ingest.catalog.catalog import open_catalog
from ingest.errors import CatalogUnavailable
from service.audit import MOST_WAITING, Audit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class Flaky:
    """A catalog whose database comes and goes."""

    away: bool = False
    hold: threading.Event = field(default_factory=threading.Event)
    written: list[AuditEntry] = field(default_factory=list[AuditEntry])
    error: Exception = field(default_factory=lambda: CatalogUnavailable("the disk is full"))

    def __post_init__(self) -> None:
        self.hold.set()

    def add_audit(self, entries: Sequence[AuditEntry], *, patience: float) -> None:
        assert patience
        self.hold.wait(10)
        if self.away:
            raise self.error
        self.written += entries

    def audit(self, tenant: str, wanted: AuditWanted) -> tuple[AuditLine, ...]:
        del tenant, wanted
        return tuple(AuditLine(number, entry) for number, entry in enumerate(self.written))

    def forget_audit(self, before: datetime, *, patience: float) -> int:
        del before, patience
        return 0


def entry(action: str = "ask", **fields: object) -> AuditEntry:
    return AuditEntry("default", "", action, **{"at": NOW, **fields})  # pyright: ignore[reportArgumentType] — a test's shorthand


def over(flaky: Flaky) -> Audit:
    return Audit(cast("Catalog", flaky), days=30)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


def test_entries_are_read_as_they_were_noted_newest_first(catalog: Catalog) -> None:
    audit = Audit(catalog, days=36_500)
    said = AuditEntry("default", "k1", "read_text", "docs", "doc_1", "404", "r-1", "10.0.0.7", NOW)

    audit.note(entry("search"))
    audit.note(said)

    found = audit.entries("default", AuditWanted())
    assert [line.entry for line in found] == [said, entry("search")]
    assert found[0].number > found[1].number
    assert audit.entries("somebody", AuditWanted()) == ()
    audit.close()


def test_lists_are_narrowed_and_go_on(catalog: Catalog) -> None:
    audit = Audit(catalog, days=36_500)
    for number in range(5):
        audit.note(entry("ask", collection="docs", subject=f"s{number}", at=NOW + timedelta(hours=number)))
    audit.note(entry("search", collection="other", at=NOW - timedelta(hours=1)))

    def subjects(**wanted: object) -> list[str]:
        found = audit.entries("default", AuditWanted(**wanted))  # pyright: ignore[reportArgumentType] — a test's shorthand
        return [line.entry.subject for line in found]

    assert subjects(action="ask", limit=2) == ["s4", "s3"]
    first = audit.entries("default", AuditWanted(action="ask", limit=2))
    assert subjects(action="ask", before=first[-1].number) == ["s2", "s1", "s0"]
    assert subjects(collection="other") == [""]
    assert subjects(since=NOW + timedelta(hours=3)) == ["s4", "s3"]
    assert subjects(key="nobody") == []
    audit.close()


def test_an_entry_never_waits_for_the_database() -> None:
    flaky = Flaky()
    flaky.hold.clear()
    audit = over(flaky)

    audit.note(entry())

    assert flaky.written == []
    flaky.hold.set()
    audit.close()
    assert flaky.written == [entry()]


def test_what_a_database_misses_is_written_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    flaky = Flaky(away=True)
    audit = over(flaky)
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            audit.note(entry(subject=str(number)))
        audit.entries("default", AuditWanted())
    assert "cannot be written" in caplog.text

    flaky.away = False
    audit.close()

    assert [each.subject for each in flaky.written] == ["0", "1", "2"]


def test_what_must_be_kept_is_written_first_or_refused() -> None:
    flaky = Flaky()
    audit = over(flaky)
    audit.keep(entry("delete_document"))
    assert flaky.written == [entry("delete_document")]

    flaky.away = True
    with pytest.raises(CatalogUnavailable):
        audit.keep(entry("delete_collection"))

    flaky.away = False
    audit.close()
    assert flaky.written[1:] == [entry("delete_collection")]


def test_a_bug_is_logged_and_costs_only_its_entries(caplog: pytest.LogCaptureFixture) -> None:
    flaky = Flaky(away=True, error=ZeroDivisionError("by accident"))
    audit = over(flaky)
    audit.note(entry("search"))
    audit.entries("default", AuditWanted())
    assert "has lost 1 entries" in caplog.text

    with pytest.raises(ZeroDivisionError):
        audit.keep(entry("delete_session"))

    flaky.away = False
    audit.close()
    audit.note(entry("ask"))  # after the end, by whoever ends later
    assert [each.action for each in flaky.written] == ["ask"]


def test_of_too_many_that_wait_the_oldest_are_lost_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    flaky = Flaky()
    flaky.hold.clear()
    audit = over(flaky)
    audit.note(entry(subject="taken"))
    for number in range(MOST_WAITING + 2):
        audit.note(entry(subject=str(number)))

    flaky.hold.set()
    audit.close()

    assert "has lost an entry" in caplog.text
    assert len(flaky.written) <= MOST_WAITING + 1
    assert flaky.written[-1].subject == str(MOST_WAITING + 1)


def test_entries_are_dropped_when_they_are_old(catalog: Catalog) -> None:
    young = Audit(catalog, days=36_500)
    young.note(entry("ask", at=NOW - timedelta(days=40)))
    young.note(entry("search", at=NOW))
    young.close()

    audit = Audit(catalog, days=30, now=lambda: NOW + timedelta(days=1))
    audit.note(entry("upload", at=NOW))
    assert [line.entry.action for line in audit.entries("default", AuditWanted())] == ["upload", "search"]
    audit.close()


def test_names_that_no_database_holds_are_kept_as_far_as_they_can_be(catalog: Catalog) -> None:
    audit = Audit(catalog, days=36_500)
    audit.keep(entry(collection="a\0b\udc80", subject="x" * 1_000, request_id="r" * 100))
    [line] = audit.entries("default", AuditWanted())
    assert (line.entry.collection, len(line.entry.subject), len(line.entry.request_id)) == ("ab?", 300, 64)
    audit.close()

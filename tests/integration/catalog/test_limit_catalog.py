"""Limits counted in the catalog, over SQLite, and over PostgreSQL where a server is named."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.catalog.catalog import Catalog

LONG = timedelta(days=1_000)
"""A window that no test outlives."""
SHORT = timedelta(microseconds=1)
"""A window that is over before anybody looks again."""
PATIENCE = timedelta(minutes=5)
DAY = datetime(2026, 5, 4, tzinfo=UTC)


def at_once(url: str, work: Callable[[Catalog], bool], *, servers: int = 2, each: int = 20) -> int:
    """How often it was allowed, asked by several servers beside each other."""
    barrier, allowed = threading.Barrier(servers), list[bool]()

    def ask() -> None:
        with open_catalog(url) as catalog:
            barrier.wait()
            allowed.extend(work(catalog) for _ in range(each))

    threads = [threading.Thread(target=ask) for _ in range(servers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == servers * each
    return sum(allowed)


class TestRates:
    def test_a_rate_is_one_for_all_servers(self, url: str, tenant: str) -> None:
        assert at_once(url, lambda catalog: catalog.count_request(tenant, 7, LONG).allowed) == 7

    def test_it_tells_how_many_count_and_for_how_long(self, catalog: Catalog, tenant: str) -> None:
        first, second = (catalog.count_request(tenant, 2, LONG) for _ in range(2))
        refused = catalog.count_request(tenant, 2, LONG)
        looked = catalog.requests(tenant, 3, LONG)

        assert [(each.allowed, each.used) for each in (first, second, refused)] == [
            (True, 1),
            (True, 2),
            (False, 2),
        ]
        assert (looked.allowed, looked.used) == (True, 2)
        assert 0 < looked.left <= LONG.total_seconds()

    def test_to_look_counts_nothing(self, catalog: Catalog, tenant: str) -> None:
        assert catalog.requests(tenant, 1, LONG).used == 0
        assert catalog.requests(tenant, 1, LONG).allowed
        assert catalog.count_request(tenant, 1, LONG).allowed

    def test_what_was_long_ago_does_not_count(self, catalog: Catalog, tenant: str) -> None:
        assert [catalog.count_request(tenant, 1, SHORT).allowed for _ in range(3)] == [True] * 3

    def test_what_counts_no_more_is_forgotten(self, catalog: Catalog, tenant: str) -> None:
        catalog.count_request(tenant, 5, LONG)
        catalog.forget_counted(LONG)
        assert catalog.requests(tenant, 5, LONG).used == 1


class TestRequests:
    def test_so_many_are_under_way_at_all_servers_together(self, url: str, tenant: str) -> None:
        def begin(catalog: Catalog) -> bool:
            return catalog.begin_request(secrets.token_hex(8), tenant, 3, PATIENCE)

        assert at_once(url, begin, each=10) == 3

    def test_one_that_has_ended_makes_room(self, catalog: Catalog, tenant: str) -> None:
        first, second = secrets.token_hex(8), secrets.token_hex(8)
        assert catalog.begin_request(first, tenant, 1, PATIENCE)
        assert not catalog.begin_request(second, tenant, 1, PATIENCE)
        catalog.end_request(first)
        assert catalog.begin_request(second, tenant, 1, PATIENCE)

    def test_one_of_a_server_that_was_killed_makes_room_after_a_while(
        self, catalog: Catalog, tenant: str
    ) -> None:
        lost, kept = secrets.token_hex(8), secrets.token_hex(8)
        assert catalog.begin_request(lost, tenant, 2, timedelta())
        assert catalog.begin_request(kept, tenant, 2, timedelta())
        catalog.keep_requests([kept], PATIENCE)

        assert catalog.begin_request(secrets.token_hex(8), tenant, 2, PATIENCE)
        assert not catalog.begin_request(secrets.token_hex(8), tenant, 2, PATIENCE)


class TestSpending:
    def test_a_budget_is_one_for_all_servers(self, url: str, catalog: Catalog, tenant: str) -> None:
        catalog.open_spending(tenant, "k", DAY, 0.5)
        assert at_once(url, lambda each: each.commit(tenant, "k", DAY, 0.25, 1.5)) == 4
        assert catalog.committed(tenant, "k", DAY) == 1.5

    def test_a_day_begins_once(self, catalog: Catalog, tenant: str) -> None:
        assert catalog.committed(tenant, "k", DAY) is None
        catalog.open_spending(tenant, "k", DAY, 0.5)
        catalog.open_spending(tenant, "k", DAY, 9.0)
        assert catalog.committed(tenant, "k", DAY) == 0.5

    def test_what_was_not_taken_is_given_back(self, catalog: Catalog, tenant: str) -> None:
        catalog.open_spending(tenant, "k", DAY, 0.0)
        assert catalog.commit(tenant, "k", DAY, 1.0, 1.0)
        catalog.correct_spending(tenant, "k", DAY, -0.75)
        assert catalog.committed(tenant, "k", DAY) == pytest.approx(0.25)

    def test_the_day_that_runs_is_kept(self, catalog: Catalog, tenant: str) -> None:
        today = datetime.now(UTC)
        for day in (today, today - timedelta(days=3)):
            catalog.open_spending(tenant, "k", day, 1.0)
        catalog.forget_counted(LONG)
        assert catalog.committed(tenant, "k", today) == 1.0
        assert catalog.committed(tenant, "k", today - timedelta(days=3)) is None

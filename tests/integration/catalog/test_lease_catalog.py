"""Leases in the catalog, over SQLite, and over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import secrets
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.catalog.database import Database
from ingest.catalog.lease import require_lease
from ingest.catalog.lease_records import LeaseName
from ingest.errors import LeaseLost

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.lease_records import LeaseRecord
    from ingest.catalog.records import CollectionRecord


@pytest.fixture
def name(tenant: str) -> LeaseName:
    return LeaseName("ingest", tenant, "contracts")


def gone(_lease: LeaseRecord, _now: datetime) -> bool:
    return True


def test_one_holds_it_and_the_next_is_told_who(catalog: Catalog, name: LeaseName) -> None:
    first, taken = catalog.take_lease(name, "one", "an ingest")
    found, again = catalog.take_lease(name, "two", "another")

    assert (taken, again) == (True, False)
    assert found == first
    assert (found.owner, found.work) == ("one", "an ingest")


def test_what_is_given_back_is_free(catalog: Catalog, name: LeaseName) -> None:
    first, _ = catalog.take_lease(name, "one", "")
    catalog.give_back_lease(first)

    assert catalog.take_lease(name, "two", "")[1]
    catalog.give_back_lease(first)  # it is not its own any more
    assert not catalog.take_lease(name, "three", "")[1]


def test_one_whose_holder_is_gone_is_taken_over(catalog: Catalog, name: LeaseName) -> None:
    first, _ = catalog.take_lease(name, "one", "")
    second, taken = catalog.take_lease(name, "two", "", is_gone=gone)

    assert taken
    assert catalog.renew_lease(second)
    assert not catalog.renew_lease(first)


def test_a_sign_of_life_is_told_by_one_clock(catalog: Catalog, name: LeaseName) -> None:
    first, _ = catalog.take_lease(name, "one", "")
    assert catalog.renew_lease(first)
    held, now = catalog.leases("ingest")
    (mine,) = [lease for lease in held if lease.name == name]

    assert first.since == mine.since
    assert first.heartbeat <= mine.heartbeat <= now


def test_who_lost_it_writes_nothing_more(
    catalog: Catalog, contracts: CollectionRecord, name: LeaseName
) -> None:
    lease, _ = catalog.take_lease(name, "one", "")
    fenced = catalog.fenced(lease)
    fenced.record_failure(contracts, "a.md", "broken", "", size=0, modified_ns=0, location="a.md")
    catalog.take_lease(name, "two", "", is_gone=gone)

    with pytest.raises(LeaseLost):
        fenced.record_failure(contracts, "b.md", "broken", "", size=0, modified_ns=0, location="b.md")
    assert set(fenced.failures(contracts)) == {"a.md"}


def test_a_transaction_that_writes_holds_up_who_takes_over(url: str, name: LeaseName) -> None:
    """Else both would write: the one that has just looked, and the one that has just taken over."""
    with open_catalog(url) as writer, open_catalog(url) as other:
        lease, _ = writer.take_lease(name, "one", "")
        over = threading.Thread(target=other.take_lease, args=(name, "two", ""), kwargs={"is_gone": gone})
        with closing(Database(url)) as database:
            guarded = database.guarded(lambda connection: require_lease(connection, lease))
            with guarded.write():
                over.start()
                over.join(0.2)
                assert over.is_alive()
        over.join()
        assert not writer.renew_lease(lease)


def test_of_many_who_come_at_once_one_gets_it(url: str, name: LeaseName) -> None:
    barrier, won = threading.Barrier(6), list[str]()

    def take(owner: str) -> None:
        with open_catalog(url) as mine:
            barrier.wait()
            if mine.take_lease(name, owner, "")[1]:
                won.append(owner)

    threads = [threading.Thread(target=take, args=(secrets.token_hex(4),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1

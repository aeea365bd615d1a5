"""Two servers over one PostgreSQL, in one process: who may write, what keys may do, who maintains."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from ingest.catalog.catalog import open_catalog
from ingest.catalog.database import Database
from ingest.catalog.job_records import JobReport, JobRequest, UploadedFile
from ingest.catalog.key_records import KeyLimits
from ingest.catalog.lease_records import LeaseName
from ingest.errors import LeaseLost
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.access.budgets import BudgetUsedUp
from service.access.caller import Forbidden
from service.access.keys import make_key
from service.access.rates import LimitReached, WrongKeys
from service.access.shared_budgets import SharedBudgets
from service.access.shared_limits import SharedRates, SharedSlots
from service.ingest_lock import IngestRunning, writing
from service.jobs.controlling import settle
from service.jobs.owner import this_process
from service.ledger import Ledger
from service.migrating import EMBEDDED, migrate
from service.models.prices import Price
from service.models.providers import GENERIC
from service.recording import Origin, begun_call
from service.replicas import Chore, Means, Replica, live_servers, others_unlike
from service.settings import Settings
from tests.fakes.embedder import WordEmbedder
from tests.fakes.live_service import live_in_memory
from tests.fakes.memory_index import MemoryIndex
from tests.integration.catalog.conftest import SERVER, needs_server
from tests.integration.catalog.old_catalogs import empty_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.catalog.call_records import CallRecord
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.lease_records import LeaseRecord
    from ingest.model import Document
    from ingest.report import Report

pytestmark = needs_server

DEAD = json.dumps({**json.loads(this_process()), "pid": "999999999"})
PRICE = Price(1.0, 0.1, 3.0)
PROMPT, LONGEST = 100_000, 100_000
MOST = 0.4
"""Dollars that a call may cost."""
JOB = JobRequest(uploads=(UploadedFile("a.md", "00000", "aa", 10),))
MEANS = Means("http://qdrant", "place")


def gone(_lease: LeaseRecord, _now: datetime) -> bool:
    return True


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with empty_place("postgresql", tmp_path_factory.mktemp("database"), SERVER) as url:
        yield url


@pytest.fixture
def catalogs(database: str) -> Iterator[tuple[Catalog, Catalog]]:
    """Of two servers."""
    with open_catalog(database) as one, open_catalog(database) as other:
        yield one, other


class TestWriting:
    def test_one_server_writes_a_collection_at_a_time(self, catalogs: tuple[Catalog, Catalog]) -> None:
        one, other = catalogs
        with writing(one, "acme", "contracts", "ingest"):
            said = r"another ingest is at work in 'contracts': process \d+ on .*, ingest, since 20"
            with pytest.raises(IngestRunning, match=said), writing(other, "acme", "contracts", "repair"):
                pass
            with writing(other, "acme", "letters", "ingest"), writing(other, "beta", "contracts", "ingest"):
                pass
        with writing(other, "acme", "contracts", "ingest"):
            pass

    def test_one_whose_process_has_died_holds_nobody_up(self, catalogs: tuple[Catalog, Catalog]) -> None:
        one, other = catalogs
        one.take_lease(LeaseName("ingest", "acme", "minutes"), DEAD, "ingest")
        with writing(other, "acme", "minutes", "ingest"):
            pass

    def test_an_index_is_not_moved_while_another_server_writes(
        self, catalogs: tuple[Catalog, Catalog], database: str, tmp_path: Path
    ) -> None:
        one, _ = catalogs
        one.ensure_collection("acme", "moved", embedder="use/3", dimensions=2, check_vector=b"\0" * 8)
        settings = Settings(data=tmp_path, database_url=database)
        said = "another ingest is at work in 'moved'"
        with writing(one, "acme", "moved", "ingest"), pytest.raises(IngestRunning, match=said):
            migrate(settings, EMBEDDED, "http://127.0.0.1:9", on_progress=lambda _: None)

    def test_jobs_of_a_collection_wait_for_its_writer(self, catalogs: tuple[Catalog, Catalog]) -> None:
        one, other = catalogs
        for collection in ("held", "free"):
            one.add_job("acme", collection, "upload", JOB, place="here")
        one.take_lease(LeaseName("ingest", "acme", "held"), DEAD, "ingest")

        claimed = other.claim_job("here", this_process())
        assert claimed is not None
        assert claimed.collection == "free"
        assert other.claim_job("here", this_process()) is None
        settle(other)  # the writer is dead
        last = other.claim_job("here", this_process())
        assert last is not None
        assert last.collection == "held"

    def test_jobs_of_a_collection_go_in_their_order(self, catalogs: tuple[Catalog, Catalog]) -> None:
        """Also where both servers claim at once, and in the moment before the first one begins to write."""
        ids = [
            catalogs[0].add_job("acme", name, "upload", JOB, place="p").id for name in ("a", "b", "a", "b")
        ]
        barrier, claimed = threading.Barrier(6), list[str]()

        def claim(catalog: Catalog) -> None:
            barrier.wait()
            job = catalog.claim_job("p", this_process(), in_turn=True)
            claimed.extend([] if job is None else [job.id])

        threads = [threading.Thread(target=claim, args=(catalog,)) for catalog in catalogs * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(claimed) == sorted(ids[:2])
        first = catalogs[0].job("acme", ids[0])
        catalogs[0].finish_job(first, "done", JobReport())
        later = catalogs[1].claim_job("p", this_process(), in_turn=True)
        assert later is not None
        assert later.id == ids[2]

    def test_one_that_was_silent_and_wakes_up_publishes_nothing(
        self, catalogs: tuple[Catalog, Catalog], tmp_path: Path
    ) -> None:
        """Another server has taken over meanwhile, and reads the same file."""
        one, other = catalogs
        (tmp_path / "lease.md").write_text("# Lease\n\nAnn Lee signs. The rent is 4,200 euros.\n")
        index = MemoryIndex()

        def ingest(catalog: Catalog, reading: Callable[..., Document] = read) -> Report:
            ingester = Ingester(catalog, index, WordEmbedder(), InlineParser(reading))
            return ingester.ingest("acme", "woken", [tmp_path], largest=2**20, on_progress=lambda _: None)

        def sleep_over_it(*asked: Any, **more: Any) -> Document:  # noqa: ANN401 — as `read`
            document = read(*asked, **more)
            other.take_lease(LeaseName("ingest", "acme", "woken"), DEAD, "", is_gone=gone)
            return document

        with writing(one, "acme", "woken", "ingest") as fenced, pytest.raises(LeaseLost):
            ingest(fenced, sleep_over_it)
        assert other.ready_versions(other.collection("acme", "woken")) == ()

        with writing(other, "acme", "woken", "ingest") as fenced:
            assert len(ingest(fenced).indexed) == 1
        (version,) = other.ready_versions(other.collection("acme", "woken"))
        assert index.counts(other.collection("acme", "woken").scope) == {version.number: version.chunks}


class TestLimits:
    def test_a_rate_holds_over_both(self, catalogs: tuple[Catalog, Catalog]) -> None:
        async def ask() -> int:
            rates = [SharedRates(catalog) for catalog in catalogs]
            allowed = [(await each.hit("k", 5)).allowed for _ in range(10) for each in rates]
            for each in rates:
                each.close()
            return sum(allowed)

        assert asyncio.run(ask()) in {5, 6}  # the minute may turn in between

    def test_so_many_at_a_time_at_both_together(self, catalogs: tuple[Catalog, Catalog]) -> None:
        async def ask() -> list[bool]:
            one, other = (SharedSlots(catalog) for catalog in catalogs)
            first, second = await one.take("k", 2), await other.take("k", 2)
            assert first is not None
            assert second is not None
            refused = await other.take("k", 2)
            await one.leave(first)
            again = await other.take("k", 2)
            other.drop(second)
            for each in (one, other):
                each.close()
            return [refused is None, again is not None]

        assert asyncio.run(ask()) == [True, True]

    def test_wrong_keys_are_counted_together(self, catalogs: tuple[Catalog, Catalog]) -> None:
        async def try_them() -> int:
            rates = [SharedRates(catalog) for catalog in catalogs]
            doors = [WrongKeys(each, most=4, secret="one") for each in rates]
            looked_at = 0
            for door in doors * 5:
                try:
                    await door.require_few("203.0.113.9")
                except LimitReached:
                    continue
                await door.note("203.0.113.9")
                looked_at += 1
            for each in rates:
                each.close()
            return looked_at

        assert asyncio.run(try_them()) in {4, 5}


@pytest.fixture
def spenders(catalogs: tuple[Catalog, Catalog]) -> Iterator[tuple[SharedBudgets, SharedBudgets]]:
    with ExitStack() as closing:
        made: list[SharedBudgets] = []
        for catalog in catalogs:
            ledger = Ledger(catalog, days=1, traits=lambda _: GENERIC.cache, prunes=False)
            closing.callback(ledger.close)
            budgets = SharedBudgets(catalog, ledger, lambda _: PRICE)
            closing.callback(budgets.close)
            made.append(budgets)
        yield made[0], made[1]


@pytest.fixture
def key(catalogs: tuple[Catalog, Catalog]) -> str:
    """Of somebody who may spend a dollar a day."""
    return make_key(
        catalogs[0], "acme", "k", permissions=["read"], collections=None, limits=KeyLimits(usd_per_day=1.0)
    )[1].id


def call_of(key: str) -> CallRecord:
    origin = Origin("acme", "contracts", key=key)
    return begun_call(origin, "answer", provider="zai", model="glm-5", planned=PROMPT)


def begin(budgets: SharedBudgets, call: CallRecord) -> CallRecord:
    look_up = budgets.due(call, LONGEST)
    assert look_up is not None
    look_up()
    budgets.begin(call, LONGEST)
    return call


class TestBudgets:
    def test_what_one_sets_aside_the_other_may_not_spend(
        self, spenders: tuple[SharedBudgets, SharedBudgets], key: str
    ) -> None:
        one, other = spenders
        first, _second = begin(one, call_of(key)), begin(other, call_of(key))
        with pytest.raises(BudgetUsedUp, match=r"\$0\.2000 is left, and the call may cost up to \$0\.4000"):
            begin(other, call_of(key))
        one.record(replace(first, usd=0.05))
        begin(one, call_of(key))
        one.require("acme", key)
        with pytest.raises(BudgetUsedUp):
            begin(one, call_of(key))

    def test_what_was_spent_before_counts(
        self, catalogs: tuple[Catalog, Catalog], spenders: tuple[SharedBudgets, SharedBudgets], key: str
    ) -> None:
        catalogs[0].record_calls([replace(call_of(key), usd=0.7)])
        for budgets in spenders:
            with pytest.raises(BudgetUsedUp, match=r"\$0\.3000 is left"):
                begin(budgets, call_of(key))

    def test_a_call_that_is_not_made_takes_nothing(
        self, catalogs: tuple[Catalog, Catalog], spenders: tuple[SharedBudgets, SharedBudgets], key: str
    ) -> None:
        one, other = spenders
        one.forget(begin(one, call_of(key)))
        left = call_of(key)  # by somebody who leaves while it is set aside
        look_up = one.due(left, LONGEST)
        one.forget(left)
        assert look_up is not None
        look_up()
        one.close()
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        assert catalogs[1].committed("acme", key, today) == pytest.approx(0.0)
        begin(other, call_of(key))

    def test_what_a_killed_server_had_set_aside_stays(
        self, catalogs: tuple[Catalog, Catalog], spenders: tuple[SharedBudgets, SharedBudgets], key: str
    ) -> None:
        begin(spenders[0], call_of(key))  # and nothing is heard of it any more
        begin(spenders[1], call_of(key))
        with pytest.raises(BudgetUsedUp, match=r"\$0\.2000 is left"):
            begin(spenders[1], call_of(key))
        assert catalogs[0].spent("acme", key, datetime.now(UTC) - timedelta(days=1)) == ()

    def test_a_model_without_a_price_is_refused(self, catalogs: tuple[Catalog, Catalog], key: str) -> None:
        ledger = Ledger(catalogs[0], days=1, traits=lambda _: GENERIC.cache)
        budgets = SharedBudgets(catalogs[0], ledger, lambda _: None)
        with pytest.raises(Forbidden, match="nobody knows what glm-5 costs"):
            begin(budgets, call_of(key))
        budgets.close()
        ledger.close()


class TestMaintenance:
    def test_one_maintains_and_the_other_takes_over(self, catalogs: tuple[Catalog, Catalog]) -> None:
        done: list[str] = []
        one, other = (
            Replica(catalog, MEANS, [Chore(name, timedelta(days=1), lambda name=name: done.append(name))])
            for catalog, name in zip(catalogs, ("one", "other"), strict=True)
        )
        for replica in (one, other, one, other):
            replica.look()
        assert (one.leads, other.leads, done) == (True, False, ["one"])
        assert len(live_servers(catalogs[0])) == 2

        one.stop()
        other.look()
        assert (other.leads, done) == (True, ["one", "other"])
        other.stop()
        assert live_servers(catalogs[0]) == []

    def test_it_is_taken_over_from_one_that_died(self, catalogs: tuple[Catalog, Catalog]) -> None:
        one, other = catalogs
        one.take_lease(LeaseName("maintenance"), DEAD, "maintenance")
        one.take_lease(LeaseName("server", subject="dead"), DEAD, '{"index": "elsewhere", "sent": "there"}')
        assert live_servers(other) == []
        replica = Replica(other, MEANS, [])
        replica.look()
        assert replica.leads
        assert [lease.name.subject != "dead" for lease in other.leases("server")[0]] == [True]
        replica.stop()


def test_who_stands_still_in_a_transaction_holds_nobody_up_for_long(database: str) -> None:
    """A machine that lost its power says nothing to the database, which would keep its locks for hours."""
    with closing(Database(database)) as opened, opened.read() as connection:
        asked = text("SHOW idle_in_transaction_session_timeout")
        assert connection.execute(asked).scalar_one() == "1min"


def test_servers_that_search_different_indexes_are_told(database: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "one", database_url=database)
    with live_in_memory(settings) as service, open_catalog(database) as catalog:
        assert others_unlike(service.services) == []
        assert "servers" in service.get("/readyz")["checks"]
        other = Replica(catalog, MEANS, [])
        other.look()
        (unlike,) = others_unlike(service.services)
        assert unlike.means == MEANS
        other.stop()

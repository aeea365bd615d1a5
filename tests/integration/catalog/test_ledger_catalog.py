"""The ledger's rows over SQLite, and over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ingest.catalog.call_records import CANCELLED, CallPlan, CallSegment, RunRow, UsageWanted
from ingest.catalog.records import FileFacts
from ingest.model import Document, Element
from tests.fakes.calls import NOON, call
from tests.fakes.versions import begin
from tests.fakes.versions import publish as publish_one

if TYPE_CHECKING:
    from ingest.catalog.call_records import CallRecord, UsageKey
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord


def publish(catalog: Catalog, collection: CollectionRecord, path: str, text: str = "Ann.") -> VersionRecord:
    facts = FileFacts(path, text, 10, 20, "text/plain", "plain/1", "chunks/1", "use/3")
    document = Document(text, path, (Element(0, len(text), text, "paragraph"),))
    return publish_one(catalog, begin(catalog, collection, facts), document, (), chunks=1)


def showing(*documents: int) -> CallPlan:
    segments = (
        CallSegment("rules", "rules", 0, 300, 300, "aa"),
        CallSegment("passages", "fresh", 1, 50, 0, "bb", documents),
    )
    return CallPlan("the passages found", segments, ("ab", "cd"))


def test_a_call_comes_back_as_it_was_recorded(catalog: Catalog, contracts: CollectionRecord) -> None:
    version = publish(catalog, contracts, "a.txt")
    made = call(contracts.tenant, plan=showing(version.number))
    failed = call(
        contracts.tenant,
        answer=made.answer,
        created_at=NOON - timedelta(seconds=1),
        outcome="ModelBusy",
        usd=None,
        saved_usd=None,
    )

    catalog.record_calls([made, failed])

    assert catalog.calls_of(contracts.tenant, made.answer) == (failed, made)
    assert catalog.calls_of(f"{contracts.tenant}-other", made.answer) == ()
    catalog.record_calls([])


def test_names_that_no_database_takes_are_mended(catalog: Catalog, tenant: str) -> None:
    made = call(tenant, model="glm\0\ud800")

    catalog.record_calls([made])

    assert catalog.calls_of(tenant, made.answer)[0].model == "glm?"


class TestBefore:
    def test_it_is_the_sessions_last_answer(self, catalog: Catalog, tenant: str) -> None:
        first, failed, other, now = (
            call(tenant),
            call(tenant, created_at=NOON + timedelta(seconds=2), outcome="StreamCut"),
            call(tenant, created_at=NOON + timedelta(seconds=3), session="s2"),
            call(tenant, created_at=NOON + timedelta(seconds=4), model="glm-4.7"),
        )
        rewritten = call(tenant, created_at=NOON + timedelta(seconds=1), purpose="rewrite", mode="")
        catalog.record_calls([first, failed, other, rewritten, now])

        assert catalog.call_before(now) == first

    def test_a_first_question_follows_the_last_of_its_collection_and_model(
        self, catalog: Catalog, tenant: str
    ) -> None:
        first = call(tenant)
        others = [
            call(tenant, created_at=NOON + timedelta(seconds=1), **other)
            for other in ({"collection": "x"}, {"model": "glm-4.7"}, {"provider": "vllm"})
        ]
        now = call(tenant, created_at=NOON + timedelta(seconds=2), session="s9")
        catalog.record_calls([first, *others, now])

        assert catalog.call_before(now) == first
        assert catalog.call_before(first) is None

    def test_one_access_key_is_not_told_of_another_ones(self, catalog: Catalog, tenant: str) -> None:
        mine = call(tenant, key="mine")
        other = call(tenant, created_at=NOON + timedelta(seconds=1), key="other")
        now = call(tenant, created_at=NOON + timedelta(seconds=2), session="s9", key="mine")
        catalog.record_calls([mine, other, now])

        assert catalog.call_before(now, key="mine") == mine
        assert catalog.call_before(now) == other


class TestUsage:
    @pytest.fixture
    def filled(self, catalog: Catalog, tenant: str) -> str:
        late = NOON.replace(hour=23, minute=59, second=59, microsecond=999_999)
        catalog.record_calls(
            [
                call(tenant, answer="ans_1"),
                call(tenant, answer="ans_1", purpose="rewrite", mode="", model="glm-4.7", usd=0.5),
                call(tenant, answer="ans_2", created_at=late, key="bot"),
                call(tenant, answer="ans_3", created_at=late + timedelta(microseconds=1), collection="Ы"),
                call(
                    tenant,
                    answer="ans_4",
                    created_at=late + timedelta(hours=1),
                    outcome="cancelled",
                    usd=None,
                    saved_usd=None,
                    prompt_tokens=0,
                    cached_tokens=0,
                ),
                call(f"{tenant}-other"),
            ]
        )
        return tenant

    def test_by_day_with_all_figures(self, catalog: Catalog, filled: str) -> None:
        first, second = catalog.usage(filled, UsageWanted("day"))

        assert (first.group, second.group) == ("2026-05-04", "2026-05-05")
        assert (first.answers, first.calls, first.failed, first.unpriced) == (2, 3, 0, 0)
        assert (second.answers, second.calls, second.failed, second.unpriced) == (1, 2, 1, 1)
        assert (first.prompt_tokens, first.cached_tokens, first.predicted_cached_tokens) == (1050, 768, 900)
        assert (first.completion_tokens, first.reasoning_tokens, first.planned_tokens) == (60, 15, 1020)
        assert (first.usd, first.saved_usd) == (1.0, 0.375)
        assert (second.usd, second.prompt_tokens) == (0.25, 350)

    @pytest.mark.parametrize(
        ("by", "groups"),
        [
            ("collection", {"contracts": 4, "Ы": 1}),
            ("key", {"": 4, "bot": 1}),
            ("model", {"glm-4.7": 1, "glm-5": 4}),
        ],
    )
    def test_by_name(self, catalog: Catalog, filled: str, by: UsageKey, groups: dict[str, int]) -> None:
        found = catalog.usage(filled, UsageWanted(by))

        assert {row.group: row.calls for row in found} == groups

    def test_chosen_by_time_and_names(self, catalog: Catalog, filled: str) -> None:
        def calls(**chosen: Any) -> int:  # noqa: ANN401 — its filters
            [row] = catalog.usage(filled, UsageWanted(**chosen))
            return row.calls

        midnight = datetime(2026, 5, 5, tzinfo=UTC)
        assert (calls(), calls(since=midnight), calls(until=midnight)) == (5, 2, 3)
        assert (calls(collection="Ы"), calls(key="bot"), calls(key=""), calls(model="glm-4.7")) == (
            1,
            1,
            4,
            1,
        )

    def test_times_are_those_of_the_answers_own_calls_by_rank(self, catalog: Catalog, tenant: str) -> None:
        times = [float(100 * number) for number in range(1, 41)]
        catalog.record_calls(
            [
                *(call(tenant, milliseconds=time) for time in reversed(times)),
                call(tenant, milliseconds=7.0, collection="small"),
                call(tenant, milliseconds=9.0, collection="small"),
                call(tenant, milliseconds=60_000.0, purpose="rewrite", mode=""),
                call(tenant, milliseconds=60_000.0, outcome="ModelBusy"),
                call(tenant, milliseconds=60_000.0, outcome="cancelled", collection="none"),
                call(f"{tenant}-other", milliseconds=60_000.0),
            ]
        )

        def shown(**wanted: Any) -> list[tuple[float | None, float | None]]:  # noqa: ANN401 — its filters
            found = catalog.usage(tenant, UsageWanted(**wanted))
            return [(row.median_milliseconds, row.slow_milliseconds) for row in found]

        assert shown(by="collection") == [(2_000.0, 3_800.0), (None, None), (7.0, 9.0)]
        assert shown(by="day") == [(1_900.0, 3_800.0)]
        assert shown(collection="small") == [(7.0, 9.0)]
        assert shown(until=NOON) == [(None, None)]

    def test_nothing_costs_nothing_and_unknown_is_not_nothing(self, catalog: Catalog, tenant: str) -> None:
        [nothing] = catalog.usage(tenant, UsageWanted())
        assert (nothing.calls, nothing.prompt_tokens, nothing.usd, nothing.saved_usd) == (0, 0, 0.0, 0.0)
        assert catalog.usage(tenant, UsageWanted("day")) == ()

        catalog.record_calls([call(tenant, usd=None, saved_usd=None)])
        [unknown] = catalog.usage(tenant, UsageWanted())
        assert (unknown.usd, unknown.saved_usd, unknown.unpriced) == (None, None, 1)


class TestAgentRuns:
    def test_the_calls_of_an_answer_are_one_run(self, catalog: Catalog, tenant: str) -> None:
        step = call(tenant, answer="ans_1", mode="", purpose="step", prompt_tokens=1_000, cached_tokens=0)
        answered = replace(
            step, id="b", mode="agent", purpose="answer", prompt_tokens=3_000, cached_tokens=900
        )
        catalog.record_calls([step, answered, call(tenant), replace(step, id="c", purpose="rewrite")])

        [run] = catalog.agent_runs(tenant, "contracts", "glm-5", 10)

        assert run == RunRow(2, 4_000, 900, 40)

    def test_only_those_that_ended_here_with_this_model_count(self, catalog: Catalog, tenant: str) -> None:
        whole = call(tenant, mode="agent", answer="ans_1")
        catalog.record_calls([
            whole,
            replace(whole, id="b", answer="ans_2", outcome=CANCELLED),
            replace(whole, id="c", answer="ans_3", collection="others"),
            replace(whole, id="d", answer="ans_4", model="glm-5-code"),
        ])  # fmt: skip
        assert len(catalog.agent_runs(tenant, "contracts", "glm-5", 10)) == 1
        assert catalog.agent_runs(tenant, "nothing", "glm-5", 10) == ()

    def test_the_latest_count(self, catalog: Catalog, tenant: str) -> None:
        made = [
            call(tenant, mode="agent", created_at=NOON + timedelta(minutes=n), prompt_tokens=n)
            for n in range(5)
        ]
        catalog.record_calls(made)

        runs = catalog.agent_runs(tenant, "contracts", "glm-5", 2)
        assert sorted(run.prompt_tokens for run in runs) == [3, 4]


class TestForgetting:
    def test_details_go_with_a_document_and_figures_stay(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        lease, deed = (publish(catalog, contracts, path) for path in ("lease.txt", "deed.txt"))
        showed, followed, unsaved, other = (
            call(tenant, plan=showing(lease.number)),
            call(tenant, plan=showing(deed.number)),
            call(tenant, session="", plan=showing(lease.number, deed.number)),
            call(tenant, session="s2", plan=showing(deed.number)),
        )
        catalog.record_calls([showed, followed, unsaved, other])
        [before] = catalog.usage(tenant, UsageWanted())

        catalog.delete_document(tenant, lease.document)

        def plan_of(made: CallRecord) -> CallPlan | None:
            return catalog.calls_of(tenant, made.answer)[0].plan

        assert [plan_of(made) for made in (showed, followed, unsaved)] == [None, None, None]
        assert plan_of(other) == other.plan
        assert catalog.usage(tenant, UsageWanted()) == (before,)
        catalog.delete_document(tenant, deed.document)
        assert plan_of(other) is None

    def test_an_answer_that_ends_after_the_deletion_keeps_figures_alone(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        lease = publish(catalog, contracts, "lease.txt")
        catalog.delete_document(contracts.tenant, lease.document)
        late = call(contracts.tenant, plan=showing(lease.number))

        catalog.record_calls([late])

        assert catalog.calls_of(contracts.tenant, late.answer) == (replace(late, plan=None),)

    def test_a_session_that_may_repeat_a_deleted_document_takes_its_details_along(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        deleted, kept = (publish(catalog, contracts, path) for path in ("a.txt", "b.txt"))
        repeating, other = (call(tenant, session=name, plan=showing(kept.number)) for name in ("s", "t"))
        catalog.record_calls([repeating, other])
        catalog.save_session(tenant, "s", "contracts", turns="[]", documents=[], repeats=True)

        catalog.delete_document(tenant, deleted.document)

        assert catalog.calls_of(tenant, repeating.answer)[0].plan is None
        assert catalog.calls_of(tenant, other.answer) == (other,)

    def test_purged_versions_take_their_details_along(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        old, new = (publish(catalog, contracts, "a.txt", text) for text in ("one", "two"))
        calls = [call(contracts.tenant, session=f"s{v.number}", plan=showing(v.number)) for v in (old, new)]
        catalog.record_calls(calls)

        catalog.purge_superseded(contracts)

        plans = [catalog.calls_of(contracts.tenant, made.answer)[0].plan for made in calls]
        assert plans == [None, calls[1].plan]

    def test_a_deleted_collection_keeps_its_bill_under_its_name(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        version = publish(catalog, contracts, "a.txt")
        made, elsewhere = (
            call(tenant, plan=showing(version.number)),
            call(tenant, collection="x", plan=showing()),
        )
        catalog.record_calls([made, elsewhere])

        catalog.delete_collection(tenant, "contracts")

        assert catalog.calls_of(tenant, made.answer) == (replace(made, plan=None, session=""),)
        assert catalog.calls_of(tenant, elsewhere.answer) == (elsewhere,)
        assert [row.group for row in catalog.usage(tenant, UsageWanted("collection"))] == ["contracts", "x"]

    def test_a_deleted_session_leaves_figures_alone(
        self, catalog: Catalog, contracts: CollectionRecord
    ) -> None:
        tenant = contracts.tenant
        version = publish(catalog, contracts, "a.txt")
        made, other = (call(tenant, session=name, plan=showing(version.number)) for name in ("s", "t"))
        catalog.record_calls([made, other])
        catalog.save_session(tenant, "s", "contracts", turns="[]", documents=[version.number])

        catalog.delete_session(f"{tenant}-other", "s")
        assert catalog.calls_of(tenant, made.answer) == (made,)
        catalog.delete_session(tenant, "s")

        assert catalog.calls_of(tenant, made.answer) == (replace(made, plan=None, session=""),)
        assert catalog.calls_of(tenant, other.answer) == (other,)

    def test_old_calls_are_dropped(self, catalog: Catalog, contracts: CollectionRecord) -> None:
        # Of all tenants: long before what the other tests record.
        version = publish(catalog, contracts, "a.txt")
        ancient = NOON - timedelta(days=4_000)
        old = call(contracts.tenant, created_at=ancient, plan=showing(version.number))
        kept = call(contracts.tenant, created_at=ancient + timedelta(seconds=1))
        catalog.record_calls([old, kept])

        assert catalog.forget_calls(kept.created_at) == 1

        assert catalog.calls_of(contracts.tenant, old.answer) == ()
        assert catalog.calls_of(contracts.tenant, kept.answer) == (kept,)


def test_another_process_writes_at_the_same_time(catalog: Catalog, url: str, tenant: str) -> None:
    program = (
        "import sys; from ingest.catalog.catalog import open_catalog; from tests.fakes.calls import call\n"
        "with open_catalog(sys.argv[1]) as catalog:\n"
        "    print('open', flush=True)\n"
        "    for _ in range(50): catalog.record_calls([call(sys.argv[2]), call(sys.argv[2])])\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, url, tenant], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        for _ in range(50):
            catalog.record_calls([call(tenant), call(tenant)])
    assert other.returncode == 0

    [row] = catalog.usage(tenant, UsageWanted())
    assert (row.calls, row.answers, row.prompt_tokens, row.usd) == (200, 200, 200 * 350, 50.0)

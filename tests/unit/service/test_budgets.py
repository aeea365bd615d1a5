from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.call_records import CANCELLED, SpentRow
from ingest.catalog.key_records import KeyLimits, KeyRecord, Permission
from ingest.errors import EgressRefused
from service.access.budgets import Budgets, BudgetUsedUp
from service.access.caller import Forbidden
from service.models.contract import Diverted, TextDelta, TokenUsage
from service.models.errors import StreamCut
from service.models.prices import Price
from service.recording import Origin, Owed, Recording, begun_call

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ingest.catalog.call_records import CallRecord

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
PRICE = Price(1.0, 0.2, 3.0)
PROMPT, LONGEST = 100_000, 100_000
MOST = 0.4
"""Dollars of a call with such a prompt and the longest answer."""


class Books:
    """Keys and a ledger in lists; the clock stands still unless it is set."""

    def __init__(self, **limits: float | None) -> None:
        self.now, self.ticks = NOON, 0.0
        self.calls: list[CallRecord] = []
        self.looked: list[datetime] = []
        self.key = KeyRecord(
            *("k", "acme", "a test", "0" * 64, frozenset[Permission]({"read"}), None),
            KeyLimits(**limits),  # pyright: ignore[reportArgumentType] — of the test's choice
            *(NOON, None, None, None),
        )

    def access_key(self, identity: str) -> KeyRecord | None:
        return self.key if identity == "k" else None

    def record(self, call: CallRecord) -> None:
        self.calls.append(call)

    def spent(self, tenant: str, key: str, since: datetime) -> list[SpentRow]:
        self.looked.append(since)
        mine = [c for c in self.calls if (c.tenant, c.key) == (tenant, key) and c.created_at >= since]
        left = sum(c.planned_tokens for c in mine if c.was_left)
        return [SpentRow("glm-5", sum(c.usd or 0.0 for c in mine), left)] if mine else []

    def budgets(self, price: Price | None = PRICE, *, default: float | None = None) -> Budgets:
        return Budgets(
            self, self, lambda _: price, default=default, now=lambda: self.now, clock=lambda: self.ticks
        )

    def call(self, key: str = "k") -> CallRecord:
        origin = Origin("acme", "contracts", key=key)
        made = begun_call(origin, "answer", provider="zai", model="glm-5", planned=PROMPT)
        return replace(made, created_at=self.now)


def test_calls_at_the_same_time_do_not_overshoot() -> None:
    books = Books(usd_per_day=1.0)
    budgets = books.budgets()
    calls = [books.call() for _ in range(50)]

    refused: list[BudgetUsedUp] = []
    for call in calls:
        try:
            budgets.begin(call, LONGEST)
        except BudgetUsedUp as refusal:
            refused.append(refusal)

    assert len(refused) == 48  # two may come to 0.80 together, a third to 1.20
    assert {(one.http_status, one.retry_after) for one in refused} == {(429, 12 * 3_600)}


def test_a_dearer_fallback_is_set_aside_for() -> None:
    books = Books(usd_per_day=1.0)
    dear, cheap = Price(2.0, 0.2, 6.0), Price(0.1, 0.1, 0.1)
    fallbacks = (cheap, dear)
    budgets = Budgets(books, books, lambda _: PRICE, fallbacks=fallbacks, now=lambda: books.now)
    call = replace(books.call(), predicted_cached_tokens=PROMPT)  # whose cache the fallback does not have

    budgets.begin(call, LONGEST)
    with pytest.raises(BudgetUsedUp, match=r"\$0\.2000 is left, and the call may cost up to \$0\.8000"):
        budgets.begin(books.call(), LONGEST)
    budgets.record(replace(call, usd=0.8))
    with pytest.raises(BudgetUsedUp, match=r"\$0\.2000 is left"):
        budgets.begin(books.call(), LONGEST)

    assert sum(one.usd or 0.0 for one in books.calls) <= 1.0


def spend(books: Books, budgets: Budgets, usd: float | None, outcome: str = "ok") -> CallRecord:
    call = books.call()
    budgets.begin(call, LONGEST)
    ended = replace(call, usd=usd, outcome=outcome)
    budgets.record(ended)
    return ended


def test_what_a_call_did_not_take_is_there_for_the_next() -> None:
    books = Books(usd_per_day=1.0)
    budgets = books.budgets()

    for _ in range(7):
        spend(books, budgets, 0.1)

    # At 0.70 the next one might come to 1.10.
    with pytest.raises(BudgetUsedUp, match=r"\$0\.3000 is left, and the call may cost up to \$0\.4000"):
        spend(books, budgets, 0.1)
    budgets.require("acme", "k")  # something is left, for a smaller call


def test_a_used_up_budget_is_said_before_anything_is_done() -> None:
    books = Books(usd_per_day=0.5)
    budgets = books.budgets()
    budgets.require("acme", "k")
    spend(books, budgets, 0.5)

    with pytest.raises(BudgetUsedUp, match=r"\$0\.50 a day .*: \$0\.0000 is left \(code"):
        budgets.require("acme", "k")


def test_a_new_day_begins_at_midnight() -> None:
    books = Books(usd_per_day=0.5)
    budgets = books.budgets()
    spend(books, budgets, 0.5)
    books.now += timedelta(hours=12)

    budgets.require("acme", "k")
    assert books.looked[-1] == datetime(2026, 11, 27, tzinfo=UTC)


def test_what_other_processes_have_spent_is_noticed() -> None:
    books = Books(usd_per_day=0.5)
    budgets = books.budgets()
    budgets.require("acme", "k")
    books.calls.append(replace(books.call(), usd=0.6))
    budgets.require("acme", "k")

    books.ticks += 31
    with pytest.raises(BudgetUsedUp):
        budgets.require("acme", "k")


def test_a_call_under_way_still_counts_after_the_ledger_was_read_again() -> None:
    books = Books(usd_per_day=0.5)
    budgets = books.budgets()
    budgets.begin(books.call(), LONGEST)

    books.ticks += 31
    with pytest.raises(BudgetUsedUp):
        budgets.begin(books.call(), LONGEST)


def test_who_leaves_before_the_count_pays_for_the_prompt() -> None:
    books = Books(usd_per_day=0.55)
    budgets = books.budgets()
    spend(books, budgets, None, CANCELLED)
    spend(books, budgets, None, CANCELLED)
    with pytest.raises(BudgetUsedUp):  # twice 0.10 and 0.40
        spend(books, budgets, 0.1)

    again = books.budgets()  # a restart knows it from the ledger
    with pytest.raises(BudgetUsedUp):
        again.begin(books.call(), LONGEST)


def test_a_call_that_the_provider_failed_costs_nothing() -> None:
    books = Books(usd_per_day=0.45)
    budgets = books.budgets()
    for _ in range(5):
        spend(books, budgets, None, "ModelUnreachable")
    spend(books, budgets, 0.1)


def test_where_nobody_knows_the_price_nothing_is_spent() -> None:
    books = Books(usd_per_day=1.0)
    with pytest.raises(
        Forbidden, match=r'nobody knows what glm-5 costs at this address: set \[prices\."glm-5"\]$'
    ):
        books.budgets(None).begin(books.call(), LONGEST)


@pytest.mark.parametrize("key", ["", "settings"])
def test_who_has_no_record_has_no_budget(key: str) -> None:
    books = Books()
    budgets = books.budgets(None, default=0.0)
    budgets.require("acme", key)
    call = books.call(key)
    budgets.begin(call, LONGEST)
    budgets.record(call)
    assert books.calls == [call]


def test_a_default_is_for_keys_without_a_budget_of_their_own() -> None:
    with pytest.raises(BudgetUsedUp):
        Books().budgets(default=0.1).begin(Books().call(), LONGEST)
    own = Books(usd_per_day=1.0)
    own.budgets(default=0.1).begin(own.call(), LONGEST)
    free = Books()
    free.budgets().begin(free.call(), LONGEST)


def end(books: Books, budgets: Budgets, error: BaseException, *events: Diverted | TextDelta) -> CallRecord:
    """A call of which these events came before it ended so."""
    with suppress(type(error)), Recording(budgets, books.call(), LONGEST, price=PRICE) as call:
        for event in events:
            call.heard(event)
        raise error
    made = replace(books.calls[-1], created_at=books.now)
    books.calls[-1] = made
    return made


class TestAnotherProvider:
    """Answers in the configured one's place; its model is in no table of the first's."""

    DEAR = Diverted("vllm", "house", Price(2.0, 1.0, 9.0), "busy")
    UNKNOWN = Diverted("vllm", "house", None, "busy")

    @pytest.fixture
    def books(self) -> Books:
        return Books(usd_per_day=1.0)

    @pytest.fixture
    def budgets(self, books: Books) -> Budgets:
        prices = {"glm-5": PRICE}
        return Budgets(books, books, prices.get, now=lambda: books.now, clock=lambda: books.ticks)

    def test_a_left_call_locks_nobody_out(self, books: Books, budgets: Budgets) -> None:
        made = end(books, budgets, GeneratorExit(), self.DEAR, TextDelta("x" * 3_000))

        assert (made.provider, made.model, made.outcome) == ("vllm", "house", "cancelled")
        assert made.usd == pytest.approx(0.2 + 0.009)
        books.ticks += 31  # the ledger is read again
        budgets.require("acme", "k")
        budgets.begin(books.call(), LONGEST)

    @pytest.mark.parametrize("error", [GeneratorExit(), StreamCut("cut")])
    def test_without_a_known_price_a_call_takes_all_that_was_set_aside(
        self, books: Books, budgets: Budgets, error: BaseException
    ) -> None:
        made = end(books, budgets, error, self.UNKNOWN, TextDelta("It"))
        assert made.usd == pytest.approx(MOST)

    def test_for_each_time_that_it_was_sent(self, books: Books, budgets: Budgets) -> None:
        call = books.call()
        budgets.begin(call, LONGEST)
        budgets.record(replace(call, outcome="ModelTimeout"), Owed(TokenUsage(2 * PROMPT), None, 2))
        assert books.calls[-1].usd == pytest.approx(2 * MOST)

    def test_and_so_does_a_whole_one(self, books: Books, budgets: Budgets) -> None:
        call = books.call()
        budgets.begin(call, LONGEST)
        budgets.record(replace(call, provider="vllm", model="house", prompt_tokens=90_000))
        assert books.calls[-1].usd == pytest.approx(MOST)

    def test_the_firsts_price_is_not_the_others(self, books: Books, budgets: Budgets) -> None:
        """Though both serve a model of the same name."""
        made = end(books, budgets, GeneratorExit(), replace(self.UNKNOWN, model="glm-5"))
        assert made.usd == pytest.approx(MOST)

    def test_rows_of_a_model_without_a_price_are_no_error(self) -> None:
        class Left(Books):
            def spent(self, tenant: str, key: str, since: datetime) -> list[SpentRow]:
                rows = super().spent(tenant, key, since)
                return [SpentRow("house", 0.0, PROMPT), SpentRow("glm-5", 0.1, PROMPT), *rows]

        books = Left(usd_per_day=0.65)
        budgets = Budgets(books, books, {"glm-5": PRICE}.get, now=lambda: NOON)
        budgets.require("acme", "k")
        budgets.begin(books.call(), LONGEST)  # 0.10, 0.10 of a left prompt, and 0.40
        with pytest.raises(BudgetUsedUp):
            budgets.begin(books.call(), 0)


def test_a_call_that_was_not_sent_holds_nothing_back() -> None:
    books = Books(usd_per_day=0.45)
    budgets = books.budgets()
    for _ in range(3):
        with pytest.raises(EgressRefused), Recording(budgets, books.call(), LONGEST):
            raise EgressRefused("contracts", "nobody")
    budgets.begin(books.call(), LONGEST)


class Held(Books):
    """A ledger that does not answer until it is let go, once it is held."""

    def __init__(self, **limits: float | None) -> None:
        super().__init__(**limits)
        self.free, self.asked = threading.Event(), threading.Event()
        self.free.set()

    def spent(self, tenant: str, key: str, since: datetime) -> list[SpentRow]:
        found = super().spent(tenant, key, since)
        self.asked.set()
        assert self.free.wait(10)
        return found

    def hold(self) -> None:
        self.free.clear()
        self.asked.clear()


async def stream(books: Books, budgets: Budgets) -> AsyncGenerator[None]:
    async with Recording(budgets, books.call(), 1_000, price=PRICE):
        yield


async def begun(books: Books, budgets: Budgets) -> None:
    async with aclosing(stream(books, budgets)) as events:
        await anext(events)


def test_an_event_loop_goes_on_while_an_account_is_read() -> None:
    books = Held(usd_per_day=9.0)
    budgets = books.budgets()
    books.hold()

    async def others_go_on() -> None:
        waiting = [asyncio.create_task(begun(books, budgets)) for _ in range(3)]
        assert await asyncio.to_thread(books.asked.wait, 5)
        assert not any(task.done() for task in waiting)
        books.free.set()
        await asyncio.gather(*waiting)

    asyncio.run(asyncio.wait_for(others_go_on(), 5))
    assert len(books.looked) == 1


def test_a_known_account_serves_as_it_stands_while_it_is_read_again() -> None:
    books = Held(usd_per_day=0.65)
    budgets = books.budgets()
    budgets.require("acme", "k")
    books.hold()
    books.ticks += 31
    reading = threading.Thread(target=budgets.require, args=("acme", "k"))
    reading.start()
    assert books.asked.wait(5)

    asyncio.run(asyncio.wait_for(begun(books, budgets), 5))
    spend(books, budgets, 0.3)
    with pytest.raises(BudgetUsedUp):  # 0.10 of a prompt, 0.30 and 0.40, though nobody has read of them
        budgets.begin(books.call(), LONGEST)
    assert reading.is_alive()
    books.free.set()
    reading.join(5)
    with pytest.raises(BudgetUsedUp):  # what ended in between is not forgotten
        budgets.begin(books.call(), LONGEST)


def test_one_keys_account_does_not_wait_for_anothers() -> None:
    books = Held(usd_per_day=9.0)
    budgets = books.budgets()
    books.hold()
    reading = threading.Thread(target=budgets.require, args=("acme", "k"))
    reading.start()
    assert books.asked.wait(5)

    other = threading.Thread(target=budgets.require, args=("acme", "settings"))  # which has no budget
    other.start()
    other.join(5)
    assert not other.is_alive()
    assert reading.is_alive()
    books.free.set()
    reading.join(5)

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

from service.access.rates import LimitReached, Rates, WrongKeys

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def run(work: Coroutine[None, None, T]) -> T:
    return asyncio.run(work)


def test_so_many_are_let_through_and_no_more_until_the_window_has_passed() -> None:
    async def count() -> tuple[list[bool], list[int], bool]:
        rates = Rates(seconds=1)
        standings = [await rates.hit("a", 3) for _ in range(5)]
        await asyncio.sleep(2.1)
        return (
            [s.allowed for s in standings],
            [s.remaining for s in standings],
            (await rates.hit("a", 3)).allowed,
        )

    # Begun with the window, which the clock sets: five hits then lie in one.
    time.sleep(1 - time.time() % 1)
    allowed, remaining, later = run(count())

    assert allowed == [True, True, True, False, False]
    assert remaining == [2, 1, 0, 0, 0]
    assert later


def test_names_are_counted_apart() -> None:
    async def count() -> list[bool]:
        rates = Rates()
        return [(await rates.hit(name, 1)).allowed for name in ("a", "b", "a")]

    assert run(count()) == [True, True, False]


def test_looking_counts_nothing() -> None:
    async def look() -> tuple[bool, int]:
        rates = Rates()
        for _ in range(5):
            await rates.look("a", 1)
        standing = await rates.hit("a", 1)
        return standing.allowed, standing.resets

    allowed, resets = run(look())
    assert allowed
    assert 1 <= resets <= 120


async def tries(address: str, *, times: int, most: int = 3, keys: WrongKeys | None = None) -> int:
    """How many wrong keys are looked at before the address is turned away."""
    keys = keys or WrongKeys(most=most)
    for count in range(times):
        try:
            await keys.require_few(address)
        except LimitReached:
            return count
        await keys.note(address)
    return times


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9", "fe80::1%eth0", "unix:"]
)
def test_an_address_may_try_some_wrong_keys(address: str) -> None:
    assert run(tries(address, times=10)) == 3


def test_who_is_turned_away_is_told_for_how_long() -> None:
    async def refused() -> LimitReached:
        keys = WrongKeys(most=1)
        await keys.note("203.0.113.9")
        with pytest.raises(LimitReached) as refusal:
            await keys.require_few("203.0.113.9")
        return refusal.value

    refusal = run(refused())
    assert (refusal.code, refusal.retry_after >= 1) == ("too_many_wrong_keys", True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_not_turned_away(address: str) -> None:
    """Behind a proxy that does not say for whom it asks it would be everybody."""
    assert run(tries(address, times=10)) == 10


def test_a_customers_whole_network_is_one_address() -> None:
    async def spread() -> list[int]:
        keys = WrongKeys(most=3)
        return [await tries(f"2001:db8:0:1::{n}", times=1, keys=keys) for n in range(1, 6)] + [
            await tries("2001:db8:0:2::1", times=1, keys=keys)
        ]

    assert run(spread()) == [1, 1, 1, 0, 0, 1]


def test_any_number_of_addresses_takes_bounded_memory() -> None:
    async def flood() -> int:
        rates = Rates()
        keys = WrongKeys(rates, most=1_000_000)
        for n in range(20_000):
            await keys.note(f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::1")
        return rates.counters

    assert 7_000 < run(flood()) <= 2 * 8_192

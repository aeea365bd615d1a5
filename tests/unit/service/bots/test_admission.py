"""Who may talk to a bot, and how often."""

from __future__ import annotations

from dataclasses import replace

from service.bots.admission import EVERYONE, Allowance, Refusals, Rules
from tests.fakes.chat import message

NOBODY = Rules(frozenset(), frozenset(), ("default",), 2, 3)


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_list_nobody_may_do_anything() -> None:
    assert not NOBODY.may_talk(message())
    assert not NOBODY.may_upload(message())


def test_a_person_or_a_whole_chat_may_be_let_in() -> None:
    for allowed in ("ann", "room", EVERYONE):
        assert replace(NOBODY, allowed=frozenset({allowed})).may_talk(message())
    assert not replace(NOBODY, allowed=frozenset({"bob"})).may_talk(message())


def test_who_sends_files_must_be_let_in_too() -> None:
    assert not replace(NOBODY, uploaders=frozenset({EVERYONE})).may_upload(message())
    both = replace(NOBODY, allowed=frozenset({"room"}), uploaders=frozenset({"ann"}))
    assert both.may_upload(message())
    assert not both.may_upload(message(person="bob"))


def test_requests_are_counted_by_person_and_in_all() -> None:
    clock = Clock()
    allowance = Allowance(2, 3, clock)

    assert [allowance.wait("ann"), allowance.wait("ann")] == [0, 0]
    clock.now += 20.5
    assert allowance.wait("ann") == 40
    assert allowance.wait("bob") == 0
    assert allowance.wait("bob") == 40
    clock.now += 39.5
    assert allowance.wait("ann") == 0


def test_each_is_told_once_in_a_while() -> None:
    clock = Clock()
    refusals = Refusals(clock, 60)

    assert [refusals.is_due("ann"), refusals.is_due("ann"), refusals.is_due("bob")] == [True, False, True]
    clock.now += 60
    assert refusals.is_due("ann")


def test_many_people_are_not_kept_for_ever() -> None:
    clock = Clock()
    allowance, refusals = Allowance(1, 100_000, clock), Refusals(clock, 60)
    for number in range(10_002):
        allowance.wait(str(number))
        refusals.is_due(str(number))
    clock.now += 61
    assert allowance.wait("0") == 0
    assert refusals.is_due("0")
    assert len(allowance) == len(refusals) == 1

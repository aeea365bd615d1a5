"""Asking again: what may pass, for as long as somebody is patient."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import IndexUnavailable, UnsupportedStore
from ingest.store.retrying import AT_ONCE, Patience, Retrying


@dataclass
class Time:
    """A clock that sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def retrying(self, patience: Patience | None = None, share: float = 1.0) -> Retrying:
        return Retrying(patience, sleep=self.sleep, share=lambda: share, clock=lambda: self.now)


@dataclass
class Server:
    """Fails so often, then answers."""

    failures: int
    time: Time = field(default_factory=Time)
    takes: float = 0.0
    retry_after: float | None = None
    asked: int = 0

    def __call__(self) -> str:
        self.asked += 1
        self.time.now += self.takes
        if self.asked > self.failures:
            return "answer"
        busy = IndexUnavailable("busy")
        busy.retry_after = self.retry_after
        raise busy


def test_what_passes_is_asked_again_after_doubling_delays() -> None:
    server = Server(3)

    assert server.time.retrying().ask(server) == "answer"
    assert server.time.slept == [0.2, 0.4, 0.8]


def test_callers_are_spread_over_half_of_each_delay() -> None:
    server = Server(2)
    server.time.retrying(share=0.0).ask(server)
    assert server.time.slept == [0.1, 0.2]


def test_delays_have_a_bound() -> None:
    server = Server(9)
    server.time.retrying().ask(server, writes=True)
    assert max(server.time.slept) == 5.0


def test_what_a_server_asks_for_is_waited_for() -> None:
    server = Server(1, retry_after=3.0)
    server.time.retrying().ask(server)
    assert server.time.slept == [3.0]


def test_nobody_waits_for_more_than_the_budget() -> None:
    server = Server(1, retry_after=6.0)
    with pytest.raises(IndexUnavailable):
        server.time.retrying().ask(server)
    assert server.time.slept == []
    again = Server(1, retry_after=6.0)
    assert again.time.retrying().ask(again, writes=True) == "answer"


def test_a_request_that_took_long_counts() -> None:
    server = Server(1, takes=30.0)
    with pytest.raises(IndexUnavailable):
        server.time.retrying().ask(server)
    again = Server(1, takes=30.0)
    assert again.time.retrying().ask(again, writes=True) == "answer"


@pytest.mark.parametrize("error", [UnsupportedStore("old"), ValueError("wrong"), KeyError("bug")])
def test_what_will_not_pass_is_raised_at_once(error: Exception) -> None:
    time, asked = Time(), list[int]()

    def call() -> None:
        asked.append(1)
        raise error

    with pytest.raises(type(error)):
        time.retrying().ask(call, writes=True)
    assert (len(asked), time.slept) == (1, [])


def test_at_once_means_once() -> None:
    server = Server(1)
    with pytest.raises(IndexUnavailable):
        server.time.retrying(AT_ONCE).ask(server, writes=True)
    assert server.asked == 1


@given(
    st.integers(0, 60),
    st.floats(0, 1),
    st.floats(0, 20),
    st.none() | st.floats(0, 40),
    st.booleans(),
)
def test_no_attempt_begins_after_the_budget(
    failures: int, share: float, takes: float, retry_after: float | None, writes: bool
) -> None:
    server = Server(failures, takes=takes, retry_after=retry_after)
    patience = Patience()
    try:
        server.time.retrying(patience, share).ask(server, writes=writes)
    except IndexUnavailable:
        assert server.asked <= failures
    budget = patience.writing if writes else patience.reading
    assert server.time.now - takes <= budget + 1e-6
    assert all(slept >= (retry_after or 0.0) for slept in server.time.slept)

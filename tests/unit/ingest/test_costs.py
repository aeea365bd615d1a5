from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ingest.costs import STAGES, Cost, Costs
from ingest.parallel_embedding import ParallelEmbedder
from ingest.report import Report
from service.commands.ingest import costs_of
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator


def burn() -> None:
    """Use a hundredth of a second of this thread's CPU."""
    until = time.thread_time() + 0.01
    while time.thread_time() < until:
        pass


def test_what_a_block_takes_is_counted_whatever_ends_it() -> None:
    costs = Costs()

    def fail() -> None:
        with costs.spending("cut"):
            burn()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    spent = costs.take()["cut"]
    assert spent.seconds >= 0.01
    assert spent.cpu_seconds >= 0.01


def test_only_the_making_of_items_is_counted() -> None:
    costs = Costs()

    def made() -> Iterator[int]:
        burn()
        yield 1
        burn()

    for _ in costs.making("cut", made()):
        burn()
    assert costs.take()["cut"].cpu_seconds >= 0.02
    before = time.thread_time()
    assert list(costs.making("cut", iter([1, 2]))) == [1, 2]
    assert costs.take()["cut"].cpu_seconds <= time.thread_time() - before


def test_what_was_taken_is_not_counted_again() -> None:
    costs = Costs()
    costs.add("parse", Cost(2.0, 1.0))
    costs.add_all({"parse": Cost(1.0, 0.5), "embed": Cost(4.0)})
    assert costs.take() == dict.fromkeys(STAGES, Cost()) | {"parse": Cost(3.0, 1.5), "embed": Cost(4.0)}
    assert costs.take() == dict.fromkeys(STAGES, Cost())


def test_embedding_processes_tell_what_they_took_beyond_the_wait_for_them() -> None:
    told: list[Cost] = []
    with ParallelEmbedder(WordEmbedder, 3, enough=0, spent=told.append) as embedder:
        embedder.embed(["a b c"] * 300)
    (cost,) = told
    assert cost.seconds >= 0
    assert cost.cpu_seconds > 0


def test_a_stage_is_told_with_its_share() -> None:
    costs = Costs()
    costs.add_all({"parse": Cost(3.0, 1.5), "embed": Cost(1.0, 1.0)})
    taken = costs.take()
    said = list(costs_of(Report(indexed=["a.md"], costs=taken)))
    assert "    parse          3.0 s   75 %       1.5 s of CPU" in said
    assert len(said) == 1 + len(STAGES)
    assert not list(costs_of(Report(unchanged=["a.md"], costs=taken)))

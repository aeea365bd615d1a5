"""What each stage of an ingest costs: how long its workers are busy, and their CPU time."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

Stage = Literal["discover", "parse", "cut", "embed", "write", "record"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which a file passes them."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a stage, all its workers together."""

    seconds: float = 0.0
    """At work, or waiting for another process or machine to do it."""
    cpu_seconds: float = 0.0
    """Of Lectern's own processes, but for the one that keeps the index."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, self.cpu_seconds + other.cpu_seconds)


class Costs:
    """Adds up what stages cost; threads may share it."""

    def __init__(self) -> None:
        self._spent: dict[Stage, Cost] = {}
        self._adding = Lock()

    def add(self, stage: Stage, cost: Cost) -> None:
        """Count what was measured elsewhere."""
        with self._adding:
            self._spent[stage] = self._spent.get(stage, Cost()) + cost

    def add_all(self, costs: Mapping[Stage, Cost]) -> None:
        """Count what another process has spent."""
        for stage, cost in costs.items():
            self.add(stage, cost)

    @contextmanager
    def spending(self, stage: Stage) -> Generator[None]:
        """Count the time of the block, and the CPU time of this thread in it."""
        began, cpu_began = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.add(stage, Cost(time.perf_counter() - began, time.thread_time() - cpu_began))

    def making(self, stage: Stage, items: Iterable[_Item]) -> Iterator[_Item]:
        """The same items, the making of each counted."""
        iterator = iter(items)
        while True:
            with self.spending(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def take(self) -> dict[Stage, Cost]:
        """What was spent since the last time, by stage; each is there."""
        with self._adding:
            spent, self._spent = self._spent, {}
        return {stage: spent.get(stage, Cost()) for stage in STAGES}


def cpu_of_process() -> float:
    """CPU seconds that this process has used, and those of its children that have ended."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system

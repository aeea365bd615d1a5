"""Clusters that consist of one process, some of which do their work badly."""

from __future__ import annotations

import os
import pickle
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ingest.cluster.messages import DONE, READY, Failed
from ingest.cluster.stages import BUNDLE, Cutting, Embedding, Parsing, Shipping
from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from ingest.cluster.messages import Place, Task
    from ingest.cluster.stages import Bundle, Working


def through_stages(task: Task) -> Iterator[bytes]:
    """The bundles of a task, one after the other."""
    stages: list[Working] = [Shipping(task.order), Parsing(task.order), Cutting(task.order)]
    if task.order.embedder:
        stages.append(Embedding(task.order))
    for bundle in task.bundles:
        row = {BUNDLE: bundle}
        for stage in stages:
            row = stage(row)
        yield row[BUNDLE]


def work(pipe: Connection, _: Place) -> None:
    """As the real one does."""
    pipe.send(READY)
    while True:
        try:
            task = cast("Task", pipe.recv())
        except EOFError:
            return
        for bundle in through_stages(task):
            pipe.send(bundle)
        pipe.send(DONE)


def refuse(pipe: Connection, _: Place) -> None:
    """Fail before there is any work."""
    pipe.send(Failed("another Lectern", permanent=True))


def die(pipe: Connection, _: Place) -> None:
    """End in the middle of a task."""
    pipe.send(refused(task_of(pipe)))
    os._exit(3)


def repeat(pipe: Connection, _: Place) -> None:
    """Bring the first bundle twice."""
    bundle = refused(task_of(pipe))
    for _each in range(2):
        pipe.send(bundle)
    pipe.recv()


def lose(pipe: Connection, _: Place) -> None:
    """Say that all is done when one bundle is missing."""
    pipe.send(refused(task_of(pipe)))
    pipe.send(DONE)
    pipe.recv()


def refused(task: Task) -> bytes:
    """The first bundle, none of whose files could be read in time."""
    bundle = cast("Bundle", pickle.loads(task.bundles[0]))
    items = tuple(UnreadableFile("time_limit", "took longer than 0 seconds") for _ in bundle.items)
    return pickle.dumps(replace(bundle, items=items))


def hang(pipe: Connection, _: Place) -> None:
    """Never answer."""
    task_of(pipe)
    time.sleep(600)


def start_slowly(pipe: Connection, _: Place) -> None:
    """End before there was a look at any task."""
    time.sleep(5)
    pipe.close()


def task_of(pipe: Connection) -> Task:
    """The first one."""
    pipe.send(READY)
    return cast("Task", pipe.recv())

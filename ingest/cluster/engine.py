"""The engine that lets a cluster read, cut and embed; catalog and index stay with whoever asks it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ingest.cluster.messages import DONE, LOCAL, READY, Failed, Place, Task
from ingest.cluster.stages import Bundle
from ingest.errors import ClusterRefused, ClusterUnavailable, EgressRefused, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from typing import Self

    from ingest.changes import ChangedFile
    from ingest.cluster.build import Build
    from ingest.cluster.stages import Order
    from ingest.costs import Costs
    from ingest.model import Document, Scope
    from ingest.prepared import Prepared

BUNDLE_BYTES = 128 * 2**10
"""Files travel together until they are so large: a worker is asked seldom, however small they are."""
BUNDLE_FILES = 32
_ASKED_EVERY = 0.1
"""Seconds between two looks at whether somebody wants the work to end."""
_GRACE_SECONDS = 20.0
_LONGEST_FOLDER = 40
"""Ray's sockets lie below its folder, and a socket's path has at most 107 bytes."""


class ClusterEngine:
    """Sends bundles of files through the stages of a cluster; see `Engine`.

    Args:
        address: ``local`` for Ray on this machine alone, or that of a cluster which this machine is part of.
        workers: of each stage; None for one each core.
        order: how the files are treated.
        costs: what the workers have spent is added.
        require_leave: is called with tenant and collection before a file is sent on its way, and raises
            `EgressRefused`.
        drive: is run in a process of its own, and speaks with Ray.
    """

    def __init__(
        self,
        address: str,
        workers: int | None,
        order: Order,
        costs: Costs,
        require_leave: Callable[[str, str], None] = lambda _tenant, _collection: None,
        *,
        drive: Callable[[Connection, Place], None] | None = None,
    ) -> None:
        self._address = address
        self._workers = workers
        self._order = order
        self._costs = costs
        self._require_leave = require_leave
        self._drive = drive or _drive
        self._driver: _Driver | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def process_id(self) -> int | None:
        """Of the process that speaks with Ray, while there is one."""
        return self._driver.process.pid if self._driver else None

    def read(
        self,
        scope: Scope,
        changes: Sequence[ChangedFile],
        *,
        require_leave: Callable[[], None],
        on_pages: Callable[[ChangedFile, int], None],
    ) -> Generator[tuple[ChangedFile, Document | Prepared | UnreadableFile]]:
        """As `Engine.read`; pages are not told.

        Raises:
            ClusterRefused: another Lectern runs there.
            ClusterUnavailable: no cluster answers, or it loses its workers again and again.
        """
        del on_pages
        waiting = deque(changes)
        if not waiting:
            return
        finished = False
        try:
            for bundle in self._bundles(scope, changes, require_leave):
                for outcome in bundle.items:
                    yield waiting.popleft(), cast("Document | Prepared | UnreadableFile", outcome)
            if waiting:
                raise ClusterUnavailable(f"Ray lost {len(waiting)} files")
            finished = True
        except EgressRefused as error:
            for change in waiting:
                yield change, UnreadableFile("egress", str(error))
        finally:  # what is under way is nobody's answer to the next question
            if not finished:
                self.close()

    def close(self) -> None:
        """End the process and, on this machine, Ray; a later ``read`` starts both again."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.stop()

    def _bundles(
        self, scope: Scope, changes: Sequence[ChangedFile], require_leave: Callable[[], None]
    ) -> Iterator[Bundle]:
        self._require_leave(scope.tenant, scope.collection)
        driver = self._running(require_leave)
        driver.send(Task(self._order, [pickle.dumps(bundle) for bundle in bundled(changes)]))
        expected = 0
        while True:
            message = driver.receive(require_leave)
            if message == DONE:
                return
            bundle = cast("Bundle", pickle.loads(message))  # noqa: S301 — from the driver, which is ours
            if bundle.first != expected:
                raise ClusterUnavailable(f"Ray brought file {bundle.first}, not {expected}")
            expected += len(bundle.items)
            self._costs.add_all(bundle.costs)
            self._require_leave(scope.tenant, scope.collection)
            yield bundle

    def _running(self, require_leave: Callable[[], None]) -> _Driver:
        if self._driver is None:
            self._driver = _start(self._drive, self._address, self._workers, self._order.build)
            message = self._driver.receive(require_leave)
            assert message == READY, "until it says so, whoever sends it more than a pipe holds would wait"
        return self._driver


def bundled(changes: Sequence[ChangedFile]) -> Iterator[Bundle]:
    """Consecutive files, together as long as they are small and few."""
    first, size = 0, 0
    for number, change in enumerate(changes):
        if number > first and (size + change.source.size > BUNDLE_BYTES or number - first >= BUNDLE_FILES):
            yield Bundle(first, tuple(each.source for each in changes[first:number]))
            first, size = number, 0
        size += change.source.size
    if first < len(changes):
        yield Bundle(first, tuple(each.source for each in changes[first:]))


@dataclass(frozen=True, slots=True)
class _Driver:
    """The process that speaks with Ray."""

    process: SpawnProcess
    pipe: Connection
    folder: str

    def send(self, task: Task) -> None:
        """Give it work; raises `ClusterUnavailable` where it has ended."""
        try:
            self.pipe.send(task)
        except OSError:
            raise self._failure() from None

    def receive(self, require_leave: Callable[[], None]) -> bytes:
        """What it sends next; raises what it failed with, and whatever asking for leave raises."""
        while not self.pipe.poll(_ASKED_EVERY):
            require_leave()
        require_leave()
        try:
            message = cast("bytes | Failed", self.pipe.recv())
        except (EOFError, OSError):
            raise ClusterUnavailable("the process that speaks with Ray has ended") from None
        if isinstance(message, Failed):
            raise _error(message)
        return message

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(_GRACE_SECONDS)
        self.process.kill()
        self.process.join()
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _failure(self) -> Exception:
        """Why it takes no work any more, if it has said so."""
        try:
            message = self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            message = None
        if isinstance(message, Failed):
            return _error(message)
        return ClusterUnavailable("the process that speaks with Ray has ended")


def _error(failed: Failed) -> Exception:
    return (ClusterRefused if failed.permanent else ClusterUnavailable)(failed.reason)


def _start(
    drive: Callable[[Connection, Place], None], address: str, workers: int | None, build: Build
) -> _Driver:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    folder = tempfile.mkdtemp(prefix="lectern-ray-", dir=_parent(address))
    place = Place(address, workers, folder, build)
    process = context.Process(target=drive, args=(theirs, place), name="lectern-ray")
    try:
        process.start()
    except BaseException:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        theirs.close()
    return _Driver(process, ours, folder)


def _parent(address: str) -> str | None:
    """Where the folder of a driver lies, if not among other temporary files: their path may be too long."""
    has_sockets = address == LOCAL and os.name == "posix"
    return "/tmp" if has_sockets and len(tempfile.gettempdir()) > _LONGEST_FOLDER else None  # noqa: S108


def _drive(pipe: Connection, place: Place) -> None:
    """Be the process: its module is named, not imported, for its library is an extra."""
    import_module("ingest.cluster.ray_driver").serve(pipe, place)

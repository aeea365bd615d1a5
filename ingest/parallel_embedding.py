"""An embedder in several processes, started once there is enough to embed."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from ingest.costs import Cost, cpu_of_process
from ingest.priority import step_back

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from typing import Self

    from numpy.typing import NDArray

    from ingest.embedding import Embedder

ENOUGH = 300_000
"""Code points after which more processes pay: about four CPU seconds; each costs a part of one to start."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_GRACE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class ParallelEmbedder:
    """Gives every process a run of the texts, about equally long; an ``Embedder`` of the same space.

    The vectors are those of the embedder as far as that does not care which texts it is given together.

    Args:
        make: an importable function or class that makes the embedder.
        workers: processes, of one thread each.
        enough: code points that are embedded here before the processes start.
        spent: is told what a call took beyond the time of this thread.
    """

    def __init__(
        self,
        make: Callable[[], Embedder],
        workers: int,
        *,
        enough: int = ENOUGH,
        spent: Callable[[Cost], None] = lambda _: None,
    ) -> None:
        self._make = make
        self._workers = workers
        self._enough = enough
        self._spent = spent
        self._own = make()
        self._embedded = 0
        self._running: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def identity(self) -> str:
        """Of the space; see ``Embedder``."""
        return self._own.identity

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._own.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(len(texts), dimensions)``; see ``Embedder``."""
        self._embedded += sum(map(len, texts))
        if self._workers < 2 or len(texts) < self._workers or self._embedded < self._enough:  # noqa: PLR2004 — one is here already
            return self._own.embed(texts)
        try:
            return self._spread(texts)
        except (EOFError, OSError):
            _log.warning("An embedding process ended: going on with one.")
            self.close()
            self._workers = 1
            return self._own.embed(texts)
        except BaseException:  # such as Ctrl-C: no answer may meet the next question
            self.close()
            raise

    def close(self) -> None:
        """End the processes; a later ``embed`` starts others."""
        running, self._running = self._running, []
        for worker in running:
            worker.pipe.close()
        for worker in running:
            worker.process.join(_GRACE_SECONDS)
            worker.process.kill()
            worker.process.join()
            worker.process.close()

    def _spread(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self._running:
            self._running = [_start(self._make) for _ in range(self._workers)]
        shares = list(_shares([len(text) for text in texts], self._workers))
        for worker, (first, last) in zip(self._running, shares, strict=True):
            worker.pipe.send(texts[first:last])
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        outcomes = [cast("_Outcome", worker.pipe.recv()) for worker in self._running]
        costs = [outcome.cost for outcome in outcomes]
        longest = max(cost.seconds for cost in costs)  # this thread has waited so long
        self._spent(sum(costs, Cost(-longest)))
        for outcome, (first, last) in zip(outcomes, shares, strict=True):
            if isinstance(outcome.result, Exception):
                raise outcome.result
            vectors[first:last] = outcome.result
        return vectors


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection


def _shares(lengths: Sequence[int], parts: int) -> Iterator[tuple[int, int]]:
    """Cut into runs of about the same length in all."""
    reach = [*accumulate(lengths)]
    cuts = [bisect_right(reach, reach[-1] * part / parts) for part in range(1, parts)]
    yield from pairwise([0, *cuts, len(lengths)])


def _start(make: Callable[[], Embedder]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, make), name="lectern-embedder", daemon=True)
    with _one_thread():
        process.start()
    theirs.close()
    return _Worker(process, ours)


_environment = threading.Lock()


@contextmanager
def _one_thread() -> Generator[None]:
    """Start processes with one thread: numeric libraries look at the environment when they load."""
    with _environment:
        before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(dict.fromkeys(_THREADS, "1"))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _serve(pipe: Connection, make: Callable[[], Embedder]) -> None:
    """The child: embed what comes until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    step_back()
    embedder = make()
    try:
        while True:
            pipe.send(_outcome(embedder, cast("list[str]", pipe.recv())))
    except (EOFError, OSError):
        return


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a share of texts."""

    result: NDArray[np.float32] | Exception
    cost: Cost


def _outcome(embedder: Embedder, texts: list[str]) -> _Outcome:
    began, cpu_began = time.perf_counter(), cpu_of_process()
    try:
        result = embedder.embed(texts)
    except Exception as error:  # noqa: BLE001 — raised again in the parent
        result = error
    return _Outcome(result, Cost(time.perf_counter() - began, cpu_of_process() - cpu_began))

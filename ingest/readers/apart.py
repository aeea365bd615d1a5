"""Work that may run wild, done by a copy of this process that the system ends."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import warnings
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

CAN_COPY: Final = hasattr(os, "fork")
"""Not on Windows."""
_REAL_SECONDS = 2.5
"""For each second of the processor, on a busy machine."""
_OUT_OF_TIME_OR_MEMORY = 1


def do_apart(work: Callable[[], Result], *, seconds: float) -> Result | None:
    """The result of a function, or None where it needs too much time or memory, or crashes.

    Args:
        work: what it returns must be fit to be pickled, and what it changes is lost.
        seconds: of the processor; the work has two and a half times as many by the clock.

    Raises:
        Exception: what ``work`` raised, other than MemoryError.
    """
    ours, theirs = os.pipe()
    with warnings.catch_warnings():
        # Other threads may hold locks when the process is copied; the copy takes none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        _work(work, theirs, seconds)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(process, 0)
    if status:
        return None
    outcome = cast("Result | Exception", pickle.loads(answer))  # noqa: S301 — from our own copy
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _work(work: Callable[[], object], pipe: int, seconds: float) -> NoReturn:
    """Be the copy; whatever happens, nothing of the original's life goes on here."""
    try:
        gc.disable()  # it would touch, and so copy, all that the original holds
        for timer, alarm, limit in (
            (signal.ITIMER_PROF, signal.SIGPROF, seconds),
            (signal.ITIMER_REAL, signal.SIGALRM, seconds * _REAL_SECONDS),
        ):
            signal.signal(alarm, signal.SIG_DFL)
            signal.setitimer(timer, limit)
        answer = pickle.dumps(_outcome(work))
        with os.fdopen(pipe, "wb") as sending:
            sending.write(answer)
        os._exit(0)
    finally:
        os._exit(_OUT_OF_TIME_OR_MEMORY)


def _outcome(work: Callable[[], object]) -> object:
    try:
        return work()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 — raised again by the original
        return error

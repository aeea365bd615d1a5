"""A confined child process, as its parent has it: started, spoken with, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar, cast

from ingest.child import GRACE_SECONDS
from ingest.errors import NotStarted

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from ingest.confinement import Limit

_START_SECONDS = 120.0
_Order = TypeVar("_Order")


@dataclass(frozen=True, slots=True)
class ConfinedChild:
    """A child that has told which limits hold it."""

    process: SpawnProcess
    pipe: Connection
    folder: str
    """For its temporary files."""
    limits: frozenset[Limit] = frozenset()

    def wait(self, seconds: float) -> None:
        """Return once there is something to receive.

        Raises:
            TimeoutError: nothing came for so many seconds.
        """
        if not self.pipe.poll(seconds):
            raise TimeoutError

    def receive_bytes(self, seconds: float, most: int | None = None) -> bytes:
        """What it sends next.

        Raises:
            TimeoutError: nothing came for so many seconds.
            EOFError, OSError: it died, or sent more than ``most`` bytes.
        """
        self.wait(seconds)
        return self.pipe.recv_bytes(most)

    def exit_code(self) -> int | None:
        """The exit code of a child that is ending; what it started ends too."""
        wait([self.process.sentinel], GRACE_SECONDS)
        self._kill_group()
        self.process.join(GRACE_SECONDS)
        return self.process.exitcode

    def stop(self, patience: float) -> None:
        """End it whatever it is doing; an idle child ends by itself within ``patience`` seconds."""
        self.pipe.close()
        wait([self.process.sentinel], patience)
        self._kill_group()
        self.process.kill()
        self.process.join()
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_group(self) -> None:
        """Kill the child with the programs that it has started."""
        if sys.platform != "win32" and self.process.pid is not None:
            with contextlib.suppress(OSError):  # it never headed a group, or nothing is left of it
                os.killpg(self.process.pid, signal.SIGKILL)


def start(
    serve: Callable[[Connection, _Order], None],
    make_order: Callable[[str], _Order],
    *,
    label: str,
    name: str,
) -> ConfinedChild:
    """Start a child; it sends the limits that hold it before anything else.

    Args:
        serve: what it does, from its end of the pipe and its order.
        make_order: from the folder for its temporary files.
        label: of the process and its folder, for people who look at a machine.
        name: what an error calls it.

    Raises:
        NotStarted: it does not even start; nothing of it is left.
    """
    try:
        child = _spawn(serve, make_order, label)
    except OSError as error:  # its own words may name folders of this machine
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise NotStarted(f"{name} did not start: {reason}") from error
    try:
        if child.pipe.poll(_START_SECONDS):
            return replace(child, limits=cast("frozenset[Limit]", child.pipe.recv()))
    except (EOFError, OSError):
        pass
    code = child.exit_code()
    child.stop(0)
    raise NotStarted(f"{name} did not start (exit code {code})")


def _spawn(
    serve: Callable[[Connection, _Order], None], make_order: Callable[[str], _Order], label: str
) -> ConfinedChild:
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as undoing:
        folder = tempfile.mkdtemp(prefix=f"{label}-")
        undoing.callback(shutil.rmtree, folder, ignore_errors=True)
        ours, theirs = context.Pipe()
        undoing.callback(ours.close)
        with theirs:
            order = make_order(folder)
            process = context.Process(target=serve, args=(theirs, order), name=label, daemon=True)
            process.start()
        undoing.pop_all()
    return ConfinedChild(process, ours, folder)

"""Connect to the index process of a data directory, and start it where there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, answer_challenge, deliver_challenge
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ingest import errors
from ingest.errors import IndexUnavailable, UnsupportedStore

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.errors import LecternError
    from service.index_process.address import Address, Place

GREETING_SECONDS = 30.0
"""Within which a process greets: a long write may hold its interpreter lock."""
START_SECONDS = 120.0
_LEAST_FREE = 2**20
"""Bytes. Below, a process cannot even write why it ends."""


def connect_or_start(place: Place, factory: str, *, grace: float) -> Connection[Any, Any]:
    """A connection to the one index process of this directory.

    Raises:
        IndexUnavailable: it neither answers nor starts.
        UnsupportedStore: it found data that it cannot open.
    """
    connection = connect(place.read())
    if connection is not None:
        return connection
    place.prepare()
    try:
        with FileLock(place.lock, timeout=START_SECONDS):
            connection = connect(place.read())
            if connection is None:
                _start(place, factory, grace)
                connection = connect(place.read())
    except Timeout as error:
        raise IndexUnavailable(f"{place.lock} is held for more than {START_SECONDS:.0f} s") from error
    if connection is None:
        raise IndexUnavailable(f"the index process started, and does not answer; see {place.log}")
    return connection


def connect(address: Address | None) -> Connection[Any, Any] | None:
    """A connection; None where nobody who knows the token listens.

    Raises:
        IndexUnavailable: somebody listens and says nothing.
    """
    if address is None:
        return None
    try:
        connection: Connection[Any, Any] = Client(address.location, address.family)
    except OSError:
        return None
    try:
        if not connection.poll(GREETING_SECONDS):
            connection.close()
            raise IndexUnavailable(f"index process {address.pid} does not answer")
        answer_challenge(connection, address.key)
        deliver_challenge(connection, address.key)
    except (EOFError, OSError, AuthenticationError, AssertionError):  # the last in Python 3.11 only
        connection.close()
        return None
    return connection


def _start(place: Place, factory: str, grace: float) -> None:
    # -P: a folder named `service` where the command is given must not be taken for ours.
    command = [sys.executable, "-P", "-m", "service.index_process", "--data", str(place.data)]
    command += ["--factory", factory, "--grace", str(grace)]
    with place.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 — our own module, our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            # Ctrl-C in the terminal of the command that starts it is not meant for it.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    assert process.stdout is not None
    with process.stdout as said:
        _await_ready(said, process, place)
    # Collects the exit status, whenever it comes: no zombie while this process lives on.
    threading.Thread(target=process.wait, name="index process", daemon=True).start()


def _await_ready(said: IO[bytes], process: subprocess.Popen[bytes], place: Place) -> None:
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    line = said.readline()
    timer.cancel()
    if not line:
        process.wait()
        raise IndexUnavailable(f"the index process does not start; {_why(place)}")
    failure: dict[str, str] = json.loads(line)
    if failure:
        process.wait()
        raise _error(failure["error"], failure["detail"])


def _why(place: Place) -> str:
    """A process that finds no room cannot write why."""
    folder = place.log.parent
    full = shutil.disk_usage(folder).free < _LEAST_FREE
    return f"the disk of {folder} is full" if full else f"see {place.log}"


def _error(name: str, detail: str) -> LecternError:
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, UnsupportedStore | IndexUnavailable):
        return kind(detail)
    return IndexUnavailable(detail)

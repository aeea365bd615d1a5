"""The index process: owns the index of one data directory, answers whoever knows the token, then ends."""

from __future__ import annotations

import os
import secrets
import threading
import traceback
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from filelock import FileLock, Timeout

from ingest.errors import IndexUnavailable, LecternError
from service.index_process.address import Address
from service.index_process.compacting import Compacting
from service.index_process.precedence import Precedence
from service.index_process.requests import Compact, Done, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from multiprocessing.connection import Connection

    from service.index_process.address import Place
    from service.index_process.compacting import ServedIndex
    from service.index_process.requests import Request

_FIRST_CLIENT_SECONDS = 10
"""Whoever started the process needs a moment to connect, or has been killed."""
_HOLD_SECONDS = 5
_SHORTEST_GRACE = 0.02
"""Seconds; also the pause between two looks at a lock that somebody else holds."""


def serve(place: Place, index: ServedIndex, *, grace: float, announce: Callable[[], None]) -> None:
    """Answer until nobody has been connected for ``grace`` seconds, then close the index.

    ``announce`` is called once clients can connect.
    """
    token = secrets.token_hex(32)
    server = Server(index, token.encode())
    lock = FileLock(place.lock)
    with ExitStack() as ending:
        ending.callback(lock.release, force=True)  # last of all: whoever waits for it finds the index closed
        ending.callback(index.close)
        listener, address = _listen(place, token)
        ending.callback(place.tidy, address)
        ending.callback(listener.close)
        place.publish(address)
        ending.callback(place.withdraw, address)
        ending.callback(_hold, lock)  # first of all, where a signal ends it while it is in use
        threading.Thread(target=server.accept, args=(listener,), daemon=True).start()
        threading.Thread(target=server.compacting.run, daemon=True).start()
        announce()
        server.wait_until_used(_FIRST_CLIENT_SECONDS)
        server.wait_until_unused(grace)
        server.compacting.tidy()  # nobody waits for it; who comes meanwhile is answered
        while not _lock_unused(server, lock):
            server.wait_until_unused(max(grace, _SHORTEST_GRACE))
            server.compacting.tidy()


def _listen(place: Place, token: str) -> tuple[Listener, Address]:
    path = place.socket_path()
    if path is not None:
        return Listener(path, "AF_UNIX"), Address(os.getpid(), "AF_UNIX", path, 0, token)
    listener = Listener(("127.0.0.1", 0), "AF_INET")
    host, port = cast("tuple[str, int]", listener.address)
    return listener, Address(os.getpid(), "AF_INET", host, port, token)


def _hold(lock: FileLock) -> None:
    if _is_gone(lock):
        return
    with suppress(Timeout):
        lock.acquire(timeout=_HOLD_SECONDS)


def _is_gone(lock: FileLock) -> bool:
    """Whether the directory was thrown away: nobody waits for it, and the lock would bring it back."""
    return not Path(lock.lock_file).parent.exists()


def _lock_unused(server: Server, lock: FileLock) -> bool:
    """Hold the directory, unless somebody is connected, or holds it because he is about to be."""
    if _is_gone(lock):
        return server.unused
    with suppress(Timeout):
        lock.acquire(timeout=0)
        if server.unused:
            return True
        lock.release()
    return False


class Server:
    """Answers every connection in its own thread; the requests of one connection in their order."""

    def __init__(self, index: ServedIndex, key: bytes) -> None:
        self._index = index
        self._key = key
        self._precedence = Precedence()
        self.compacting = Compacting(index, self._precedence)
        self._changed = threading.Condition()
        self._connections = 0
        self._used = False

    @property
    def unused(self) -> bool:
        """Whether nobody is connected."""
        return self._connections == 0

    def wait_until_used(self, seconds: float) -> None:
        """Return once somebody has been connected, or after this long."""
        with self._changed:
            self._changed.wait_for(lambda: self._used, timeout=seconds)

    def wait_until_unused(self, seconds: float) -> None:
        """Return once nobody has been connected for this long."""
        with self._changed:
            while not self.unused or self._changed.wait_for(lambda: not self.unused, timeout=seconds):
                self._changed.wait_for(lambda: self.unused)

    def accept(self, listener: Listener) -> None:
        """Serve connections until the listener closes."""
        while True:
            try:
                connection = listener.accept()
            except OSError:
                return
            # The handshake is the thread's: a stranger who says nothing keeps nobody waiting.
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        with connection, suppress(EOFError, OSError, AuthenticationError):
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            with self._counted():
                while True:
                    connection.send(self._reply(connection.recv()))

    @contextmanager
    def _counted(self) -> Generator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._connections += change
            self._used = True
            self._changed.notify_all()

    def _reply(self, request: Request[object]) -> Done | Failed:
        try:
            return Done(self._done(request))
        except (LecternError, ValueError) as error:
            return Failed(error)
        except Exception as error:  # noqa: BLE001 — the edge of the process: the trace goes to its log
            traceback.print_exc()
            return Failed(IndexUnavailable(f"the index failed with {type(error).__name__}; see index.log"))

    def _done(self, request: Request[object]) -> object:
        if isinstance(request, Compact):
            return self.compacting.compact()
        if not request.writes:
            with self._precedence.searching():
                return request.run(self._index)
        try:
            with self._precedence.writing():
                return request.run(self._index)
        finally:
            self.compacting.written()

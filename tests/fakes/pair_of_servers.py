"""Two ``lectern serve`` over one PostgreSQL and one Qdrant, each of which may be killed and come back."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2

from tests.fakes.command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

_PATIENCE = 120
_ON_MACHINE = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"')


def machines_can_differ() -> bool:
    """Whether a process may be given a host's name of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_ON_MACHINE, "web-0", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@dataclass
class PairOfServers:
    """Both are asked in turn: where one is down, or dies over a request, the other one is asked next."""

    folder: Path
    settings: Mapping[str, str]
    urls: list[str | None] = field(default_factory=lambda: [None, None])
    known: list[str | None] = field(default_factory=lambda: [None, None])
    """Where each was started last."""
    apart: bool = False
    """Whether each believes to be on a machine of its own."""
    broken: list[str] = field(default_factory=list[str])
    """How requests ended that a dying server had in its hands."""
    _servers: list[subprocess.Popen[str] | None] = field(default_factory=lambda: [None, None])

    @contextmanager
    def running(self, *which: int) -> Generator[None]:
        """Serve while the block runs."""
        try:
            for number in which:
                self.start(number)
            yield
        finally:
            for number in which:
                self.kill(number)

    def line(self, number: int) -> CommandLine:
        """Commands over the data folder of one of them."""
        prefix = [*_ON_MACHINE, f"web-{number}"] if self.apart else []
        return CommandLine(self.folder / f"data-{number}", self.folder, self.settings, prefix=prefix)

    def start(self, number: int) -> None:
        """Start one and wait until it answers."""
        with (self.folder / f"server-{number}.log").open("a") as log:
            server = self.line(number).start_logging_to(log.fileno(), "serve", "--port", "0")
        assert server.stdout is not None
        told = server.stdout.readline()
        self._servers[number] = server
        assert told.startswith("Lectern answers at "), (self.folder / f"server-{number}.log").read_text()
        self.urls[number] = self.known[number] = told.split()[3]

    def kill(self, number: int) -> None:
        """SIGKILL, unless it is down."""
        self.urls[number] = None
        server, self._servers[number] = self._servers[number], None
        if server is not None:
            server.kill()
            server.communicate(timeout=_PATIENCE)

    def signal(self, number: int, signal: int) -> None:
        """Send one of them a signal."""
        server = self._servers[number]
        assert server is not None
        server.send_signal(signal)

    @contextmanager
    def client(self, key: str) -> Generator[TurningClient]:
        """Somebody with a key; for one thread."""
        with httpx2.Client(timeout=60, trust_env=False, headers=_headers(key)) as http:
            yield TurningClient(self, http)


class TurningClient:
    """Asks one server after the other, as a load balancer would have it."""

    def __init__(self, pair: PairOfServers, http: httpx2.Client) -> None:
        self._pair = pair
        self._http = http
        self._turns = itertools.cycle((0, 1))

    def once(self, method: str, path: str, **request: Any) -> httpx2.Response | None:  # noqa: ANN401 — the client's
        """The answer of whichever is up; None where it died over the request."""
        url = self._next()
        try:
            return self._http.request(method, f"{url}{path}", **request)
        except httpx2.HTTPError as error:
            self._pair.broken.append(type(error).__name__)
            return None

    def until_answered(self, method: str, path: str, **request: Any) -> tuple[httpx2.Response, int]:  # noqa: ANN401
        """The answer, and how often a server died over the request before."""
        for tried in range(20):
            answer = self.once(method, path, **request)
            if answer is not None:
                return answer, tried
        raise AssertionError(f"{method} {path}: nobody answers")

    def _next(self) -> str:
        while True:
            for number in itertools.islice(self._turns, 2):
                url = self._pair.urls[number]
                if url is not None:
                    return url


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}

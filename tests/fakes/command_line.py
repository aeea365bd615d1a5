"""``lectern`` as people run it: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from service.cli import main; main()"]
_PATIENCE = 120


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 — JSON
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Commands over one data directory; ``environment`` holds settings, all others are taken away."""

    data: Path
    folder: Path
    """Where the commands run: no ``lectern.toml`` but the test's own is in it."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    patience: float = _PATIENCE
    """Seconds that a command may take."""
    prefix: Sequence[str] = ()
    """What starts the process, before the command."""

    def run(self, *arguments: str, **environment: str) -> Ran:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self._environment(environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=self.patience,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, **environment: str) -> Ran:
        ran = self.run(*arguments, **environment)
        assert ran.status == 0, ran.err
        return ran

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return self.start_logging_to(subprocess.PIPE, *arguments, **environment)

    def start_logging_to(self, stderr: int, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.prefix, *COMMAND, *arguments],
            env=self._environment(environment),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
        )

    @contextmanager
    def serving(self, *arguments: str, **environment: str) -> Generator[str]:
        """``lectern serve``; its address. It must end well when it is told to."""
        server = self.start("serve", "--port", "0", *arguments, **environment)
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("Lectern answers at "), server.communicate(timeout=_PATIENCE)[1]
        try:
            yield line.split()[3]
        finally:
            server.send_signal(signal.SIGTERM)
            _, complaints = server.communicate(timeout=_PATIENCE)
        assert (server.returncode, complaints) == (0, "")

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LECTERN_")}
        return {
            **kept,
            **self.environment,
            "LECTERN_DATA": str(self.data),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **extra,
        }

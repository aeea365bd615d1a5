"""CPU seconds of commands, all their processes counted: ``python -m bench.commands``.

Budgets: ``lectern --help`` 0.4; ``lectern ask`` in a cold process 4, and 0.8 while a server runs. The least
of several runs counts: what a busy machine adds is not the command's.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

LECTERN = [sys.executable, "-c", "from service.cli import main; main()"]
ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "examples" / "corpus"
QUESTION = (
    "How many days of written notice must the Customer give to terminate the agreement for convenience?"
)
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs: int = parser.parse_args().runs
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder:
        data = Path(folder)
        report("lectern --help", 0.4, [cpu_seconds(data, "--help") for _ in range(runs)])
        ingest = cpu_seconds(data, "ingest", str(CORPUS))
        print(f"{'lectern ingest examples/corpus':34} {ingest:6.2f}")
        report("lectern ask, cold", 4.0, [cpu_seconds(data, "ask", QUESTION) for _ in range(runs)])
        with serving(data):
            cpu_seconds(data, "ask", QUESTION, adopted=False)
            asked = [cpu_seconds(data, "ask", QUESTION, adopted=False) for _ in range(runs)]
        report("lectern ask, a server running", 0.8, asked)


def adopt_orphans() -> None:
    """Have the index process, which outlives its command a moment, counted as ours: Linux only."""
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        print("the index process is not counted on this system")


def cpu_seconds(data: Path, *arguments: str, adopted: bool = True) -> float:
    """User and system seconds of a command; ``adopted``: and of what it leaves behind."""
    before = _children()
    subprocess.run([*LECTERN, *arguments], env=_environment(data), stdout=subprocess.DEVNULL, check=True)
    if adopted:
        with suppress(ChildProcessError):
            while True:
                os.wait()
    return _children() - before


@contextmanager
def serving(data: Path) -> Generator[None]:
    command = [*LECTERN, "serve", "--port", "0"]
    server = subprocess.Popen(command, env=_environment(data), stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()
    try:
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()


def report(name: str, budget: float, seconds: list[float]) -> None:
    verdict = "within" if min(seconds) < budget else "OVER"
    print(f"{name:34} {min(seconds):6.2f}  {verdict} {budget}  (worst {max(seconds):.2f})")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LECTERN_")}
    return {**kept, "LECTERN_DATA": str(data), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    main()

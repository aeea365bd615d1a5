"""Ray on this machine beside the local engine: the same files, the same number of workers, in turn.

    python -m bench.ray FOLDER|DOCUMENTS.jsonl… [--files N] [--workers N] [--rounds N] [--check]

Each run is ``lectern ingest`` into an empty data folder. What starting takes is measured apart, as an ingest
of one small file; throughput is given with it and without. CPU seconds are of all processes that the command
has started, Ray's own too, looked at four times a second. Runs alternate, and medians are compared: other
work on the machine meets both. With ``--check`` the exit status is 1 where the engines differ in what they
index, or Ray, once started, does not reach four fifths of the local throughput.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from service.evaluation.dataset import read_documents
from tests.process_watch import ProcessWatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMAND = [sys.executable, "-c", "from service.cli import main; main()", "ingest", "--json"]
_LOOK_SECONDS = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")
_ENOUGH = 0.8
"""Of the local throughput."""
_ENGINES = ("local", "ray")
_Each = TypeVar("_Each")


@dataclass(frozen=True, slots=True)
class Run:
    """One ingest."""

    seconds: float
    cpu_seconds: float
    documents: int
    made: tuple[int, int]
    """Characters and chunks."""
    costs: Mapping[str, Mapping[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--files", type=int, default=100, metavar="N", help="Of each source, at most.")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="Of each stage.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as scratch:
        folder, small = Path(scratch, "files"), Path(scratch, "small")
        for number, source in enumerate(chosen.sources):
            gather(source, folder / str(number), chosen.files)
        small.mkdir()
        (small / "note.txt").write_text("The berth is let.\n", encoding="utf-8")
        print(f"{'':8} {'files':>6} {'seconds':>9} {'CPU s':>8}   parse     cut   embed   write  record")
        started = alternate(small, chosen.workers, 1, "start")
        runs = alternate(folder, chosen.workers, chosen.rounds, "")
    if not conclude(started, runs) and chosen.check:
        sys.exit(1)


def gather(source: Path, folder: Path, most: int) -> None:
    """So many files of a folder, or rows of a data set as files, evenly from all of it."""
    folder.mkdir(parents=True)
    if source.suffix == ".jsonl":
        rows = list(read_documents(source))
        for order, row in enumerate(spread(rows, most)):
            (folder / f"{order:05}{Path(row.path).suffix or '.txt'}").write_text(row.text, encoding="utf-8")
        return
    for order, file in enumerate(spread(sorted(path for path in source.rglob("*") if path.is_file()), most)):
        (folder / f"{order:05}{file.suffix}").write_bytes(file.read_bytes())


def spread(items: Sequence[_Each], most: int) -> list[_Each]:
    step = max(1.0, len(items) / most)
    return [items[int(number * step)] for number in range(min(most, len(items)))]


def alternate(folder: Path, workers: int, rounds: int, label: str) -> dict[str, list[Run]]:
    """Both engines in turn; each round begins with the other one."""
    runs: dict[str, list[Run]] = {engine: [] for engine in _ENGINES}
    for number in range(rounds):
        for engine in _ENGINES[:: 1 if number % 2 == 0 else -1]:
            run = ingest(folder, engine, workers)
            runs[engine].append(run)
            stages = " ".join(
                f"{run.costs[name]['seconds']:7.1f}" for name in ("parse", "cut", "embed", "write", "record")
            )
            print(
                f"{label or engine:8} {run.documents:6} {run.seconds:9.1f} {run.cpu_seconds:8.1f} {stages}"
                f"   {engine}",
                flush=True,
            )
    return runs


def ingest(folder: Path, engine: str, workers: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as data:
        count = str(workers)
        environment = os.environ | {
            "LECTERN_DATA": data,
            "LECTERN_PARSE_WORKERS": count,
            "LECTERN_EMBED_WORKERS": count,
            "OMP_NUM_THREADS": "1",
        }
        if engine == "ray":
            environment |= {"LECTERN_RAY_ADDRESS": "local", "LECTERN_RAY_WORKERS": count}
        began = time.monotonic()
        with Cpu(data) as cpu:
            done = subprocess.run(
                [*_COMMAND, str(folder)], stdout=subprocess.PIPE, text=True, check=False, env=environment
            )
        seconds = time.monotonic() - began
        report: dict[str, Any] = json.loads(done.stdout)
    made = (int(report["characters"]), int(report["chunks"]))
    return Run(seconds, cpu.seconds, len(report["indexed"]), made, report["costs"])


class Cpu(ProcessWatch):
    """Looks at all processes that have a data folder in their environment."""

    def __init__(self, data: str) -> None:
        super().__init__(_LOOK_SECONDS)
        self._mark = f"LECTERN_DATA={data}\0".encode()
        self._seen: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Of all, as each was seen last."""
        return sum(self._seen.values())

    def look(self, pid: int, entry: Path) -> None:
        if pid not in self._seen and self._mark not in (entry / "environ").read_bytes():
            return
        fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        self._seen[pid] = (int(fields[11]) + int(fields[12])) / _TICKS


def conclude(started: Mapping[str, list[Run]], runs: Mapping[str, list[Run]]) -> bool:
    """Print medians and ratios; whether Ray indexes the same, fast enough."""
    rates: dict[str, tuple[float, float]] = {}
    for engine in _ENGINES:
        start = started[engine][0].seconds
        seconds = statistics.median(run.seconds for run in runs[engine])
        cpu = statistics.median(run.cpu_seconds for run in runs[engine])
        count = runs[engine][0].documents
        rates[engine] = count / seconds, count / (seconds - start)
        print(
            f"{engine}: {rates[engine][0]:.2f} documents a second, {rates[engine][1]:.2f} once started "
            f"({start:.1f} s), {cpu:.1f} CPU seconds"
        )
    whole, running = (rates["ray"][part] / rates["local"][part] for part in (0, 1))
    print(f"Ray ÷ local: {whole:.2f}, once started {running:.2f}")
    made = {(run.documents, run.made) for engine in _ENGINES for run in runs[engine]}
    if len(made) > 1:
        print(f"the engines differ: {sorted(made)}")
    return len(made) == 1 and running >= _ENOUGH


if __name__ == "__main__":
    main()

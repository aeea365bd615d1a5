"""How long a search takes while files are read into the collection that it searches.

    python -m bench.search_under_ingest ../shared/data/cuad [--files N] [--rate Q] [--without PHASE] [--check]

Real contracts behind ``lectern serve``. Searches arrive by chance, so many a second on average, whatever has
become of those before, and their times count from the moment at which they are due: first while nothing
else happens, then while files are uploaded and indexed, while half of all documents are deleted, while
``lectern documents purge`` writes the files of the index anew without them, and while ``lectern reindex``
makes all points anew. With ``--check`` errors, and searches that find nothing, make the exit status 1; times
never do.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from bench.load.corpus import labelled, write_files
from bench.load.generator import Asked, Plan
from bench.load.processes import Watch
from bench.load.schedule import arrivals, at_share
from bench.load.stage import carried_out, staged
from service.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from bench.load.generator import Outcome
    from bench.load.stage import Stage
    from service.evaluation.dataset import LabelledDocument

    Work = Callable[[], object]

_STRETCH = 5.0
"""Seconds of searches that are planned at a time."""
_FORM = 250
"""Files of one upload."""
_LOOK = 0.5
_SEED = 13
_ENDED = frozenset({"done", "failed", "cancelled", "interrupted"})
_PHASES = ("ingest", "delete", "compact", "re-index")
_MEGABYTE = 2**20
_BLOCK = 512
"""Bytes; what `st_blocks` counts."""
_HEADING = (
    "     phase  seconds  searches  errors |   median      p99  p99 ÷ quiet  | cores: service  index |    MB"
)


@dataclass(frozen=True, slots=True)
class Phase:
    """Searches while something else went on."""

    name: str
    seconds: float
    outcomes: list[Outcome]
    cpu: dict[str, float]
    """Seconds by process."""
    megabytes: float
    """Of the index on the disk, when it was over."""

    @property
    def errors(self) -> list[str]:
        return [one.error for one in self.outcomes if one.error]

    @property
    def times(self) -> list[float]:
        """In milliseconds, ascending."""
        return sorted(1_000 * one.last for one in self.outcomes if not one.error)

    def line(self, quiet: Phase) -> str:
        median, worst = statistics.median(self.times or [0.0]), at_share(self.times, 0.99)
        ratio = worst / max(at_share(quiet.times, 0.99), 0.1)
        busy = " ".join(f"{self.cpu[name] / self.seconds:>8.2f}" for name in ("service", "index"))
        return (
            f"{self.name:>10} {self.seconds:>8.0f} {len(self.outcomes):>9} {len(self.errors):>7} |"
            f" {median:>8.1f} {worst:>8.1f} {ratio:>13.1f} | {busy} | {self.megabytes:>5.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="A labelled set: documents.jsonl and queries.jsonl.")
    parser.add_argument("--documents", type=int, default=100, metavar="N", help="That are there already.")
    parser.add_argument("--files", type=int, default=1_000, metavar="N", help="That are ingested.")
    parser.add_argument("--characters", type=int, default=10_000, metavar="N", help="Of each, at most.")
    parser.add_argument("--rate", type=float, default=5.0, metavar="Q", help="Searches a second.")
    parser.add_argument("--quiet", type=float, default=30.0, metavar="S", help="Seconds before the ingest.")
    parser.add_argument("--without", action="append", choices=_PHASES, default=[], metavar="PHASE")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    documents, questions = labelled(chosen.data, chosen.documents)
    more = labelled(chosen.data, 10**6)[0][chosen.documents :]
    with staged(documents, []) as stage, tempfile.TemporaryDirectory(prefix="lectern-files-") as scratch:
        write_files(cut(more or documents, chosen.files, chosen.characters), Path(scratch))
        work: dict[str, Work] = {
            "ingest": lambda: ingest(stage, sorted(Path(scratch).iterdir())),
            "delete": lambda: delete_half(stage),
            "compact": lambda: stage.line.ok("documents", "purge"),
            "re-index": lambda: stage.line.ok("reindex", "default", "--anew"),
        }
        wanted = {name: work[name] for name in _PHASES if name not in chosen.without}
        phases = measured(stage, questions, chosen.rate, chosen.quiet, wanted)
    failed = [error for phase in phases for error in phase.errors]
    for error in failed[:5]:
        print(f"error: {error}", file=sys.stderr)
    if chosen.check and failed:
        sys.exit(1)


def measured(
    stage: Stage, questions: Sequence[str], rate: float, seconds: float, works: Mapping[str, Work]
) -> list[Phase]:
    """Search while nothing happens, then during each work; each phase is printed when it is over."""
    asking = cycle(questions)
    searching(stage, "warm-up", asking, rate, lambda: False)
    until = time.monotonic() + seconds
    print(_HEADING)
    phases = [searching(stage, "quiet", asking, rate, lambda: time.monotonic() < until)]
    print(phases[0].line(phases[0]), flush=True)
    for name, work in works.items():
        with underway(work) as going:
            phases.append(searching(stage, name, asking, rate, going))
        print(phases[-1].line(phases[0]), flush=True)
    return phases


def cut(documents: Sequence[LabelledDocument], files: int, characters: int) -> Iterator[LabelledDocument]:
    """So many stretches of the documents, no two alike."""
    made = 0
    for start in range(0, 10**7, characters):
        for document in documents:
            text = document.text[start : start + characters]
            if made < files and text.strip():
                made += 1
                yield replace(document, text=f"Part {made}\n\n{text}")
        if made >= files:
            return


def searching(
    stage: Stage, name: str, asking: Iterator[str], rate: float, going: Callable[[], bool]
) -> Phase:
    """Search as long as something goes on, and for a stretch at least."""
    outcomes: list[Outcome] = []
    began = time.monotonic()
    with Watch(stage.pids) as watch:
        while True:
            due = arrivals(rate, _STRETCH, _SEED + len(outcomes))
            asked = [Asked(at, "search", json.dumps({"query": next(asking)})) for at in due]
            outcomes += carried_out(Plan({"search": f"{stage.url}/v1/search"}, asked)).outcomes
            if not going():
                break
    cpu = {process: watch.cpu(process) for process in stage.pids}
    return Phase(name, time.monotonic() - began, outcomes, cpu, megabytes(stage.line.data / "index"))


def megabytes(folder: Path) -> float:
    """That the files of a folder take on the disk; those that vanish meanwhile take none."""
    taken = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            taken += file.stat().st_blocks * _BLOCK
    return taken / _MEGABYTE


@contextmanager
def underway(work: Work) -> Generator[Callable[[], bool]]:
    """Work in a thread; tells whether that goes on."""
    trouble: list[BaseException] = []

    def carry_out() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 — raised again where it is waited for
            trouble.append(error)

    thread = threading.Thread(target=carry_out, daemon=True)
    thread.start()
    yield thread.is_alive
    thread.join()
    if trouble:
        raise trouble[0]


def ingest(stage: Stage, files: Sequence[Path]) -> None:
    """Upload files, and wait for their jobs."""
    client = Client(stage.url)
    forms = (files[start : start + _FORM] for start in range(0, len(files), _FORM))
    for job in [client.upload(form) for form in forms]:
        while (now := client.job(job.id)).state not in _ENDED:
            time.sleep(_LOOK)
        assert (now.state, now.report.failed) == ("done", 0), now


def delete_half(stage: Stage) -> None:
    """Delete every second document, one after another."""
    client, after, held = Client(stage.url), None, list[str]()
    while True:
        page = client.documents("default", after=after)
        held += [document.id for document in page.documents]
        after = page.next
        if after is None:
            break
    for identity in held[::2]:
        client.delete_document(identity)


if __name__ == "__main__":
    main()

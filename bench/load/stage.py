"""What is measured, as processes: the scripted model, ``lectern serve`` and its index process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.load.corpus import write_files
from bench.load.generator import Outcome, Run
from tests.fakes.command_line import ROOT, CommandLine

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from bench.load.generator import Plan
    from service.evaluation.dataset import LabelledDocument

_INGEST_SECONDS = 900
_ENDING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Where they answer, and their process ids by name."""

    url: str
    model_url: str
    pids: Mapping[str, int]
    line: CommandLine


@contextmanager
def staged(documents: Sequence[LabelledDocument], model: Sequence[str]) -> Generator[Stage]:
    """A service over these documents, with a scripted model that takes these arguments."""
    with tempfile.TemporaryDirectory(prefix="lectern-load-") as scratch, _model(model) as (url, model_pid):
        folder = Path(scratch)
        settings = {"LECTERN_LLM_BASE_URL": url, "LECTERN_LLM_API_KEY": "key", "LECTERN_LLM_PROVIDER": "zai"}
        line = CommandLine(folder / "data", folder, settings, patience=_INGEST_SECONDS)
        write_files(documents, folder / "contracts")
        line.ok("ingest", str(folder / "contracts"))
        with line.serving() as service:
            pids = {"service": _noted(line, "server"), "index": _noted(line, "index"), "model": model_pid}
            yield Stage(service, url, pids, line)
        _await_end(pids["index"])  # which writes until then in the folder that goes


def carried_out(plan: Plan) -> Run:
    """What the generator brings back, run as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load.generator"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    return Run([Outcome(**outcome) for outcome in run["outcomes"]], run["cpu"], run["seconds"])


@contextmanager
def _model(arguments: Sequence[str]) -> Generator[tuple[str, int]]:
    command = [sys.executable, "-m", "bench.load.model", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + _ENDING_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def _noted(line: CommandLine, name: str) -> int:
    """The process that has announced itself in the data directory."""
    pid: int = json.loads((line.data / f"{name}.json").read_text(encoding="utf-8"))["pid"]
    return pid

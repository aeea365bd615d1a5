"""What a second run over many unchanged files costs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.command_line import CommandLine

if sys.platform == "win32":
    pytest.skip("counts the CPU time of Unix processes", allow_module_level=True)

import resource  # Unix only

if TYPE_CHECKING:
    from pathlib import Path

FILES = 5_000


def spent() -> float:
    """CPU seconds of all processes that this one has waited for, and of those that they have."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ingest(line: CommandLine, folder: Path, collection: str) -> tuple[float, int, int]:
    """CPU seconds, files parsed, files unchanged."""
    before = spent()
    report = line.ok("ingest", "--collection", collection, str(folder), "--json").json
    return spent() - before, len(report["indexed"]), len(report["unchanged"])


@pytest.mark.slow
def test_unchanged_files_cost_almost_nothing(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path)
    one, many = tmp_path / "one", tmp_path / "many"
    for number in range(FILES):
        folder = many / f"part {number % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"The supplier delivers within {number % 90 + 1} days.\n\nPayment is due at once.\n"
        (folder / f"{number}.md").write_text(f"# Order {number}\n\n{text}")
    one.mkdir()
    (one / "1.md").write_text("# Order\n\nPayment is due at once.\n")

    ingest(line, one, "one")
    bare = ingest(line, one, "one")
    first = ingest(line, many, "many")
    again = ingest(line, many, "many")

    assert (bare[1:], first[1:], again[1:]) == ((0, 1), (FILES, 0), (0, FILES))
    print(f"first {first[0]:.2f}, again {again[0]:.2f}, one unchanged file {bare[0]:.2f} CPU s")  # noqa: T201 — the figures
    # The command's start costs the same whatever it is to do.
    assert again[0] - bare[0] < 0.02 * first[0]

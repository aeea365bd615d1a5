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


def clause_of(order: int, clause: int) -> str:
    days = (order + clause) % 90 + 1
    delivery = f"The supplier delivers item {order * 7 + clause} within {days} days of the order."
    return f"## {clause}. Delivery {order}-{clause}\n\n{delivery} Payment is due {clause + 10} days later."


def write_orders(folder: Path) -> None:
    """Files of about two thousand characters, as those of a repository are, no two alike."""
    for number in range(FILES):
        part = folder / f"part {number % 50}"
        part.mkdir(parents=True, exist_ok=True)
        clauses = [clause_of(number, clause) for clause in range(1, 13)]
        text = "\n\n".join([f"# Order {number}", *clauses])
        (part / f"{number}.md").write_text(text)


@pytest.mark.slow
def test_unchanged_files_cost_almost_nothing(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path, patience=1_200)
    folder = tmp_path / "orders"
    write_orders(folder)

    first = ingest(line, folder, "orders")
    again = ingest(line, folder, "orders")
    changed = folder / "part 7/7.md"
    changed.write_text(changed.read_text() + "\nThe order was cancelled.\n")
    once = ingest(line, folder, "orders")

    print(f"first {first[0]:.2f}, again {again[0]:.2f}, one changed {once[0]:.2f} CPU s")  # noqa: T201 — the figures
    assert (first[1:], again[1:], once[1:]) == ((FILES, 0), (0, FILES), (1, FILES - 1))
    assert again[0] < 0.02 * first[0]

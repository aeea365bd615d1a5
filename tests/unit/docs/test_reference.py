"""The references are what the code says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def generate(docs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LECTERN_")}
    return subprocess.run(
        [sys.executable, str(docs / "generate.py"), *arguments],
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_references_are_what_the_code_says() -> None:
    checked = generate(ROOT / "docs", "--check")
    assert checked.returncode == 0, checked.stderr


def test_a_page_that_differs_is_named_and_left_alone(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    page = docs / "reference-cli.md"
    page.write_text(page.read_text(encoding="utf-8").replace("lectern ask", "lectern tell"), encoding="utf-8")
    edited = page.read_bytes()
    checked = generate(docs, "--check")
    assert checked.returncode == 1
    assert "reference-cli.md" in checked.stderr
    assert "reference-http.md" not in checked.stderr
    assert page.read_bytes() == edited

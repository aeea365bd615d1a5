"""The page's modules outside of a browser: Node runs what needs no document."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parents[2] / "service" / "web"
MODULES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*.js"))
NODE = shutil.which("node")
_SECONDS = 60


@cache
def _copied() -> tempfile.TemporaryDirectory[str]:
    """A copy that Node takes for modules: without a `package.json` it may read them as its older kind."""
    folder = tempfile.TemporaryDirectory(prefix="lectern-web-")
    shutil.copytree(WEB, folder.name, dirs_exist_ok=True)
    Path(folder.name, "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


def node(*arguments: str) -> str:
    """What Node prints, run in the copy.

    Raises:
        AssertionError: it failed; the message is its own.
    """
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--no-warnings", *arguments],
        cwd=_copied().name,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def evaluated(program: str) -> Any:  # noqa: ANN401 — JSON
    """The one JSON value that a program prints; it may import `./core/text.js` and its like."""
    written("program.js", program)
    return json.loads(node("program.js"))


def written(name: str, program: str) -> None:
    """Put a program beside the modules."""
    Path(_copied().name, name).write_text(program, encoding="utf-8")

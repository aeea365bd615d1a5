"""Where the measuring data lies, when it is there: beside the repository, never inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_shared = pytest.mark.skipif(not ROOT.is_dir(), reason="../shared/data is absent")


def shared(path: str) -> Path:
    """The place of a measuring file or folder."""
    return ROOT / path

"""A confined child that does not even start."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from ingest.confined import start
from ingest.errors import NotStarted

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

DESCRIPTORS = Path("/proc/self/fd")


def serve(_pipe: Connection, _order: None) -> None:
    """Nobody gets as far as this."""


def test_without_a_folder_for_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(NotStarted) as caught:
        start(serve, lambda _: None, label="child", name="the child")

    assert str(caught.value) == "the child did not start: No such file or directory"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOMEM, "here"), "Cannot allocate memory"),
        (OSError(errno.ENOSPC, "here", "/secret"), "No space left on device"),
        (OSError(), "OSError"),
    ],
)
@pytest.mark.skipif(not DESCRIPTORS.exists(), reason="this system does not tell which files are open")
def test_nothing_of_it_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[list[Path]] = []

    def fail(_folder: str) -> NoReturn:
        seen.append(list(tmp_path.iterdir()))
        raise error

    before = len(list(DESCRIPTORS.iterdir()))
    with pytest.raises(NotStarted) as caught:
        start(serve, fail, label="child", name="the child")

    assert str(caught.value) == f"the child did not start: {reason}"
    assert [path.name.startswith("child-") for path in seen[0]] == [True]
    assert list(tmp_path.iterdir()) == []
    assert len(list(DESCRIPTORS.iterdir())) == before

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.mapped import kept

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix permissions")
SUM = 499_500


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> dict[str, NDArray[np.int64]]:
        self.made += 1
        return {"numbers": np.arange(1000), "few": np.array([2, 3])}


def is_sound(found: dict[str, NDArray[np.int64]]) -> bool:
    return int(found["numbers"].sum()) == SUM


def get(path: Path, make: Maker) -> dict[str, NDArray[np.int64]]:
    found = kept(path, make, is_sound=is_sound)
    assert is_sound(found)
    assert found["few"].tolist() == [2, 3]
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file, where something was kept."""
    path = tmp_path / "cache" / "numbers-1"
    get(path, Maker())
    return path


def test_what_was_made_is_mapped_by_another_process(path: Path) -> None:
    program = f"""
from pathlib import Path
from ingest.mapped import kept
found = kept(Path({str(path)!r}), lambda: 1 / 0, is_sound=lambda _: True)
print(found["numbers"].sum(), found["numbers"].flags.writeable, found["numbers"].flags.owndata)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(SUM), "False", "False"]


def test_it_is_made_once(path: Path) -> None:
    make = Maker()
    assert get(path, make)["numbers"].dtype == np.int64
    assert make.made == 0
    assert [entry.name for entry in path.parent.iterdir()] == ["numbers-1"]


@pytest.mark.parametrize("size", [0, 7, 24, 100, 8_000, -1])
def test_a_file_that_was_cut_short_is_made_anew(path: Path, size: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    assert_made_anew(path, whole)


def test_a_file_with_other_numbers_in_it_is_made_anew(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4_000] + b"\1" + whole[4_001:])
    assert_made_anew(path, whole)


def test_any_byte_may_be_wrong(path: Path) -> None:
    whole = path.read_bytes()
    end = len(whole)
    for at in (*range(24), *range(end - 400, end, 7)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        assert is_sound(kept(path, Maker(), is_sound=is_sound)), at


def assert_made_anew(path: Path, whole: bytes) -> None:
    make = Maker()
    get(path, make)
    assert make.made == 1
    assert path.read_bytes() == whole
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@unix
@pytest.mark.parametrize("writable", ["file", "folder"])
def test_what_others_can_write_is_not_read(path: Path, writable: str) -> None:
    (path if writable == "file" else path.parent).chmod(0o777)
    make = Maker()
    get(path, make)
    assert make.made == 1


@unix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_is_somebody_else_s_is_not_read(path: Path) -> None:
    os.chown(path, 12_345, 12_345)
    make = Maker()
    get(path, make)
    assert make.made == 1


def test_where_nothing_can_be_written_it_is_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    make = Maker()
    for _ in range(2):
        get(tmp_path / "file" / "numbers", make)
    assert make.made == 2


def test_a_disk_without_room_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly_full(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=2**20)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    get(tmp_path / "numbers", Maker())
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_kept_is_made(tmp_path: Path) -> None:
    found = kept(tmp_path / "lock", lambda: {"open": sys.stdout.buffer}, is_sound=lambda _: True)
    assert found == {"open": sys.stdout.buffer}
    assert list(tmp_path.iterdir()) == []

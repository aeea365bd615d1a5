"""The folder of sent files, where several servers share one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from service.jobs.originals import Originals
from service.jobs.owner import label

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = "0" * 12


def test_servers_with_one_folder_have_one_place(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    first, second = (Originals(tmp_path / name, shared) for name in ("first", "second"))
    alone = Originals(tmp_path / "first")

    assert first.place == second.place
    assert alone.place not in {"", first.place}
    assert (shared / "place").read_text() == first.place


def test_what_another_machine_receives_is_not_swept_for_a_day(tmp_path: Path) -> None:
    originals = Originals(tmp_path, tmp_path / "shared")
    mine = originals.arrive("one")
    theirs = mine.with_name(f"two-{label()}-{ELSEWHERE}")
    gone = mine.with_name(f"three-999999999-1-{mine.name.rpartition('-')[2]}")
    old = mine.with_name(f"four-{label()}-{ELSEWHERE}")
    older = mine.with_name(f"five-{label()}")
    for folder in (theirs, gone, old, older):
        folder.mkdir()
    os.utime(old, (1.0, 1.0))

    with originals.locked():
        originals.sweep([])
    assert {path.name for path in mine.parent.iterdir()} == {mine.name, theirs.name, older.name}


def test_one_that_goes_on_for_days_is_not_swept(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    theirs = originals.arrive("one").with_name(f"two-{label()}-{ELSEWHERE}")
    theirs.mkdir()
    (theirs / "00000").write_bytes(b"a piece")
    os.utime(theirs, (1.0, 1.0))

    with originals.locked():
        originals.sweep([])
    assert theirs.is_dir()

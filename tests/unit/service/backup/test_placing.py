"""A restored store takes its place however often it is killed on the way."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from service.backup.placing import EMPTIED, WHOLE, finish, held

if TYPE_CHECKING:
    from pathlib import Path

NEW = {"catalog.sqlite": "new", "index/edge_config.json": "new", "place": "new"}
OLD = {
    "catalog.sqlite": "old",
    "catalog.sqlite-wal": "old",
    "index/edge_config.json": "old",
    "index.512/edge_config.json": "old",
    "uploads/kept/a": "old",
    "tokens.json": "old",
}
STAYS = {"ingest.lock": "", ".gitignore": "*\n", "notes.txt": "somebody's own"}


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "restore.lock"
    }


def test_the_old_store_gives_way_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    write(tmp_path, OLD | STAYS)
    write(tmp_path / WHOLE, NEW)

    finish(tmp_path)

    assert content(tmp_path) == NEW | STAYS


@pytest.mark.parametrize("deleted", range(len(OLD) + 1))
def test_killed_while_the_old_one_is_deleted(tmp_path: Path, deleted: int) -> None:
    write(tmp_path, dict(list(OLD.items())[deleted:]) | STAYS)
    write(tmp_path / WHOLE, NEW)

    finish(tmp_path)

    assert content(tmp_path) == NEW | STAYS


@pytest.mark.parametrize("moved", range(4))
def test_killed_while_the_new_one_moves_in(tmp_path: Path, moved: int) -> None:
    write(tmp_path, STAYS)
    write(tmp_path / EMPTIED, NEW)
    for path in sorted((tmp_path / EMPTIED).iterdir())[:moved]:
        shutil.move(path, tmp_path)

    finish(tmp_path)

    assert content(tmp_path) == NEW | STAYS
    assert not (tmp_path / EMPTIED).exists()


def test_where_nothing_was_restored_nothing_changes(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    finish(tmp_path)
    assert content(tmp_path) == OLD
    assert not (tmp_path / "restore.lock").exists()


def test_locks_and_the_mark_for_git_do_not_count_as_held(tmp_path: Path) -> None:
    assert held(tmp_path / "absent") == []
    write(tmp_path, {"ingest.lock": "", ".gitignore": "*\n"})
    assert held(tmp_path) == []
    write(tmp_path, {"notes.txt": ""})
    assert [path.name for path in held(tmp_path)] == ["notes.txt"]

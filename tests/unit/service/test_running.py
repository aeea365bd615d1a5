from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from service.running import FILE, RunningServer, announced, find_server

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://127.0.0.1:8421"


def test_a_server_is_found_while_it_is_announced(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    assert find_server(data) is None

    with announced(data, URL):
        assert find_server(data) == RunningServer(URL, os.getpid())
        assert [path.name for path in data.iterdir()] == [FILE]

    assert find_server(data) is None
    assert list(data.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such modes")
def test_nobody_else_reads_its_token(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with announced(tmp_path, URL, "a-secret"):
            server, mode = find_server(tmp_path), (tmp_path / FILE).stat().st_mode
    finally:
        os.umask(before)

    assert server == RunningServer(URL, os.getpid(), "a-secret")
    assert mode & 0o077 == 0
    assert "a-secret" not in repr(server)


def test_a_server_of_before_is_found_without_a_token(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"url": URL, "pid": os.getpid()}))

    assert find_server(tmp_path) == RunningServer(URL, os.getpid(), "")


def test_it_leaves_the_record_of_its_successor(tmp_path: Path) -> None:
    successor = RunningServer("http://127.0.0.1:9", os.getppid())
    with announced(tmp_path, URL):
        (tmp_path / FILE).write_text(json.dumps(asdict(successor)))

    assert find_server(tmp_path) == successor


def test_an_end_by_an_error_withdraws_it_too(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), announced(tmp_path, URL):
        raise SystemExit(0)

    assert find_server(tmp_path) is None


@pytest.mark.skipif(os.name == "nt", reason="only a request tells on Windows")
def test_a_dead_one_is_not_found(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    (tmp_path / FILE).write_text(json.dumps({"url": URL, "pid": ended.pid}))

    assert find_server(tmp_path) is None


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"url": "x"}', '{"url": "x", "pid": "y"}', "7"])
def test_a_broken_record_is_no_server(tmp_path: Path, record: str) -> None:
    (tmp_path / FILE).write_text(record)

    assert find_server(tmp_path) is None

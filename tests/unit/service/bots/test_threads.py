"""What a bot remembers."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from service.bots.threads import FILE, Cited, Thread, Threads

if TYPE_CHECKING:
    from pathlib import Path

THREAD = Thread("room", "leases", "ses_1", (Cited(1, "doc", 7, 10, 20, 3), Cited(2, "doc", 7, 30, 40)))


def test_a_thread_comes_back_as_it_was(tmp_path: Path) -> None:
    Threads(tmp_path, "slack").keep(THREAD)

    assert Threads(tmp_path, "slack").find("room") == THREAD
    assert Threads(tmp_path, "slack").find("other") is None
    assert Threads(tmp_path, "telegram").find("room") is None


def test_a_message_is_new_once_and_leads_to_its_thread(tmp_path: Path) -> None:
    threads = Threads(tmp_path, "slack")

    assert threads.keep_message("room", "1", "thread")
    assert not threads.keep_message("room", "1", "thread")
    assert threads.keep_message("hall", "1", "other")
    assert threads.thread_of("room", "1") == "thread"
    assert threads.thread_of("room", "2") is None


def test_old_threads_are_forgotten_when_a_bot_starts(tmp_path: Path) -> None:
    threads = Threads(tmp_path, "slack")
    threads.keep(THREAD)
    threads.keep_message("room", "1", "thread")
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute("UPDATE threads SET at = at - 91 * 86400")
        database.execute("UPDATE messages SET at = at - 91 * 86400")

    again = Threads(tmp_path, "slack")
    assert again.find("room") is None
    assert again.thread_of("room", "1") is None


def test_old_threads_are_forgotten_once_a_day_too(tmp_path: Path) -> None:
    now = 1_000_000.0
    threads = Threads(tmp_path, "slack", lambda: now)
    threads.keep(THREAD)
    threads.keep_message("room", "1", "thread")
    now += 90 * 86_400
    threads.keep_message("room", "2", "thread")
    assert threads.find("room") == THREAD
    now += 86_000
    threads.keep_message("room", "3", "thread")
    assert threads.thread_of("room", "1") == "thread"
    now += 400
    threads.keep_message("room", "4", "thread")

    assert threads.find("room") is None
    assert threads.thread_of("room", "1") is None
    assert threads.thread_of("room", "2") == "thread"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Threads(tmp_path / "data", "slack")
    assert (tmp_path / "data" / FILE).stat().st_mode & 0o077 == 0

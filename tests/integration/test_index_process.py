"""The index process with a scripted index inside: real processes, sockets and signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.errors import IndexUnavailable, StoreLocked, UnknownName, UnsupportedStore
from ingest.index import Question
from ingest.model import Hit, Scope
from ingest.store.contract import Point, SparseVector
from service.index_process.address import Place
from service.index_process.client import RemoteIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.index_process.address import Address

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes by Unix signals")

SCRIPTED = "tests.fakes.scripted_index:open_scripted"
SCOPE = Scope("default", "contracts")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; no process outlives its test."""
    folder = tmp_path / "data"
    yield folder
    wait_for(lambda: ended(folder))


@pytest.fixture
def index(data: Path) -> Iterator[RemoteIndex]:
    with RemoteIndex(data, SCRIPTED, grace=0) as opened:
        yield opened


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def address(data: Path) -> Address:
    noted = Place(data).read()
    assert noted is not None
    return noted


def ask(index: RemoteIndex, words: str = "who signs?") -> int:
    """The pid of the process that answered."""
    return index.search(SCOPE, Question(words), documents=None, limit=1)[0].document


def events(data: Path, kind: str) -> list[int]:
    """Pids that opened, flushed or closed the index."""
    lines = (data / "events").read_text().split("\n") if (data / "events").exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith(kind)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(data: Path) -> bool:
    return not any(alive(pid) for pid in events(data, "opened"))


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid))


def point(document: int) -> Point:
    sparse = SparseVector(np.array([3], np.uint32), np.array([0.5], np.float32))
    return Point(document, 0, 0, 9, 1, 1, sparse, np.zeros(512, np.float32))


class TestCalls:
    def test_all_of_them_cross_the_border(self, index: RemoteIndex, data: Path) -> None:
        hits = index.search(SCOPE, Question("who?", ("before",)), documents=[7, 9], limit=2)

        assert hits == [Hit(7, 0, 0, 9, 1, 1, 0.5), Hit(9, 0, 0, 9, 1, 1, 0.5)]
        assert index.confidence(SCOPE, Question("who?"), documents=[7, 8, 9]) == 0.25
        index.upsert(SCOPE, [point(7), point(7), point(8)])
        assert index.counts(SCOPE) == {7: 2, 8: 1}
        index.delete_documents(SCOPE, [7])
        assert index.counts(SCOPE) == {8: 1}
        index.delete_scope(SCOPE)
        assert index.counts(SCOPE) == {}
        index.flush()
        assert events(data, "flushed") == [address(data).pid]
        assert address(data).pid != os.getpid()

    def test_errors_keep_their_type(self, index: RemoteIndex) -> None:
        with pytest.raises(UnknownName) as unknown:
            ask(index, "refuse")
        assert (unknown.value.kind, unknown.value.name) == ("collection", "nowhere")
        with pytest.raises(ValueError, match="NaN"):
            ask(index, "wrong")
        assert ask(index) > 0

    def test_a_bug_shows_its_trace_in_the_log_only(self, index: RemoteIndex, data: Path) -> None:
        with pytest.raises(IndexUnavailable) as failed:
            ask(index, "break")

        assert "ZeroDivisionError" in str(failed.value)
        assert "an inner secret" not in str(failed.value)
        assert "an inner secret" in Place(data).log.read_text()
        assert ask(index) > 0

    def test_a_slow_search_keeps_no_other_waiting(self, index: RemoteIndex, data: Path) -> None:
        gate = data / "gate"
        os.mkfifo(gate)
        slow = threading.Thread(target=ask, args=(index, f"wait {gate}"))
        slow.start()
        with gate.open("w"):
            assert ask(index) > 0
            index.upsert(SCOPE, [point(1)])
            assert slow.is_alive()
        slow.join(10)
        assert not slow.is_alive()

    def test_a_closed_index_says_so(self, index: RemoteIndex) -> None:
        index.close()

        with pytest.raises(IndexUnavailable, match="closed"):
            index.flush()

    def test_a_hop_costs_little(self, index: RemoteIndex) -> None:
        def hop() -> float:
            before = time.process_time()
            index.search(SCOPE, Question("who signs?"), documents=None, limit=20)
            return time.process_time() - before

        assert statistics.median(hop() for _ in range(200)) < 0.0015


class TestLife:
    def test_two_clients_share_one_process(self, index: RemoteIndex, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=0) as second:
            assert ask(second) == ask(index)

        assert ask(index) == address(data).pid
        assert len(events(data, "opened")) == 1

    def test_it_ends_with_its_last_client_and_leaves_nothing(self, data: Path) -> None:
        first = RemoteIndex(data, SCRIPTED, grace=0)
        second = RemoteIndex(data, SCRIPTED, grace=0)
        socket = Path(address(data).host)
        first.close()
        assert ask(second) in events(data, "opened")

        second.close()

        wait_for(lambda: ended(data))
        assert events(data, "closed") == events(data, "opened")
        assert Place(data).read() is None
        assert not socket.exists()

    def test_it_waits_a_moment_for_the_next_client(self, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=5) as first:
            pid = ask(first)

        with RemoteIndex(data, SCRIPTED, grace=5) as second:
            assert ask(second) == pid
        os.kill(pid, signal.SIGTERM)

    def test_a_directory_that_is_thrown_away_stays_away(self, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=0.3) as index:
            pid = ask(index)
        shutil.rmtree(data)

        wait_for(lambda: not alive(pid))
        assert not data.exists()

    def test_it_may_begin_with_the_first_request(self, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=0, at_once=False) as index:
            assert index.starts == 0
            assert not Place(data).log.exists()
            assert alive(ask(index))
            assert index.starts == 1

    def test_clients_come_and_go_without_an_error(self, data: Path) -> None:
        for _ in range(6):
            with RemoteIndex(data, SCRIPTED, grace=0) as index:
                assert ask(index) > 0
        wait_for(lambda: ended(data))

        assert sorted(events(data, "closed")) == sorted(events(data, "opened"))

    def test_five_that_open_at_once_start_one(self, index: RemoteIndex, data: Path, tmp_path: Path) -> None:
        index.close()
        wait_for(lambda: ended(data))
        fresh = tmp_path / "fresh"
        clients = [start_client(fresh) for _ in range(5)]

        pids = {answered(client) for client in clients}

        assert len(pids) == 1
        assert len(events(fresh, "opened")) == 1
        for client in clients:
            finish(client)
        wait_for(lambda: ended(fresh))

    def test_it_survives_the_death_of_its_parent(self, data: Path) -> None:
        parent = start_client(data)
        pid = answered(parent)
        with RemoteIndex(data, SCRIPTED, grace=0) as other:
            assert ask(other) == pid
            parent.kill()
            finish(parent)

            assert ask(other) == pid

    def test_it_ends_when_its_only_client_is_killed(self, data: Path) -> None:
        parent = start_client(data)
        pid = answered(parent)

        parent.kill()
        finish(parent)

        wait_for(lambda: not alive(pid))
        assert events(data, "closed") == [pid]

    def test_who_reads_the_output_of_its_starter_does_not_wait_for_it(self, data: Path) -> None:
        command = [sys.executable, "-c", CLIENT, str(data), "30"]

        done = subprocess.run(command, input="", capture_output=True, text=True, timeout=20, check=True)

        assert done.stdout.split() == [str(pid) for pid in events(data, "opened")]
        assert done.stderr == ""
        assert not ended(data)
        os.kill(int(done.stdout), signal.SIGTERM)

    def test_it_closes_the_index_when_it_is_told_to_leave(self, index: RemoteIndex, data: Path) -> None:
        pid = ask(index)

        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not alive(pid))

        assert events(data, "closed") == [pid]
        assert Place(data).read() is None

    def test_a_client_of_a_process_that_leaves_gets_the_next_one(self, index: RemoteIndex) -> None:
        first = ask(index)

        os.kill(first, signal.SIGTERM)
        wait_for(lambda: not alive(first))

        assert ask(index) != first


class TestDeath:
    def test_a_killed_process_is_started_again(self, index: RemoteIndex, data: Path) -> None:
        first = ask(index)

        kill(first)

        second = ask(index)
        assert second != first
        assert second == address(data).pid

    def test_all_clients_find_the_new_process(self, index: RemoteIndex, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=0) as other:
            kill(ask(index))

            assert ask(other) == ask(index)

        assert len(events(data, "opened")) == 2

    def test_what_kills_it_once_is_asked_again(self, index: RemoteIndex, data: Path) -> None:
        assert ask(index, "die-once") == address(data).pid

    def test_what_kills_it_twice_is_given_up(self, index: RemoteIndex) -> None:
        with pytest.raises(IndexUnavailable, match="died twice"):
            ask(index, "die")

        assert ask(index) > 0

    def test_a_note_that_leads_nowhere_is_replaced(self, index: RemoteIndex, data: Path) -> None:
        pid = ask(index)
        note = Place(data).note
        stale = note.read_text()
        index.close()
        wait_for(lambda: ended(data))
        for written in (stale, "{", json.dumps({"pid": 1}), stale.replace('"protocol": 1', '"protocol": 0')):
            note.write_text(written)

            with RemoteIndex(data, SCRIPTED, grace=0) as again:
                assert ask(again) != pid
            wait_for(lambda: ended(data))

    def test_why_it_cannot_open_is_a_typed_error(self, data: Path) -> None:
        with pytest.raises(UnsupportedStore, match="of another version"):
            RemoteIndex(data, "tests.fakes.scripted_index:open_incompatible")
        with pytest.raises(StoreLocked, match="another process holds"):
            RemoteIndex(data, "tests.fakes.scripted_index:open_locked")

    def test_a_process_that_does_not_start_names_its_log(self, data: Path) -> None:
        with pytest.raises(IndexUnavailable, match=r"index\.log"):
            RemoteIndex(data, "tests.fakes.scripted_index:open_crashing")

        assert Place(data).log.read_text() == f"no {data}\n"


class TestPrivacy:
    def test_a_wrong_token_is_refused(self, index: RemoteIndex, data: Path) -> None:
        noted = address(data)

        with pytest.raises(AuthenticationError):
            Client(noted.location, noted.family, authkey=b"guessed")

        assert ask(index) == noted.pid

    def test_who_has_the_wrong_token_does_not_count_as_a_client(self, data: Path) -> None:
        with RemoteIndex(data, SCRIPTED, grace=0) as index:
            stranger = Client(address(data).location, address(data).family)
            assert ask(index) > 0

        wait_for(lambda: ended(data))
        stranger.close()

    def test_a_note_with_another_token_is_not_trusted(self, index: RemoteIndex, data: Path) -> None:
        noted = address(data)
        Place(data).note.write_text(json.dumps(asdict(replace(noted, token="guessed"))))

        with RemoteIndex(data, SCRIPTED, grace=0) as other:
            assert ask(other) != noted.pid
        assert ask(index) == noted.pid

    def test_the_directory_is_for_its_user_alone(self, index: RemoteIndex, data: Path) -> None:
        assert ask(index) > 0
        assert data.stat().st_mode & 0o777 == 0o700
        assert Place(data).note.stat().st_mode & 0o777 == 0o600

    def test_a_deep_directory_gets_a_short_socket(self, tmp_path: Path) -> None:
        deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)

        with RemoteIndex(deep, SCRIPTED, grace=0) as index:
            assert ask(index) == address(deep).pid
            socket = Path(address(deep).host)
            assert len(os.fsencode(socket)) <= 100
            assert socket.parent.stat().st_mode & 0o777 == 0o700
        wait_for(lambda: ended(deep))
        assert not socket.parent.exists()


CLIENT = """
import sys
from pathlib import Path
from ingest.index import Question
from ingest.model import Scope
from service.index_process.client import RemoteIndex
data, grace = sys.argv[1:]
with RemoteIndex(Path(data), "tests.fakes.scripted_index:open_scripted", grace=float(grace)) as index:
    hits = index.search(Scope("default", "c"), Question("who?"), documents=None, limit=1)
    print(hits[0].document, flush=True)
    sys.stdin.read()
"""


def start_client(data: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLIENT, str(data), "0"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def answered(client: subprocess.Popen[str]) -> int:
    assert client.stdout is not None
    return int(client.stdout.readline())


def finish(client: subprocess.Popen[str]) -> None:
    client.communicate(timeout=20)

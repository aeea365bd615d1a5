from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import NotStarted, UnreadableFile
from ingest.model import Document, SourceFile
from ingest.reading import readers_of
from ingest.sandbox import InlineParser, ParsingPool, ParsingProcess
from tests.fakes.readers import misbehave

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.sandbox import Parser

READER = "tests.fakes.readers:misbehave"
ROOT = Path(__file__).parents[2]
unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux limits")


def source(deed: str, media_type: str = "text/plain") -> SourceFile:
    return SourceFile(deed, Path(deed), media_type, 1, 0)


def refusal(parser: Parser, deed: str) -> tuple[str, str]:
    with pytest.raises(UnreadableFile) as error:
        parser.parse(source(deed))
    return error.value.reason, error.value.detail


@pytest.fixture(scope="module")
def shared_parser() -> Iterator[ParsingProcess]:
    """One process for all tests: each also shows that it outlives the misdeeds of the others."""
    with ParsingProcess(READER, seconds=20) as parser:
        yield parser


@pytest.fixture(params=["process", "inline"])
def parser(request: pytest.FixtureRequest, shared_parser: ParsingProcess) -> Parser:
    return shared_parser if request.param == "process" else InlineParser(misbehave)


def test_documents_come_back_whole(parser: Parser) -> None:
    assert parser.parse(source("Договор № 5\n合同 \U0001f600")).text == "Договор № 5\n合同 \U0001f600"


def test_refusals_come_back_as_they_are(parser: Parser) -> None:
    assert refusal(parser, "refuse") == ("encrypted", "needs a password")


@pytest.mark.parametrize(("deed", "name"), [("fail", "ZeroDivisionError"), ("recurse", "RecursionError")])
def test_unexpected_failures_are_named_and_logged(
    parser: Parser, deed: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert refusal(parser, deed) == ("broken", f"the reader failed with {name}")
    assert f"Reading {deed} failed unexpectedly" in caplog.text
    assert "Traceback" in caplog.text


def test_one_process_reads_many_files(shared_parser: ParsingProcess) -> None:
    readers = {shared_parser.parse(source(f"file {number}")).title for number in range(50)}
    assert len(readers) == 1
    assert readers != {str(os.getpid())}


def test_threads_get_their_own_answers(shared_parser: ParsingProcess) -> None:
    names = [f"file {number}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert [document.text for document in pool.map(shared_parser.parse, map(source, names))] == names


@unix
@pytest.mark.parametrize(
    ("deed", "reason", "detail"),
    [
        ("crash", "broken", "the reader crashed with SIGSEGV"),
        ("be killed", "memory_limit", "the system killed the reader, most likely for its memory"),
        ("leave", "broken", "the reader ended its process (exit code 7)"),
        ("eat memory", "memory_limit", "needs more memory than one file may take"),
    ],
)
def test_the_next_file_is_read_after_a_deadly_one(
    shared_parser: ParsingProcess, deed: str, reason: str, detail: str
) -> None:
    before = shared_parser.parse(source("before")).title
    assert refusal(shared_parser, deed) == (reason, detail)
    after = shared_parser.parse(source("after"))
    assert after.text == "after"
    assert after.title != before


@unix
@pytest.mark.parametrize(
    ("deed", "detail"),
    [
        ("crash", "the reader crashed with SIGSEGV"),
        ("eat memory", "needs more memory than one file may take"),
        ("fail", "the reader failed with ZeroDivisionError"),
        ("sleep holding the interpreter", "took longer than 1 seconds"),
    ],
)
def test_a_program_that_no_reader_survives_is_read_as_text(deed: str, detail: str) -> None:
    program = source(f"{deed} over a program", "text/css")
    with ParsingProcess(READER, seconds=1) as parser:
        document = parser.parse(program)
    assert document.text == "read as text/plain"
    assert document.warnings == (f"read as plain text, without its symbols: {detail}",)
    assert document.reader in readers_of("text/css")


@unix
def test_a_program_that_is_not_even_text_is_refused_for_the_first_reason() -> None:
    with ParsingProcess(READER, seconds=20) as parser:
        with pytest.raises(UnreadableFile, match="SIGSEGV"):
            parser.parse(source("crash", "text/css"))
        with pytest.raises(UnreadableFile, match="needs a password"):
            parser.parse(source("refuse", "text/css"))


@unix
def test_a_program_is_not_read_again_once_somebody_has_aborted_it() -> None:
    with ParsingProcess(READER, seconds=20) as parser, ThreadPoolExecutor(1) as thread:
        parser.parse(source("warm"))
        reading = thread.submit(parser.parse, source("sleep over a program", "text/css"))
        time.sleep(0.3)
        parser.abort()
        with pytest.raises(UnreadableFile, match="killed"):
            reading.result()


def test_an_abort_while_nothing_is_read_harms_no_file(shared_parser: ParsingProcess) -> None:
    before = shared_parser.parse(source("before")).title
    shared_parser.abort()
    assert shared_parser.parse(source("after")) == Document("after", before, ())


def test_an_abort_harms_only_the_file_that_is_read(shared_parser: ParsingProcess) -> None:
    def abort(_done: int, _total: int) -> None:
        shared_parser.abort()

    for number in range(20):
        with contextlib.suppress(UnreadableFile):  # it may have answered before it died
            shared_parser.parse(source("count pages"), abort)
        assert shared_parser.parse(source(f"after {number}")).text == f"after {number}"


@unix
def test_a_process_that_was_killed_while_it_was_idle_is_no_file_s_doing(
    shared_parser: ParsingProcess,
) -> None:
    killed = shared_parser.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    assert shared_parser.parse(source("after")).text == "after"


@linux
def test_a_document_crosses_without_being_held_twice() -> None:
    with ParsingProcess(READER, memory_bytes=500 * 2**20) as parser:
        assert len(parser.parse(source("return much")).text) == 300 * 2**20
        assert parser.parse(source("after")).text == "after"


@linux
def test_a_document_that_does_not_fit_is_refused() -> None:
    with ParsingProcess(READER, memory_bytes=250 * 2**20) as parser:
        assert refusal(parser, "return much")[0] == "memory_limit"
        assert parser.parse(source("after")).text == "after"


@pytest.mark.parametrize("deed", ["sleep", pytest.param("sleep holding the interpreter", marks=unix)])
def test_a_file_that_takes_too_long_is_given_up(deed: str) -> None:
    with ParsingProcess(READER, seconds=0.5) as parser:
        assert parser.parse(source("warm")).text == "warm"
        began = time.monotonic()
        assert refusal(parser, deed) == ("time_limit", "took longer than 0.5 seconds")
        assert time.monotonic() - began < 5
        assert parser.parse(source("after")).text == "after"


def test_the_child_prints_nothing(shared_parser: ParsingProcess, capfd: pytest.CaptureFixture[str]) -> None:
    assert shared_parser.parse(source("print")).text == "printed"
    assert capfd.readouterr().out == ""


@linux
def test_limits_are_reported(shared_parser: ParsingProcess) -> None:
    named = {"memory", "open_files", "file_size", "core_dumps", "cpu", "privileges", "time"}
    assert shared_parser.limits >= named


def test_time_counts_from_the_last_sign_of_life() -> None:
    told: list[tuple[int, int]] = []
    with ParsingProcess(READER, seconds=1.2) as parser:
        text = parser.parse(source("slowly"), lambda done, total: told.append((done, total))).text
    assert text == "slowly"
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_who_watches_may_break_off(shared_parser: ParsingProcess) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared_parser.parse(source("slowly"), stop)
    assert shared_parser.parse(source("after")).text == "after"


@unix
@pytest.mark.parametrize(
    ("deed", "reason"), [("start a program", "time_limit"), ("crash beside a program", "broken")]
)
def test_programs_end_with_the_reader(
    deed: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "program"
    monkeypatch.setenv("TEST_NOTE", str(note))
    with ParsingProcess(READER, seconds=3) as parser:
        assert refusal(parser, deed)[0] == reason
        assert ends_within(int(note.read_text()), seconds=5)


@unix
def test_programs_end_with_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "program"
    monkeypatch.setenv("TEST_NOTE", str(note))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = textwrap.dedent(PROGRAM).replace('"x", Path("x")', '"start a program", Path("x")')
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as parent:
        deadline = time.monotonic() + 60
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        parent.send_signal(signal.SIGKILL)
    assert ends_within(int(note.read_text()), seconds=15)
    assert disappears(tmp_path.glob("lectern-parser-*"), seconds=5)


def test_temporary_files_are_removed() -> None:
    with ParsingProcess(READER, seconds=20) as parser:
        folder = Path(parser.parse(source("litter")).text)
        assert folder.name.startswith("lectern-parser-")
        assert parser.parse(source("list litter")).text == "0 left"
        assert folder.exists()
        refusal(parser, "be killed" if sys.platform != "win32" else "leave")
        assert not folder.exists()
        folder = Path(parser.parse(source("litter")).text)
    assert not folder.exists()


@linux
def test_files_of_any_size_cannot_be_written(shared_parser: ParsingProcess) -> None:
    assert refusal(shared_parser, "write much") == ("broken", "the reader failed with OSError")


def test_a_pool_reads_in_as_many_processes_as_it_has() -> None:
    processes = [ParsingProcess(READER) for _ in range(2)]
    with ParsingPool(processes) as parser:
        first = parser.parse(source("warm")).title
        assert {parser.parse(source(f"file {number}")).title for number in range(5)} == {first}
        with ThreadPoolExecutor(4) as threads:
            began = [threads.submit(parser.parse, source("slowly")) for _ in range(4)]
            assert len({document.result().title for document in began}) == 2
        assert refusal(parser, "fail")[0] == "broken"
        assert parser.parse(source("after")).text == "after"


@linux
def test_the_child_has_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ParsingProcess(READER) as parser:
        monkeypatch.setenv("TEST_PORT", str(server.getsockname()[1]))
        if "network" not in parser.limits:
            pytest.skip("this system lets no process leave the network")
        assert parser.parse(source("connect")).text != "connected"
        assert InlineParser(misbehave).parse(source("connect")).text == "connected"


def test_nothing_starts_before_it_is_needed() -> None:
    before = set(multiprocessing.active_children())
    with ParsingProcess():
        assert set(multiprocessing.active_children()) == before


def test_a_reader_that_does_not_exist_does_not_start(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        ParsingProcess("no.such.module:read") as parser,
        pytest.raises(NotStarted, match=r"no\.such\.module.*exit code 1\b"),
    ):
        parser.parse(source("x"))
    assert "ModuleNotFoundError" in capfd.readouterr().err


def test_closing_twice_and_parsing_again() -> None:
    parser = ParsingProcess(READER)
    parser.close()
    first = parser.parse(source("a")).title
    parser.close()
    parser.close()
    assert parser.parse(source("a")).title != first
    parser.close()


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )


PROGRAM = """
    from pathlib import Path
    from ingest.model import Document, SourceFile
    from ingest.sandbox import ParsingProcess

    def main():
        with ParsingProcess("tests.fakes.readers:misbehave") as parser:
            print(parser.parse(SourceFile("x", Path("x"), "", 1, 0)).text)

    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("how", ["-c", "script", "no ending"])
def test_any_program_may_be_the_parent(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    program = textwrap.dedent(PROGRAM)
    script = tmp_path / ("program.py" if how == "script" else "program")
    script.write_text(program)
    done = run_python("-c", program) if how == "-c" else run_python(str(script))
    assert (done.stdout, done.stderr) == ("x\n", "")


@linux
@pytest.mark.parametrize(
    ("deed", "seconds"), [("wait", 1000), ("sleep", 1000), ("sleep holding the interpreter", 1)]
)
def test_the_child_dies_with_its_parent(deed: str, seconds: float) -> None:
    program = textwrap.dedent(f"""
        import sys, threading, time
        from pathlib import Path
        from ingest.model import Document, SourceFile
        from ingest.sandbox import ParsingProcess

        parser = ParsingProcess("tests.fakes.readers:misbehave", seconds={seconds})
        source = lambda path: SourceFile(path, Path(path), "", 1, 0)
        print(parser.parse(source("x")).title, flush=True)
        if "{deed}" != "wait":
            threading.Thread(target=parser.parse, args=[source("{deed}")]).start()
        time.sleep(600)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    assert ends_within(child, seconds=15)


def ends_within(process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = ""
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        if state in ("", "Z"):
            return True
        time.sleep(0.05)
    return False


def disappears(paths: Iterator[Path], seconds: float) -> bool:
    deadline, left = time.monotonic() + seconds, list(paths)
    while any(path.exists() for path in left):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

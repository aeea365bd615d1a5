"""Ingests, and their index process, killed at random moments: the next run ends as an undisturbed one."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_bad_files, write_every_kind, write_pdf, write_texts
from tests.state import State, differences, end_index, end_process, read_state

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")

INGEST = ("ingest", "docs", "--prune")
SOME_FILES_FAIL = 2
QUESTIONS = (
    "What is the monthly rent?",
    "Who may sublet the warehouse?",
    "when does the lease end",
    "notice of termination",
    "interest on late payments",
    "travel policy for trains",
    "budget approved by the board",
    "When do parcels leave the depot?",
    "retries timeout_seconds",
    "square metres of the Harbour",
    "class Ledger post",
    "formatAmount cents",
    "backoff attempt",
    "drop_anchor metres",
    "tide_height",
    "commission of the Agent on net sales",
    "secret formula seven years",
    "captain's answer about the crane",
    "berth of tug 77",
    "zebras cross",
)


def first_edition(docs: Path) -> None:
    write_every_kind(docs)
    write_bad_files(docs / "bad")
    for slow in ("bomb.docx", "huge.txt"):  # 300 MB are unpacked, 3,000 chunks embedded: nothing is gained
        (docs / "bad" / slow).unlink()
    write_texts(docs, {"berths.md": berths("let"), "remark.txt": "the gate closes at eight.\n"})
    write_mail(docs / "crane.eml", "The crane lifts forty tons.")


def second_edition(docs: Path) -> None:
    """Every way for a folder to change: content, kind, name, place, gone, come, broken, mended."""
    write_texts(docs, {"lease.md": LEASE.replace("4,200", "5,100"), "zebra.txt": "zebras cross."})
    write_texts(docs, {"berths.md": berths("leased"), "bad/blank.txt": "not blank any more."})
    write_pdf(docs / "agency.pdf", ["The Agent earns a commission of 15% on net sales."])
    write_mail(docs / "crane.eml", "The crane lifts fifty tons.")
    (docs / "remark.txt").rename(docs / "closing.txt")
    (docs / "code").rename(docs / "source")
    (docs / "policy.txt").unlink()
    (docs / "bad/noise.txt").unlink()
    (docs / "page.html").write_bytes(b"\x7fELF" + bytes(range(256)) * 8)
    (docs / "notes.rst").rename(docs / "notes.txt")


def berths(word: str) -> str:
    """More chunks than are written at once."""
    return "".join(f"Berth {n} is {word} to tug {n * 7}.\n\n" for n in range(560))


def write_mail(location: Path, words: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "captain@example.com", "office@example.com", "The crane"
    mail["Date"] = "Mon, 04 Mar 2024 10:00:00 +0000"
    mail.set_content(f"{words}\n")
    location.write_bytes(mail.as_bytes())


@dataclass
class Ground:
    """A folder in two editions, and what an undisturbed ingest makes of each, one after the other."""

    folder: Path
    wanted: list[State] = field(default_factory=list[State])
    seconds: list[float] = field(default_factory=list[float])
    tried: int = 0

    def __post_init__(self) -> None:
        self.editions = [self.folder / "first", self.folder / "second"]
        first_edition(self.editions[0])
        shutil.copytree(self.editions[0], self.editions[1])
        second_edition(self.editions[1])
        calm = CommandLine(self.folder / "calm", self.folder)
        self.before = [self.folder / "nothing", self.folder / "between"]
        for number in (0, 1):
            self._show(number)
            started = time.monotonic()
            ran = calm.run(*INGEST)
            self.seconds.append(time.monotonic() - started)
            assert ran.status == SOME_FILES_FAIL, ran.err
            self.wanted.append(read_state(calm.data, QUESTIONS))
            if number == 0:
                copy_data(calm.data, self.before[1])

    def enter(self, number: int) -> CommandLine:
        """A data folder of its own, as it is before this edition is ingested."""
        self._show(number)
        self.tried += 1
        line = CommandLine(self.folder / f"data{self.tried}", self.folder)
        if self.before[number].exists():
            copy_data(self.before[number], line.data)
        return line

    def leave(self, line: CommandLine, number: int, ending: int) -> list[str]:
        """Run once more; what is then different from the undisturbed run."""
        ran = line.run(*INGEST)
        assert ran.status == SOME_FILES_FAIL, ran.err
        end_index(line.data, ending)
        found = differences(read_state(line.data, QUESTIONS), self.wanted[number])
        shutil.rmtree(line.data)
        return found

    def _show(self, number: int) -> None:
        shutil.rmtree(self.folder / "docs", ignore_errors=True)
        shutil.copytree(self.editions[number], self.folder / "docs")


def copy_data(data: Path, target: Path) -> None:
    shutil.copytree(data, target, ignore=shutil.ignore_patterns("*.lock", "index.sock", "index.json"))


def kill_ingests(ground: Ground, number: int, kills: int, chance: random.Random) -> None:
    """Now and then one again before it has ended well, and with its index process, as a machine ends."""
    while kills > 0:
        line = ground.enter(number)
        told: list[str] = []
        for _ in range(min(kills, chance.choice((1, 1, 2)))):
            victim = line.start(*INGEST)
            moment, with_index = chance.uniform(0, ground.seconds[number]), chance.random() < 0.5
            time.sleep(moment)
            victim.kill()
            if with_index:
                end_index(line.data, signal.SIGKILL)
            victim.communicate()
            kills -= 1
            told.append(f"{moment:.3f} s{', with its index' * with_index}")
        found = ground.leave(line, number, chance.choice((signal.SIGKILL, signal.SIGTERM)))
        assert found == [], (told, found)


def kill_indexes(ground: Ground, number: int, kills: int, chance: random.Random) -> None:
    """The ingest itself goes on, and needs no second run unless the process died while it started."""
    while kills > 0:
        line = ground.enter(number)
        ingest = line.start(*INGEST)
        told: list[str] = []
        for _ in range(min(kills, chance.choice((1, 1, 2)))):
            moment = chance.uniform(0, ground.seconds[number])
            time.sleep(moment)
            killed = kill_index(line, ingest)
            kills -= 1
            told.append(f"{moment:.3f} s{'' if killed else ', too late'}")
        _, complaints = ingest.communicate(timeout=120)
        told.append(f"status {ingest.returncode}: {complaints}")
        assert ingest.returncode == SOME_FILES_FAIL or "index" in complaints, told
        found = ground.leave(line, number, chance.choice((signal.SIGKILL, signal.SIGTERM)))
        assert found == [], (told, found)


def kill_index(line: CommandLine, ingest: subprocess.Popen[str]) -> bool:
    """At this moment or, where it is not there yet, at its first."""
    while ingest.poll() is None:
        with suppress(OSError, ValueError):
            end_process(json.loads((line.data / "index.json").read_bytes())["pid"], signal.SIGKILL)
            return True
    return False


def test_two_kills(tmp_path: Path) -> None:
    ground = Ground(tmp_path)

    kill_ingests(ground, 1, 1, random.Random(3))
    kill_indexes(ground, 1, 1, random.Random(4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_hundred_kills(tmp_path: Path, seed: int) -> None:
    """Fifty each: five of them of the first ingest, which is the longer one."""
    ground = Ground(tmp_path)

    for number, kills in ((0, 5), (1, 20)):
        kill_ingests(ground, number, kills, random.Random(f"ingests {seed} {number}"))
        kill_indexes(ground, number, kills, random.Random(f"indexes {seed} {number}"))

"""A server that is killed at any moment: what it has acknowledged is indexed, once."""

from __future__ import annotations

import random
import sys
import threading
import time
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING

import httpx2
import pytest

from ingest.catalog.catalog import open_catalog
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.command_line import CommandLine
from tests.state import differences, read_state

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from tests.state import State

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills servers by a Unix signal")

PATIENCE = 240
FILES_AT_ONCE = 3
QUESTIONS = ("What does berth 7 cost a week?", "contract-0 edition", "payable within thirty days")
LONGEST_LIFE = 4.0
"""Seconds; reading the files of one upload takes about one."""


def text_of(name: str, edition: int) -> str:
    clauses = (
        f"## {n}. Berth {n}\n\nThe berth {n} of {name}, edition {edition}, is let for {n * 7 + edition} "
        "euros a week, payable within thirty days.\n\n"
        for n in range(1, 16)
    )
    return f"# Contract {name}\n\n{''.join(clauses)}"


@contextmanager
def killable(line: CommandLine) -> Generator[tuple[subprocess.Popen[str], httpx2.Client]]:
    server = line.start("serve", "--port", "0")
    assert server.stdout is not None
    told = server.stdout.readline()
    assert told.startswith("Lectern answers at "), server.communicate(timeout=PATIENCE)
    try:
        with httpx2.Client(base_url=told.split()[3], timeout=60, trust_env=False) as http:
            yield server, http
    finally:
        server.kill()
        server.communicate(timeout=PATIENCE)


Batch = dict[str, str]


def send(http: httpx2.Client, batch: Batch) -> str | None:
    """The id of the job, or None where the server did not live to acknowledge it."""
    files = [("file", (path, text.encode())) for path, text in batch.items()]
    try:
        answer = http.post("/v1/documents", files=files, data={"collection": "berths"})
    except httpx2.HTTPError:
        return None
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def await_end(http: httpx2.Client, jobs: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    for job in jobs:
        while (found := http.get(f"/v1/jobs/{job}").json())["state"] != "done":
            assert found["state"] in {"queued", "running", "interrupted"}, found
            assert time.monotonic() < deadline, found
            time.sleep(0.2)


def stands(line: CommandLine) -> State:
    """What came of the uploads; the bytes of every current file are kept."""
    with open_services(Settings(data=line.data)) as services:
        records = services.catalog.documents("default", "berths", limit=10_000).documents
        current = [record.version for record in records]
        originals = services.originals
        assert all(originals.original("default", "berths", v.path, v.content_hash) for v in current)
    return read_state(line.data, QUESTIONS, collection="berths")


def batches(kills: int, chance: random.Random) -> list[Batch]:
    """One for every life; about every third file is a new edition of an earlier one."""
    made: list[Batch] = []
    known: list[str] = []
    for life in range(kills):
        batch: Batch = {}
        for _ in range(FILES_AT_ONCE):
            again = known and chance.random() < 0.3
            path = chance.choice(known) if again else f"contract-{len(known)}.md"
            batch[path] = text_of(path, life)
            known += [] if again else [path]
        made.append(batch)
    return made


def outlive(line: CommandLine, kills: int, seed: int) -> list[Batch]:
    """Kill as many servers, each with an upload in its hands; the batches that got in, in their order."""
    chance = random.Random(seed)
    sent: dict[str, Batch] = {}
    for batch in batches(kills, chance):
        with killable(line) as (server, http):
            fate = threading.Timer(chance.uniform(0, LONGEST_LIFE), server.kill)
            fate.start()
            job = send(http, batch)
            fate.join()
            if job is not None:
                sent[job] = batch
    with killable(line) as (_, http):
        listed = http.get("/v1/jobs?limit=1000").json()["jobs"]
        admitted = [job["id"] for job in reversed(listed)]
        assert sent.keys() <= set(admitted)
        await_end(http, admitted)
    with open_catalog(line.data / "catalog.sqlite") as catalog:
        waiting = list((line.data / "uploads" / "waiting").glob("*"))
        arriving = list((line.data / "uploads" / "arriving").glob("*"))
        assert (waiting, arriving) == ([], [])
        requests = [catalog.job("default", job).request.uploads for job in admitted]
    texts = {named(batch): batch for batch in batches(kills, random.Random(seed))}
    named_files = [tuple((file.path, file.content_hash) for file in uploads) for uploads in requests]
    return [texts[files] for files in named_files]


def named(batch: Batch) -> tuple[tuple[str, str], ...]:
    return tuple((path, blake2b(text.encode(), digest_size=16).hexdigest()) for path, text in batch.items())


def undisturbed(line: CommandLine, admitted: list[Batch]) -> None:
    with killable(line) as (_, http):
        await_end(http, [str(send(http, batch)) for batch in admitted])


def check(tmp_path: Path, kills: int, seed: int) -> None:
    line = CommandLine(tmp_path / "data", tmp_path)
    admitted = outlive(line, kills, seed)
    found = stands(line)
    line.data.rename(tmp_path / "killed")
    undisturbed(line, admitted)
    assert admitted
    assert differences(found, stands(line)) == []


def test_what_was_acknowledged_is_indexed_once(tmp_path: Path) -> None:
    check(tmp_path, kills=2, seed=20)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    check(tmp_path, kills=50, seed=7)

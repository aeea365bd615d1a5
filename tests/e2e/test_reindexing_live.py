"""A collection is re-indexed by one process while another serves it: nobody who searches notices."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import httpx2
import pytest

from tests.fakes.command_line import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS, CLAUSES, SEARCHERS = 12, 30, 3
QUERIES = ("What does berth 7 cost a week?", "payable within thirty days", "berth 21 contract-3")
DOOMED = "contract-5.md"
PATIENCE = 120
Place = tuple[str, int, int]


def text_of(name: str) -> str:
    clauses = (
        f"## {n}. Berth {n}\n\nThe berth {n} of {name} is let for {n * 7} euros a week, "
        "payable within thirty days.\n\n"
        for n in range(1, CLAUSES)
    )
    return f"# Contract {name}\n\n{''.join(clauses)}"


def find(http: httpx2.Client, query: str) -> list[Place]:
    answer = http.post("/v1/search", json={"query": query, "collection": "berths", "top_k": 20})
    assert answer.status_code == 200, answer.text
    return [(hit["path"], hit["start_char"], hit["end_char"]) for hit in answer.json()["hits"]]


@dataclass
class Searchers:
    """Threads that ask the same questions over and over."""

    url: str
    found: dict[str, list[list[Place]]] = field(default_factory=dict[str, "list[list[Place]]"])
    failed: list[BaseException] = field(default_factory=list[BaseException])

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(SEARCHERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            with httpx2.Client(base_url=self.url, timeout=60, trust_env=False) as http:
                while not self._over.is_set():
                    for query in QUERIES:
                        self.found.setdefault(query, []).append(find(http, query))
        except BaseException as error:
            self.failed.append(error)
            raise


def upload(http: httpx2.Client, names: list[str]) -> str:
    files = [("file", (name, text_of(name).encode())) for name in names]
    answer = http.post("/v1/documents", files=files, data={"collection": "berths"})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def await_done(http: httpx2.Client, job: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while (found := http.get(f"/v1/jobs/{job}").json())["state"] != "done":
        assert found["state"] in {"queued", "running"}, found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def await_holder(line: CommandLine, pid: int) -> None:
    """From here on jobs wait for this process."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            if json.loads((line.data / "ingest.json").read_bytes())["pid"] == pid:
                return
        time.sleep(0.01)
    raise AssertionError("nobody holds the data folder")


def complaints(line: CommandLine) -> list[str]:
    findings = line.run("doctor", "--json").json
    return [finding["detail"] for finding in findings if finding["state"] == "wrong"]


def test_searches_are_answered_alike_before_during_and_after(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path)
    with line.serving() as url, httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        await_done(http, upload(http, [f"contract-{n}.md" for n in range(DOCUMENTS)]))
        before = {query: find(http, query) for query in QUERIES}
        assert all(len(hits) == 20 for hits in before.values())

        with Searchers(url) as searchers:
            reports = [line.ok("reindex", "berths", "--anew", "--json").json for _ in range(2)]

        assert searchers.failed == []
        assert [report["generation"] for report in reports] == [2, 3]
        for query, lists in searchers.found.items():
            assert len(lists) > 3
            assert all(hits == before[query] for hits in lists)
        assert complaints(line) == []


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")
def test_what_is_deleted_and_sent_meanwhile_and_kills_leave_the_same(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path)
    chance = random.Random(11)
    with line.serving() as url, httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        await_done(http, upload(http, [f"contract-{n}.md" for n in range(DOCUMENTS)]))
        with Searchers(url) as searchers:
            for _ in range(3):
                victim = line.start("reindex", "berths", "--anew")
                time.sleep(chance.uniform(0.5, 4.0))
                victim.kill()
                victim.communicate(timeout=PATIENCE)
            last = line.start("reindex", "berths", "--anew")
            await_holder(line, last.pid)
            listed = http.get("/v1/documents?collection=berths&limit=100").json()["documents"]
            doomed = next(document["id"] for document in listed if document["path"] == DOOMED)
            job = upload(http, ["late.md"])
            whole = {query: len(lists) for query, lists in searchers.found.items()}
            assert http.delete(f"/v1/documents/{doomed}").status_code == 204
            gone_since = {query: len(lists) + SEARCHERS for query, lists in searchers.found.items()}
            assert last.wait(PATIENCE) == 0, last.communicate()
            await_done(http, job)
            time.sleep(0.5)
        last.communicate()

        assert searchers.failed == []
        for query, lists in searchers.found.items():
            assert all(0 < len(hits) == len(set(hits)) for hits in lists)
            assert all(len(hits) == 20 for hits in lists[: whole[query]])
            later = [hit for hits in lists[gone_since[query] :] for hit in hits]
            assert later
            assert DOOMED not in {path for path, _, _ in later}
        paths = {path for path, _, _ in find(http, "berth 3 of late.md")}
        assert "late.md" in paths
        assert complaints(line) == []

"""Server and index killed at random under load: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import passages_of
from tests.state import end_process

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")

PATIENCE = 240
KEPT, CHANGING = "kept", "changing"
"""Nothing is deleted of the one, so that its conversations stay; the other's documents come and go."""
REVIEWED = 4
MOST_SENT = 6
"""Uploads in one life: the next one begins with those that this one has not read."""
FEWEST_KEPT, DELETED = 10, 0.1
"""Documents below which nothing is deleted; share of the looks at the list that end in a deletion."""
LONGEST_LIFE = 2.0
"""Seconds of load before a kill."""
WARM = 0.7
"""Share of the lives that last at least until a question was answered."""
ASKED = ("What does berth 3 cost a week?", "When is the rent of berth 5 payable?")
_CELL = re.compile(r"\nQuestion: .*\nAnswer type: \S+\Z")


def text_of(path: str, edition: int) -> str:
    clauses = (
        f"## {n}. Berth {n}\n\nThe berth {n} of {path}, edition {edition}, is let for {n * 7 + edition} "
        "euros a week, payable within thirty days.\n\n"
        for n in range(1, 9)
    )
    return f"# Contract {path}\n\n{''.join(clauses)}"


def reply(request: Recorded) -> Reply:
    """Cites the first passage that lets a berth; slow enough to be killed in the middle."""
    marker, words = next(
        (marker, text) for marker, text in passages_of(request).items() if "euros a week" in text
    )
    quoted = re.search(r"let for \d+ euros a week", words)
    assert quoted is not None
    cell = _CELL.search(request.question) is not None
    return Reply(f'It is let for rent [{marker} "{quoted[0]}"].', delay=0.1 if cell else 0.3)


@dataclass
class Told:
    """What the service has acknowledged, and what it was asked for and may have done."""

    uploads: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Editions by path, in the order of their sending."""
    acknowledged: dict[str, int] = field(default_factory=dict[str, int])
    """The last edition that was taken in."""
    jobs: dict[str, str] = field(default_factory=dict[str, str])
    """Paths by job."""
    deleting: set[str] = field(default_factory=set[str])
    """Paths that somebody has tried to delete."""
    deleted: dict[str, str] = field(default_factory=dict[str, str])
    """Ids by path, where that was acknowledged."""
    sessions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Answers by conversation."""
    searched: int = 0
    wrong: list[str] = field(default_factory=list[str])


@contextmanager
def served(line: CommandLine) -> Generator[tuple[subprocess.Popen[str], str]]:
    server = line.start("serve", "--port", "0")
    assert server.stdout is not None
    said = server.stdout.readline()
    assert said.startswith("Lectern answers at "), server.communicate(timeout=PATIENCE)
    try:
        yield server, said.split()[3]
    finally:
        server.kill()
        server.communicate(timeout=PATIENCE)


class Load:
    """Threads that use a server until it is gone; each has its own kind of work."""

    def __init__(self, url: str, told: Told, chance: random.Random) -> None:
        self._url = url
        self._told = told
        self._over = threading.Event()
        self._sent = 0
        self.answering = threading.Event()
        works = (self._send, self._ask, self._delete, self._search)
        self._threads = [
            threading.Thread(target=self._run, args=(work, random.Random(chance.random()))) for work in works
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[httpx2.Client, random.Random], None], chance: random.Random) -> None:
        with httpx2.Client(base_url=self._url, timeout=60, trust_env=False) as http:
            while not self._over.is_set():
                with suppress(httpx2.HTTPError):  # killed
                    work(http, chance)
                self._over.wait(chance.uniform(0.01, 0.1))

    def _send(self, http: httpx2.Client, chance: random.Random) -> None:
        if self._sent == MOST_SENT:
            return
        self._sent += 1
        told = self._told
        known = [path for path in told.uploads if path not in told.deleting]
        path = chance.choice(known) if known and chance.random() < 0.3 else f"contract-{len(told.uploads)}.md"
        edition = sum(map(len, told.uploads.values()))
        told.uploads.setdefault(path, []).append(edition)
        files = [("file", (path, text_of(path, edition).encode()))]
        answer = http.post("/v1/documents", files=files, data={"collection": CHANGING})
        if self._is(answer, 202, 503):
            told.acknowledged[path] = edition
            told.jobs[answer.json()["id"]] = path

    def _ask(self, http: httpx2.Client, chance: random.Random) -> None:
        told = self._told
        known = list(told.sessions)
        session = chance.choice(known) if known and chance.random() < 0.5 else None
        body = {"question": chance.choice(ASKED), "collection": KEPT, "session_id": session}
        answer = http.post("/v1/query", json=body)
        if self._is(answer, 200, 503):
            self.answering.set()
            found = answer.json()
            told.sessions.setdefault(found["session_id"], []).append(found["answer"])
            if not found["citations"] or not found["grounded"]:
                told.wrong.append(f"an answer without proof: {found['answer']}")

    def _delete(self, http: httpx2.Client, chance: random.Random) -> None:
        told = self._told
        listed = http.get(f"/v1/documents?collection={CHANGING}&limit=1000")
        documents: list[dict[str, Any]] = listed.json()["documents"] if listed.status_code == 200 else []
        if len(documents) > FEWEST_KEPT and chance.random() < DELETED:
            chosen = chance.choice(documents)
            told.deleting.add(chosen["path"])
            answer = http.delete(f"/v1/documents/{chosen['id']}")
            if self._is(answer, 204, 503):
                told.deleted[chosen["path"]] = chosen["id"]

    def _search(self, http: httpx2.Client, chance: random.Random) -> None:
        collection = chance.choice((KEPT, CHANGING))
        body = {"query": f"berth {chance.randint(1, 8)} let for a week", "collection": collection}
        answer = http.post("/v1/search", json=body)
        if answer.status_code == 404 or not self._is(answer, 200, 503):  # no collection yet
            return
        self._told.searched += 1
        for hit in answer.json()["hits"]:
            self._told.wrong += wrong_hit(hit, self._told)

    def _is(self, answer: httpx2.Response, wanted: int, unavailable: int) -> bool:
        """Whether it went well; an index or a model that was just killed may be named, and nothing else."""
        if answer.status_code not in {wanted, unavailable, 404, 409}:
            self._told.wrong.append(f"{answer.request.url}: {answer.status_code} {answer.text}")
        return answer.status_code == wanted


def wrong_hit(hit: dict[str, Any], told: Told) -> list[str]:
    """A hit whose text is not that of its place in any edition that was sent."""
    editions = told.uploads.get(hit["path"], range(1))
    texts = [text_of(hit["path"], edition) for edition in editions]
    if any(text[hit["start_char"] : hit["end_char"]] == hit["text"] for text in texts):
        return []
    return [f"{hit['path']}: {hit['text']!r}"]


def crash(line: CommandLine, told: Told, chance: random.Random) -> str:
    """One life of a server under load, ended by a kill of it, of its index, or of both; tells which."""
    with served(line) as (server, url):
        load = Load(url, told, chance)
        if chance.random() < WARM:
            load.answering.wait(PATIENCE)
        time.sleep(chance.uniform(0.1, LONGEST_LIFE))
        victim = chance.choice(("server", "index", "both"))
        if victim != "server":
            kill_index(line)
        if victim == "index":  # the server starts another, and nobody notices
            time.sleep(1.0)
        if server.poll() is not None:
            told.wrong.append(f"the server ended by itself: {server.communicate()}")
        server.kill()
        load.end()
    return victim


def kill_index(line: CommandLine) -> None:
    with suppress(OSError, ValueError):
        end_process(json.loads((line.data / "index.json").read_bytes())["pid"], signal.SIGKILL)


def begin(line: CommandLine) -> str:
    """Documents that stay, and a review of them that nothing but its end will end; its id."""
    with served(line) as (_, url), httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        files = [("file", (f"kept-{n}.md", text_of(f"kept-{n}.md", 0).encode())) for n in range(REVIEWED)]
        job = http.post("/v1/documents", files=files, data={"collection": KEPT}).json()["id"]
        await_jobs(http, {job: KEPT}, set())
        questions = [{"question": f"What does berth {n} cost?"} for n in range(1, 9)]
        begun = http.post("/v1/reviews", json={"questions": questions, "collection": KEPT, "name": "berths"})
        assert begun.status_code == 202, begun.text
        return begun.json()["id"]


def await_jobs(http: httpx2.Client, jobs: dict[str, str], deleting: set[str]) -> None:
    """Every job ends well, unless its document was deleted while its new edition was read."""
    deadline = time.monotonic() + PATIENCE
    for job, path in jobs.items():
        while (found := http.get(f"/v1/jobs/{job}").json())["state"] != "done":
            if found["state"] == "failed" and path in deleting:
                assert [file["reason"] for file in found["failures"]] == ["changed"]
                break
            assert found["state"] in {"queued", "running"}, found
            assert time.monotonic() < deadline, found
            time.sleep(0.1)


def settled(line: CommandLine, told: Told, review: str) -> None:
    """All that was begun comes to its end; then every acknowledged word is held against what is there."""
    with served(line) as (_, url), httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        await_jobs(http, told.jobs, told.deleting)
        deadline = time.monotonic() + PATIENCE
        while (found := http.get(f"/v1/reviews/{review}").json())["state"] != "done":
            assert found["state"] in {"queued", "running"}, found["state"]
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert len(found["cells"]) == REVIEWED * 8
        assert {cell["state"] for cell in found["cells"]} == {"answered"}
        check_documents(http, told)
        check_sessions(http, told)


def check_documents(http: httpx2.Client, told: Told) -> None:
    listed = http.get(f"/v1/documents?collection={CHANGING}&limit=1000").json()["documents"]
    by_path = {document["path"]: document for document in listed}
    for path, edition in told.acknowledged.items():
        if path in told.deleting:
            continue
        text = http.get(f"/v1/documents/{by_path[path]['id']}/text").json()["text"]
        # A later edition may have come in, and been killed before it was acknowledged.
        assert text in {text_of(path, later) for later in told.uploads[path] if later >= edition}, path
    for path, identity in told.deleted.items():
        assert http.get(f"/v1/documents/{identity}").status_code == 410
        assert by_path.get(path, {}).get("id") != identity
    for number in range(1, 9):
        hits = http.post("/v1/search", json={"query": f"berth {number}", "collection": CHANGING, "top_k": 50})
        for hit in hits.json()["hits"]:
            assert wrong_hit(hit, told) == []
            assert hit["document_id"] in {document["id"] for document in listed}


def check_sessions(http: httpx2.Client, told: Told) -> None:
    for session, answers in told.sessions.items():
        turns = [turn["answer"] for turn in http.get(f"/v1/sessions/{session}").json()["turns"]]
        awaited = iter(turns)  # an answer may have been kept that nobody lived to receive
        assert all(answer in awaited for answer in answers), (session, answers, turns)
    if told.sessions:
        session = next(iter(told.sessions))
        body = {"question": ASKED[0], "collection": KEPT, "session_id": session}
        assert http.post("/v1/query", json=body).json()["session_id"] == session


def outlive(tmp_path: Path, kills: int, seed: int) -> Told:
    chance, told = random.Random(seed), Told()
    with Glm5Server(reply) as model:
        environment = {"LECTERN_LLM_BASE_URL": model.base_url, "LECTERN_LLM_API_KEY": "sk-test"}
        line = CommandLine(tmp_path / "data", tmp_path, environment)
        review = begin(line)
        victims = [crash(line, told, chance) for _ in range(kills)]
        assert told.wrong == [], victims
        settled(line, told, review)
        findings = line.run("doctor", "--json").json
        assert [finding for finding in findings if finding["state"] == "wrong"] == []
    return told


def test_three_crashes(tmp_path: Path) -> None:
    told = outlive(tmp_path, kills=3, seed=5)

    assert told.jobs
    assert told.searched


@pytest.mark.slow
def test_fifty_crashes(tmp_path: Path) -> None:
    told = outlive(tmp_path, kills=50, seed=17)

    assert len(told.jobs) > 50
    assert len(told.deleted) > 10
    assert len(told.sessions) > 10
    assert told.searched > 100

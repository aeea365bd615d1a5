"""Two servers over one PostgreSQL under load, one of them killed every 20 seconds.

Nothing that was acknowledged is lost or done twice, conversations go on at the other one, and the limits of
keys hold over both together.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from sqlalchemy import create_engine, text

from service.settings import Settings
from service.wiring import open_services
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.pair_of_servers import PairOfServers, machines_can_differ
from tests.fakes.qdrant_rest import QdrantRest
from tests.integration.catalog.old_catalogs import empty_place

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from service.models.contract import TokenUsage
    from tests.fakes.http_wire import Recorded, Wire
    from tests.fakes.pair_of_servers import TurningClient

SERVER = os.environ.get("LECTERN_TEST_DATABASE_URL", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SERVER, reason="LECTERN_TEST_DATABASE_URL names no PostgreSQL server"),
    pytest.mark.skipif(sys.platform == "win32", reason="kills servers by a Unix signal"),
]

KILLS = 6
EVERY = 20.0
"""Seconds."""
PATIENCE = 240.0
COLLECTIONS = ("north", "south", "west")
TALKS = 4
RATE, AT_ONCE, BUDGET = 30, 2, 0.05
DOLLARS = 1e-6
"""Of a token, read or written."""
MINUTE = 60.0
HASH_BYTES = 16
RECENT = 8
"""Turns that every prompt holds."""

Stand: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""What each collection holds."""


@dataclass
class CountingModel(Glm5Server):
    """Takes down what is under way for the key with few requests at a time, and what dollars were spent."""

    under_way: int = 0
    most_under_way: int = 0
    usd: float = 0.0

    async def _answer(self, request: Recorded, wire: Wire) -> bool:
        crowd = "crowd" in request.question
        self.under_way += crowd
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await super()._answer(request, wire)
        finally:
            self.under_way -= crowd

    def _usage(self, request: Recorded, reply: Reply) -> TokenUsage:
        usage = super()._usage(request, reply)
        if "dollars" in request.question:
            self.usd += (usage.prompt_tokens + usage.completion_tokens) * DOLLARS
        return usage


def replies(request: Recorded) -> Reply:
    slow = 0.1 if "crowd" in request.question else 0.0
    return Reply("The berth is let by the week, as the contract says. " * 2, delay=slow)


def text_of(name: str, edition: int) -> str:
    clauses = (
        f"## {n}. Berth {n}\n\nThe berth {n} of {name}, edition {edition}, is let for {n * 7 + edition} "
        "euros a week, payable within thirty days.\n\n"
        for n in range(1, 16)
    )
    return f"# Contract {name}\n\n{''.join(clauses)}"


@dataclass(frozen=True)
class Batch:
    """An upload."""

    collection: str
    files: dict[str, str]

    def send(self, client: TurningClient) -> str | None:
        """The id of the job; None where no server lived to acknowledge it."""
        files = [("file", (path, words.encode())) for path, words in self.files.items()]
        data = {"collection": self.collection}
        answer = client.once("POST", "/v1/documents", files=files, data=data)
        if answer is None:
            return None
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


@dataclass
class Load:
    """What is asked of both, and what came of it."""

    pair: PairOfServers
    admin: str
    keys: dict[str, str]
    over: threading.Event = field(default_factory=threading.Event)
    tried: list[Batch] = field(default_factory=list[Batch])
    sent: dict[str, Batch] = field(default_factory=dict[str, Batch])
    """What was acknowledged, by job."""
    talks: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """Answered turns of each conversation."""
    answers: list[str] = field(default_factory=list[str])
    statuses: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])
    rated: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """When requests of the key with a rate were sent and answered."""
    failures: list[BaseException] = field(default_factory=list[BaseException])

    @contextmanager
    def carried(self) -> Generator[None]:
        """Ask while the block runs."""
        works: list[tuple[str, Callable[[TurningClient], None]]] = [
            (self.admin, self.upload),
            (self.keys["rate"], self.rate),
            (self.keys["dollars"], self.spend),
            *[(self.admin, partial(self.talk, n)) for n in range(TALKS)],
            *[(self.keys["crowd"], self.crowd)] * (2 * AT_ONCE),
        ]
        threads = [threading.Thread(target=self._work, args=work) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        if self.failures:
            raise self.failures[0]

    def upload(self, client: TurningClient) -> None:
        chance, known, number = random.Random(5), list[str](), 0
        while not self.over.is_set():
            collection, files = chance.choice(COLLECTIONS), dict[str, str]()
            for _ in range(3):
                again = bool(known) and chance.random() < 0.3
                path = chance.choice(known) if again else f"contract-{len(known)}.md"
                files[path] = text_of(path, number)
                known += [] if again else [path]
            self.send(client, Batch(collection, files))
            number += 1
            self.over.wait(2.5)

    def send(self, client: TurningClient, batch: Batch) -> None:
        """Upload; a server may die over it."""
        self.tried.append(batch)
        job = batch.send(client)
        if job is not None:
            self.sent[job] = batch

    def talk(self, number: int, client: TurningClient) -> None:
        session, turn = None, 0
        told = self.talks[number] = []
        while not self.over.is_set():
            turn += 1
            asked = f"talk {number} turn {turn}: what does berth 7 cost a week?"
            body = {"question": asked, "collection": COLLECTIONS[number % 3], "mode": "retrieve"}
            if session is not None:
                body["session_id"] = session
            answer, _ = client.until_answered("POST", "/v1/query", json=body)
            self._count("talk", answer.status_code)
            assert answer.status_code == 200, answer.text
            session = answer.json()["session_id"]
            self.answers.append(answer.json()["id"])
            told.append(turn)
            self.over.wait(1.0)

    def rate(self, client: TurningClient) -> None:
        while not self.over.is_set():
            began = time.time()
            answer = client.once("GET", "/v1/collections")
            if answer is not None:
                self._count("rate", answer.status_code)
                if answer.status_code == 200:
                    self.rated.append((began, time.time()))
            self.over.wait(0.25)

    def spend(self, client: TurningClient) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            body = {"question": f"dollars {number}: what is berth 3 let for?", "collection": COLLECTIONS[0]}
            answer = client.once("POST", "/v1/query", json=body)
            if answer is not None:
                self._count("dollars", answer.status_code)
            self.over.wait(1.0)

    def crowd(self, client: TurningClient) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            body = {"question": f"crowd {number}: who pays for berth 9?", "collection": COLLECTIONS[1]}
            answer = client.once("POST", "/v1/query", json={**body, "stream": True})
            if answer is not None:
                self._count("crowd", answer.status_code)
            self.over.wait(0.2)

    def _count(self, what: str, status: int) -> None:
        self.statuses.setdefault(what, Counter())[status] += 1

    def _work(self, key: str, work: Callable[[TurningClient], None]) -> None:
        try:
            with self.pair.client(key) as client:
                work(client)
        except BaseException as failure:  # noqa: BLE001 — told by the thread that tests
            self.failures.append(failure)
            self.over.set()


@contextmanager
def place(folder: Path, model: str) -> Generator[tuple[PairOfServers, str]]:
    """Two servers that are still to be started, over an empty database; its address."""
    folder.mkdir()
    (folder / "lectern.toml").write_text(
        '[prices."glm-5"]\ninput = 1.0\ncached = 1.0\noutput = 1.0\n', encoding="utf-8"
    )
    with empty_place("postgresql", folder, SERVER) as database, QdrantRest(folder / "qdrant") as qdrant:
        settings = {
            "LECTERN_DATABASE_URL": database,
            "LECTERN_QDRANT_URL": qdrant.url,
            "LECTERN_UPLOADS": str(folder / "uploads"),
            "LECTERN_LLM_PROVIDER": "zai",
            "LECTERN_LLM_BASE_URL": model,
            "LECTERN_LLM_API_KEY": "key",
            "LECTERN_ANSWER_TOKENS": "256",
            "LECTERN_PARSE_WORKERS": "1",
            "LECTERN_EXACT_TOKENS": "false",
        }
        yield PairOfServers(folder, settings), database


def make_key(pair: PairOfServers, name: str, *options: str) -> str:
    return pair.line(0).ok("keys", "create", name, *options).out.strip()


def watch_ends(database: str) -> None:
    """Let the database take down each time that a job comes to its end."""
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE ended (job text, state text)"))
        connection.execute(
            text(
                "CREATE FUNCTION take_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF new.finished_at IS NOT NULL AND old.finished_at IS DISTINCT FROM new.finished_at "
                "THEN INSERT INTO ended VALUES (new.id, new.state); END IF; RETURN new; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER ends AFTER UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION take_down()")
        )
    engine.dispose()


def rows_of(database: str, query: str) -> list[tuple[Any, ...]]:
    engine = create_engine(database)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def await_jobs(database: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := rows_of(database, "SELECT id, state FROM jobs WHERE state IN ('queued', 'running')"):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def await_row(database: str, query: str) -> None:
    """Wait until something is found."""
    deadline = time.monotonic() + PATIENCE
    while not rows_of(database, query):
        assert time.monotonic() < deadline, query
        time.sleep(0.05)


def stands(pair: PairOfServers) -> Stand:
    """All versions of each collection, and what the index holds of them."""
    settings = pair.settings
    found: Stand = {}
    with open_services(
        Settings(
            data=pair.folder / "look",
            database_url=settings["LECTERN_DATABASE_URL"],
            qdrant_url=settings["LECTERN_QDRANT_URL"],
        )
    ) as services:
        catalog, index = services.catalog, services.index
        for name in COLLECTIONS:
            collection = catalog.collection("default", name)
            ready = catalog.ready_versions(collection)
            assert index.counts(collection.scope) == catalog.manifest(collection)
            assert catalog.pending_versions(collection) == ()
            versions = (*catalog.superseded_versions(collection), *ready)
            found[name] = sorted(
                (v.path, v.ordinal, v.number, v.state, v.content_hash, v.passages, v.chunks) for v in versions
            )
            found[name] += sorted((v.path, index.digest(collection.scope, v.number)) for v in ready)
    return found


def undisturbed(folder: Path, batches: list[Batch], model: str) -> Stand:
    """What one server makes of the same uploads, one after the other."""
    with place(folder, model) as (pair, database), pair.running(0):
        with pair.client("") as client:
            assert all(batch.send(client) for batch in batches)
        await_jobs(database)
        return stands(pair)


def unlike(found: Stand, wanted: Stand) -> list[tuple[Any, ...]]:
    """What is not alike, one line for each."""
    there, here = (
        {(name, *row) for name, rows in stand.items() for row in rows} for stand in (found, wanted)
    )
    return sorted(
        [("found", *row) for row in there - here] + [("wanted", *row) for row in here - there], key=str
    )


def in_order(load: Load, database: str) -> list[Batch]:
    """All uploads that got in, acknowledged or not, as they came."""
    known = {
        (path, blake2b(words.encode(), digest_size=HASH_BYTES).hexdigest()): words
        for batch in load.tried
        for path, words in batch.files.items()
    }
    found = rows_of(database, "SELECT collection, request FROM jobs ORDER BY created_at")
    return [
        Batch(
            collection,
            {
                file["path"]: known[file["path"], file["content_hash"]]
                for file in json.loads(request)["uploads"]
            },
        )
        for collection, request in found
    ]


def check_jobs(load: Load, database: str) -> None:
    """Each ended once and well, those too whose word did not arrive."""
    ended = rows_of(database, "SELECT job, state FROM ended")
    states = dict(rows_of(database, "SELECT id, state FROM jobs"))
    assert load.sent.keys() <= states.keys()
    assert set(states.values()) == {"done"}
    assert sorted(ended) == sorted(states.items())


def check_talks(load: Load, model: CountingModel, database: str) -> None:
    """All that was answered is kept, and the model is told it, whichever server asks.

    A prompt that begins anew leaves out the oldest turns.
    """
    asked = re.compile(r"talk (\d+) turn (\d+):")
    for request in model.requests:
        last = asked.findall(request.question)
        if last:
            number, turn = map(int, last[-1])
            seen = {(int(n), int(t)) for n, t in asked.findall(request.prompt)}
            before = [(number, t) for t in load.talks[number] if t < turn]
            assert seen.issuperset(before[-RECENT:])
    kept = {
        (int(n), int(t))
        for (turns,) in rows_of(database, "SELECT turns FROM sessions")
        for n, t in asked.findall(turns)
    }
    assert kept.issuperset((number, turn) for number, turns in load.talks.items() for turn in turns)
    assert all(len(told) > KILLS for told in load.talks.values())


def check_limits(load: Load, model: CountingModel, database: str) -> None:
    """Over both together; and all of them were reached."""
    minutes = Counter(
        int(began // MINUTE) for began, ended in load.rated if began // MINUTE == ended // MINUTE
    )
    assert max(minutes.values()) <= RATE
    assert model.most_under_way == AT_ONCE
    assert load.statuses.keys() == {"talk", "rate", "crowd", "dollars"}
    for limited in ("rate", "crowd", "dollars"):
        assert set(load.statuses[limited]) == {200, 429}, load.statuses
    assert model.usd <= BUDGET
    assert rows_of(database, "SELECT usd FROM spending")[0][0] <= BUDGET


def check_ledger(load: Load, database: str) -> None:
    """A call is written once; the last moments of a server that was killed may be lacking."""
    lines = Counter(
        dict(rows_of(database, "SELECT answer, count(*) FROM calls WHERE answer <> '' GROUP BY 1"))
    )
    assert set(lines.values()) == {1}
    assert sum(answer not in lines for answer in load.answers) <= KILLS * TALKS


def told(load: Load, model: CountingModel, pair: PairOfServers, database: str) -> list[str]:
    """Figures."""
    ((jobs,),) = rows_of(database, "SELECT count(*) FROM jobs")
    lined = {answer for (answer,) in rows_of(database, "SELECT DISTINCT answer FROM calls")}
    missing = sum(answer not in lined for answer in load.answers)
    minutes = Counter(int(began // MINUTE) for began, _ in load.rated)
    ((spent,),) = rows_of(database, "SELECT usd FROM spending")
    ((calls,),) = rows_of(database, "SELECT count(*) FROM calls")
    talks = sum(map(len, load.talks.values()))
    return [
        f"jobs {jobs}, acknowledged {len(load.sent)}, uploads tried {len(load.tried)}",
        f"answers without a line in the ledger: {missing}",
        f"turns answered {talks}, statuses {load.statuses}, broken off {Counter(pair.broken)}",
        f"rate: accepted a minute {sorted(minutes.items())} of {RATE}; at once {model.most_under_way}",
        f"dollars: at the model {model.usd:.4f}, committed {spent:.4f} of {BUDGET}",
        f"calls {calls} of {len(lined)} answers",
    ]


def test_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    with CountingModel(replies) as model, place(tmp_path / "pair", model.base_url) as (pair, database):
        admin = make_key(pair, "admin", "--permission", "admin")
        keys = {
            "rate": make_key(pair, "rate", "--permission", "read", "--requests-per-minute", str(RATE)),
            "crowd": make_key(pair, "crowd", "--permission", "read", "--concurrent", str(AT_ONCE)),
            "dollars": make_key(pair, "dollars", "--permission", "read", "--usd-per-day", str(BUDGET)),
        }
        watch_ends(database)
        load = Load(pair, admin, keys)
        with pair.running(0, 1):
            with pair.client(admin) as client:
                for name in COLLECTIONS:
                    load.send(client, Batch(name, {f"first-{name}.md": text_of(name, 0)}))
            await_jobs(database)
            with load.carried():
                for number in range(KILLS):
                    if load.over.wait(EVERY):
                        break
                    pair.kill(number % 2)
                    pair.start(number % 2)
                load.over.wait(EVERY / 2)
            await_jobs(database)
        print(*told(load, model, pair, database), sep="\n")  # noqa: T201 — figures, with pytest -s
        check_jobs(load, database)
        check_talks(load, model, database)
        check_limits(load, model, database)
        check_ledger(load, database)
        found, batches = stands(pair), in_order(load, database)
    with Glm5Server(replies) as calm:
        assert unlike(found, undisturbed(tmp_path / "calm", batches, calm.base_url)) == []


@pytest.mark.skipif(not machines_can_differ(), reason="no process may be given a host's name of its own")
def test_one_that_stood_still_does_nothing_twice(tmp_path: Path) -> None:
    """A server on another machine stops in the middle of a job, and wakes up when the job has been done."""
    files = {f"contract-{n}.md": text_of(f"contract-{n}.md", n) for n in range(60)}
    batches = [Batch(name, files if name == "north" else {"a.md": text_of("a", 1)}) for name in COLLECTIONS]
    with Glm5Server(replies) as model:
        with place(tmp_path / "pair", model.base_url) as (pair, database):
            pair.apart = True
            with pair.running(0), pair.client("") as client:
                watch_ends(database)
                (job,) = [batch.send(client) for batch in batches[:1]]
                await_row(database, "SELECT 1 FROM versions WHERE state = 'pending'")
                pair.signal(0, signal.SIGSTOP)
                assert rows_of(database, "SELECT state FROM jobs") == [("running",)]
                assert rows_of(database, "SELECT state FROM versions WHERE state = 'ready'") == []
                with pair.running(1):
                    pair.urls[0] = None
                    assert all(batch.send(client) for batch in batches[1:])
                    await_jobs(database)
                    pair.signal(0, signal.SIGCONT)
                    await_row(database, "SELECT 1 FROM leases WHERE kind = 'server' HAVING count(*) = 2")
                    ended = rows_of(database, "SELECT job, state FROM ended")
                    assert [state for _, state in ended] == ["done"] * 3
                    assert job in dict(ended)
                    again = Batch("west", {"b.md": text_of("b", 1)})
                    pair.kill(1)
                pair.urls[0] = pair.known[0]
                assert again.send(client) is not None
                await_jobs(database)
            found = stands(pair)
        assert unlike(found, undisturbed(tmp_path / "calm", [*batches, again], model.base_url)) == []

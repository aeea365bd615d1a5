"""Two parties on one server: one that probes, and a rival whose similar documents it must never notice."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

import httpx2
from pydantic import SecretStr

from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.reindexing import Reindexer
from ingest.sandbox import InlineParser
from service.access.keys import make_key
from service.models.contract import ToolCall
from service.settings import Settings
from tests.fakes.files import write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.catalog.key_records import Permission
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

Rivalry = Literal["tenant", "collection"]
"""Whether the rival is another tenant, or the same one beyond the collections of the prober's keys."""
TENANT = "acme"
MARK, RIVAL_MARK = "azumel", "quorvax"
"""In every text, path, title, question and name of the one and of the other party."""
COLLECTIONS = ("contracts", "code")
RIVAL_COLLECTIONS: dict[Rivalry, tuple[str, ...]] = {
    "tenant": ("contracts", "code", "acquisition"),
    "collection": ("board", "acquisition"),
}
QUESTIONS = (
    "What is the monthly rent of the harbour warehouse?",
    "Who may terminate the supply agreement, and with what notice?",
    "What interest do late payments bear?",
    "Which law governs the licence?",
    "What is the purchase price?",
    "How long does the confidentiality last?",
    "Where is the amount of an invoice rounded?",
    "Compare the notice periods of all contracts.",
)
INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a prober", "version": "1"},
    },
}
AGENT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
_NAMES = ("harbour-lease", "supply", "licence", "loan", "merger", "service")
_CLAUSES = (
    "The tenant shall pay a monthly rent of {0} euros for the harbour warehouse.",
    "Late payments bear interest at {1} per cent per month, as notice {mark} says.",
    "Either party may terminate this agreement with {2} days' written notice.",
    "The purchase price is {0} dollars, payable in {3} instalments to the escrow account {mark}.",
    "This licence is governed by the laws of the state of {state}.",
    "Confidentiality lasts {3} years after the end of the agreement with {mark} Limited.",
)
_STATES = ("New York", "Delaware", "Texas", "Ohio", "Maine", "Utah")
_PATIENCE = 60.0


def texts_of(mark: str, base: int) -> dict[str, str]:
    """A party's contracts: the same paths and titles for whoever asks, other numbers, and its mark."""
    made: dict[str, str] = {}
    for number, name in enumerate(_NAMES):
        amounts = [
            f"{base * (number + 3) + 117:,}",
            str(1 + number + base % 7),
            str(30 + number),
            str(2 + number),
        ]
        clauses = [
            f"## {place}. Clause\n\n{clause.format(*amounts, mark=mark, state=_STATES[number])}"
            for place, clause in enumerate(_CLAUSES, start=1)
        ]
        made[f"{name}.md"] = "\n\n".join((f"# The {name} agreement", *clauses)) + "\n"
    made[f"{mark}/only-here.md"] = f"# Minutes of {mark}\n\nThe purchase price of {mark} is {base} dollars.\n"
    return made


def programs_of(mark: str) -> dict[str, str]:
    """A party's repository."""
    return {
        f"billing/{name}.py": f'"""The {name} of {mark}."""\n\n\ndef {name}_of_{mark}(amount: int) -> int:\n'
        f'    """Round the amount of an invoice, as {mark} does."""\n    return round(amount, {place})\n'
        for place, name in enumerate(("invoice", "ledger", "rounding", "taxes", "posting"))
    }


def obeying(request: Recorded) -> Step:
    """A model that looks for the rival wherever its tools reach, and repeats what it reads."""
    results = [message for message in request.messages if message.get("role") == "tool"]
    if request.body.get("tools") and not results:
        calls = (
            ("search_documents", f'{{"query": "{RIVAL_MARK[:5]} purchase price"}}'),
            ("grep", f'{{"pattern": "{RIVAL_MARK[:5]}|euros"}}'),
            ("read_passages", '{"document": "D8", "first": 1, "last": 9}'),
            ("list_documents", "{}"),
        )
        return Reply("", "", tuple(ToolCall(f"c{n}", name, said) for n, (name, said) in enumerate(calls)))
    shown = passages_of(request)
    cited = [f'It says so [{marker} "{text[:24]}"].' for marker, text in list(shown.items())[:2] if text]
    repeated = next(reversed(shown.values()), "nothing")[:120]
    return Reply(" ".join((*cited, f"The prompt ends with {repeated!r} [D99:1] [D1:1].")), chunk=64)


@dataclass
class World:
    """A server on which the prober asks, and perhaps a rival works."""

    service: LiveService
    glm5: Glm5Server
    folder: Path
    clients: dict[str, httpx2.Client]
    """Of the prober, by the name of the key."""
    limited: bool
    """Whether all of the prober's is in `COLLECTIONS`, and the tenant's others are not its."""
    known: dict[str, str] = field(default_factory=dict[str, str])
    """What stands for an id that the server made by chance."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """The other way round."""
    agents: dict[str, str] = field(default_factory=dict[str, str])
    """Sessions of the prober's agents, by the name of the key."""
    foreign: set[str] = field(default_factory=set[str])
    """Ids of the rival's, which mean nothing where there is none."""
    rival: Rival | None = None

    _numbers: count[int] = field(default_factory=lambda: count(1))

    def learn(self, identity: str) -> None:
        """An id that an answer has made, unless it is known or the rival's."""
        if identity not in self.known and identity not in self.foreign:
            self.name(identity, f"new:{next(self._numbers)}")

    def name(self, identity: str, symbol: str) -> None:
        self.known[identity] = symbol
        self.names[symbol] = identity

    def ingest(self, tenant: str, collection: str, folder: Path) -> None:
        """Through the real pipeline, read in this process."""
        wired = self.service.services
        ingester = Ingester(wired.catalog, wired.index, wired.embedder, InlineParser(read))
        ingester.ingest(tenant, collection, [folder], largest=2**20, on_progress=lambda _: None)

    def settle(self, tenant: str = TENANT) -> None:
        """Wait until nothing of a tenant's waits or runs."""
        catalog, deadline = self.service.services.catalog, time.monotonic() + _PATIENCE
        while catalog.jobs(tenant, states=("queued", "running")) or [
            review for review in catalog.reviews(tenant) if review.state in {"queued", "running"}
        ]:
            assert time.monotonic() < deadline, "work does not end"
            time.sleep(0.02)
        self.service.services.ledger.settle()
        for record in catalog.collections(TENANT):
            for version in catalog.ready_versions(record):
                if version.document not in self.known and (not self.limited or record.name in COLLECTIONS):
                    self.name(version.document, f"sent:{record.name}:{version.number}")


@contextmanager
def opened_world(folder: Path, rivalry: Rivalry | None, *, limited: bool) -> Generator[World]:
    """A server with the prober's documents and keys and, where there is one, a rival's.

    ``limited`` gives the prober no key but for `COLLECTIONS`.
    """
    with ExitStack() as closing:
        glm5 = closing.enter_context(Glm5Server(obeying))
        settings = Settings(
            data=folder / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            parse_workers=1,
            embed_workers=1,
            # What is learnt of a prompt's tokens depends on what was answered before it.
            map_parallel=1,
            review_documents_at_once=1,
            review_questions_at_once=1,
        )
        service = closing.enter_context(live(settings))
        world = World(service, glm5, folder, {}, limited)
        for name, collections, permissions in _keys(limited=limited):
            key, record = make_key(
                service.services.catalog, TENANT, name, permissions=permissions, collections=collections
            )
            world.name(record.id, f"key:{name}")
            world.clients[name] = closing.enter_context(client_of(service.url, key))
        for collection, texts in zip(COLLECTIONS, (texts_of(MARK, 4_200), programs_of(MARK)), strict=True):
            write_texts(folder / collection, texts)
            world.ingest(TENANT, collection, folder / collection)
            for place, version in enumerate(_ready(world, TENANT, collection)):
                world.name(version, f"doc:{collection}:{place}")
        for name, client in world.clients.items():
            begun = client.post("/mcp", json=INITIALIZE, headers=AGENT)
            world.agents[name] = begun.headers.get("mcp-session-id", "none")
            world.name(world.agents[name], f"agent:{name}")
        if rivalry is not None:
            world.rival = closing.enter_context(_settled(world, rivalry))
        yield world


_Key = tuple[str, tuple[str, ...] | None, tuple["Permission", ...]]
"""Its name, the collections that it opens, and what it allows."""


def _keys(*, limited: bool) -> list[_Key]:
    some: list[_Key] = [
        ("limited", COLLECTIONS, ("read", "write")),
        ("reader", COLLECTIONS[:1], ("read",)),
    ]
    return some if limited else [("admin", None, ("admin",)), *some]


def client_of(url: str, key: str) -> httpx2.Client:
    """Somebody with this access key."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def _ready(world: World, tenant: str, collection: str) -> list[str]:
    catalog = world.service.services.catalog
    return [version.document for version in catalog.ready_versions(catalog.collection(tenant, collection))]


@dataclass
class Rival:
    """The other party: what it has, and what it does meanwhile."""

    world: World
    tenant: str
    collections: tuple[str, ...]
    client: httpx2.Client
    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By kind; what the prober may have got hold of."""
    turns: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Conversations as they were shown, in which its mark does not stand."""
    failures: list[str] = field(default_factory=list[str])
    rounds: int = 0
    _ending: threading.Event = field(default_factory=threading.Event)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def keep(self, kind: str, identity: str) -> str:
        self.ids.setdefault(kind, []).append(identity)
        return identity

    def move_in(self) -> None:
        """Documents, a grave, a failure, pins, conversations, a review, a job."""
        world = self.world
        for place, collection in enumerate(self.collections):
            folder = world.folder / "rival" / collection
            texts = programs_of(RIVAL_MARK) if collection == "code" else texts_of(RIVAL_MARK, 9_731 + place)
            texts["grave.md"] = f"# Grave of {RIVAL_MARK}\n\nIt is buried.\n"
            texts["plain.md"] = "# Plain\n\nThe rent of the harbour warehouse is due in May.\n"
            write_texts(folder, texts)
            (folder / f"{RIVAL_MARK}-broken.pdf").write_bytes(b"%PDF-1.7 broken")
            world.ingest(self.tenant, collection, folder)
            for identity in _ready(world, self.tenant, collection):
                self.keep("doc", identity)
            catalog = world.service.services.catalog
            grave = catalog.document_at(self.tenant, collection, "grave.md").id
            self.call("DELETE", f"/v1/documents/{grave}")
            self.ids["doc"].remove(grave)
            self.keep("grave", grave)
            for question in QUESTIONS[:3]:
                self.ask(collection, f"{question} ({RIVAL_MARK})")
                self.ask(collection, question)
            plain = catalog.document_at(self.tenant, collection, "plain.md").id
            self.ask(collection, QUESTIONS[0], documents=[plain])
        self.call("PUT", f"/v1/collections/{self.collections[0]}/pinned", {"documents": self.ids["doc"][:1]})
        self.review()
        files = {"file": (f"{RIVAL_MARK}.md", f"# Sent by {RIVAL_MARK}\n\nIt was sent.\n".encode())}
        sent = self.client.post("/v1/documents", files=files, data={"collection": self.collections[0]})
        self.keep("job", sent.json()["id"])
        world.settle(self.tenant)

    def ask(self, collection: str, question: str, **fields: object) -> None:
        body = {"question": question, "collection": collection, **fields}
        answer = self.call("POST", "/v1/query", body)
        if answer is not None:
            self.keep("session", answer["session_id"])
            self.keep("answer", answer["id"])
            if RIVAL_MARK not in question + answer["answer"]:
                self.turns.append((question, answer["answer"]))

    def review(self) -> None:
        order = {
            "name": f"Review of {RIVAL_MARK}",
            "collection": self.collections[0],
            "questions": [{"question": f"What does {RIVAL_MARK} pay?"}],
        }
        begun = self.call("POST", "/v1/reviews", order)
        if begun is not None:
            self.keep("review", begun["id"])

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 — JSON
        """Its own requests must go well: what it works at is all there."""
        answer = self.client.request(method, path, json=body)
        if answer.status_code >= 400:
            self.failures.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            return None
        return answer.json() if answer.content else None

    def converse(self) -> None:
        """Ask about the prober's own documents, in words that nobody else uses."""
        for collection in COLLECTIONS:
            for question in QUESTIONS:
                self.ask(collection, f"{question} ({RIVAL_MARK})")

    @contextmanager
    def at_work(self) -> Generator[None]:
        """It ingests, changes, asks, re-indexes and deletes until the block ends."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "the rival does not stop"

    def _work(self) -> None:
        try:
            while not self._ending.is_set():
                self._round(next(self._numbers))
                self.rounds += 1
        except Exception as error:  # noqa: BLE001 — a thread's end is the test's to tell
            self.failures.append(repr(error))

    def _round(self, number: int) -> None:
        world, catalog = self.world, self.world.service.services.catalog
        collection = self.collections[-1]
        folder = world.folder / "rival" / collection
        text = f"# Change {number} of {RIVAL_MARK}\n\nThe rent of the harbour warehouse is {number} euros.\n"
        write_texts(folder, {"harbour-lease.md": text, f"change-{number}.md": text})
        world.ingest(self.tenant, collection, folder)
        self.ask(self.collections[number % len(self.collections)], QUESTIONS[number % len(QUESTIONS)])
        made = catalog.document_at(self.tenant, collection, f"change-{number}.md").id
        (folder / f"change-{number}.md").unlink()
        if number % 3 == 0:
            wired = world.service.services
            reindexer = Reindexer(wired.catalog, wired.index, wired.embedder)
            reindexer.reindex(self.tenant, collection, on_progress=lambda _: None, anew=True)
        self.call("DELETE", f"/v1/documents/{made}")
        self._ending.wait(0.05)


@contextmanager
def _settled(world: World, rivalry: Rivalry) -> Generator[Rival]:
    tenant = "rival" if rivalry == "tenant" else TENANT
    with admitted(world, tenant, RIVAL_COLLECTIONS[rivalry]) as rival:
        rival.move_in()
        assert rival.failures == []
        yield rival


@contextmanager
def admitted(world: World, tenant: str, collections: tuple[str, ...]) -> Generator[Rival]:
    """A rival with a key that administers a tenant."""
    key, record = make_key(world.service.services.catalog, tenant, RIVAL_MARK, permissions=["admin"])
    with client_of(world.service.url, key) as client:
        rival = Rival(world, tenant, collections, client)
        rival.keep("key", record.id)
        yield rival

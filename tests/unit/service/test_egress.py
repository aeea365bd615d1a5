"""Who may be shown a collection: what a policy says, whom an address is, and what a guard lets through."""

from __future__ import annotations

import ast
import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.catalog import open_catalog
from ingest.embedding import CHECK_TEXT, embedder_within
from ingest.errors import EgressRefused, UnknownName
from ingest.index import Question
from ingest.remote_embedding import EmbeddingService
from ingest.scoped_embedding import GuardedEmbedder
from service.egress import REFUSED, SENT, Audience, Egress
from service.egress_policy import EgressPolicy, Recipient
from service.guards import GuardedIndex, GuardedModel, GuardedReranker, GuardedTokenizer
from service.models.contract import Message, ModelRequest, complete
from service.models.providers import GENERIC, PROVIDERS
from service.models.tokenizers import CountingFailed
from service.recording import Origin
from service.reranking.contract import Order, RerankingFailed
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.catalog.audit_records import AuditEntry
    from ingest.catalog.catalog import Catalog
    from ingest.model import Hit, Scope

ROOT = Path(__file__).resolve().parents[3]
ZAI = Recipient.at("https://api.z.ai/api/paas/v4", PROVIDERS["zai"])
REQUEST = ModelRequest((Message("user", "Who signs?"),), 100, tenant="default", collection="docs")
ORIGIN = Origin("default", "docs")
HERE = {
    "ingest/remote_embedding.py": "behind ingest.scoped_embedding and GuardedIndex",
    "service/embedding_connection.py": "the connections of ingest.remote_embedding",
    "service/models/openai_client.py": "behind GuardedModel",
    "service/models/tokenizers.py": "behind GuardedTokenizer",
    "service/reranking/endpoint.py": "behind GuardedReranker",
    "service/reachability.py": "asks whether an endpoint answers; sends nothing of a document",
    "service/telemetry.py": "spans to the operator's own collector; text only with log_content",
    "service/remote/concurrent.py": "a client of Lectern's own server",
    "service/remote/blocking.py": "a client of Lectern's own server",
    "service/bots/telegram.py": "a client of Lectern's own server, for whom it may let in",
    "service/bots/slack.py": "a client of Lectern's own server, for whom it may let in",
}
"""All modules that can open a connection to another machine, and why they may."""
_NETWORKED = {
    *("openai", "httpx2", "httpx", "requests", "aiohttp", "http", "urllib", "smtplib", "ftplib"),
    *("slack_bolt", "slack_sdk", "aiogram", "telegram", "websockets", "grpc", "opentelemetry"),
}
_HARMLESS = {"http.HTTPStatus", "http", "urllib.parse", "http.server"}


@dataclass
class Notes:
    entries: list[AuditEntry] = field(default_factory=list["AuditEntry"])

    def note(self, entry: AuditEntry) -> None:
        self.entries.append(entry)

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(entry.action, entry.collection, entry.subject) for entry in self.entries]


@dataclass
class Clock:
    now: datetime = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    catalog: Catalog
    notes: Notes = field(default_factory=Notes)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.egress = Egress(self.catalog, EgressPolicy.parse("any"), self.notes, now=self.clock)
        for name in ("docs", "other"):
            self.catalog.ensure_collection("default", name, embedder="e", dimensions=0, check_vector=b"")

    def limit(self, said: str) -> None:
        self.catalog.set_egress("default", "docs", said)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        yield Desk(catalog)


class TestPolicy:
    @pytest.mark.parametrize(
        ("said", "read"),
        [
            ("any", "any"),
            (" None ", "none"),
            ("zai", "zai"),
            ("zai, VLLM,zai", "vllm,zai"),
            ("[::1],10.0.0.7", "10.0.0.7,::1"),
            ("rerank.example.com", "rerank.example.com"),
        ],
    )
    def test_is_read_and_said_again(self, said: str, read: str) -> None:
        assert str(EgressPolicy.parse(said)) == read
        assert EgressPolicy.parse(read) == EgressPolicy.parse(said)

    @pytest.mark.parametrize("said", ["", ",", "any,none", "zai,any", "none,zai", "a b", "http://z.ai", "-x"])
    def test_what_it_cannot_mean_is_refused(self, said: str) -> None:
        with pytest.raises(ValueError, match="any, none, or names"):
            EgressPolicy.parse(said)

    @given(st.lists(st.sampled_from(["zai", "vllm", "local", "a.example", "::1"]), min_size=1))
    def test_permits_whom_it_names_and_nobody_else(self, names: list[str]) -> None:
        policy = EgressPolicy.parse(",".join(names))

        assert all(policy.permits(Recipient(name, frozenset({name}))) for name in names)
        assert not policy.permits(Recipient("else", frozenset({"else.example"})))

    def test_none_forbids_this_machine_too(self) -> None:
        local = Recipient.at("http://127.0.0.1:8000/v1", PROVIDERS["vllm"])

        assert not EgressPolicy.parse("none").permits(local)
        assert EgressPolicy.parse("local").permits(local)
        assert EgressPolicy.parse("any").permits(local)


class TestRecipient:
    @pytest.mark.parametrize(
        ("address", "preset", "name", "names"),
        [
            ("https://api.z.ai/api/paas/v4", "zai", "zai", {"zai", "api.z.ai"}),
            ("https://proxy.example/v4", "zai", "proxy.example", {"proxy.example"}),
            ("http://gpu.example:8000/v1", "vllm", "vllm", {"vllm", "gpu.example"}),
            ("http://localhost:8000/v1", "ollama", "ollama", {"ollama", "localhost", "local"}),
            ("http://[::1]:9/v1", None, "::1", {"::1", "local"}),
            ("http://127.9.9.9/v1", None, "127.9.9.9", {"127.9.9.9", "local"}),
            ("http://localhost.example/v1", None, "localhost.example", {"localhost.example"}),
            ("https://Rerank.Example/rerank", None, "rerank.example", {"rerank.example"}),
            ("https://api.openai.com/v1", "openai", "api.openai.com", {"api.openai.com"}),
        ],
    )
    def test_goes_by_host_and_by_the_preset_that_is_there(
        self, address: str, preset: str | None, name: str, names: set[str]
    ) -> None:
        recipient = Recipient.at(address, PROVIDERS[preset] if preset else None)

        assert (recipient.name, recipient.names) == (name, names)

    def test_the_preset_of_which_nothing_is_known_names_nobody(self) -> None:
        assert "openai" not in Recipient.at("http://gpu.example/v1", GENERIC).names


class TestEgress:
    def test_a_change_holds_for_the_next_sending(self, desk: Desk) -> None:
        desk.egress.require("default", "docs", ZAI)
        desk.limit("none")
        with pytest.raises(EgressRefused, match="'docs' may not be shown to zai"):
            desk.egress.require("default", "docs", ZAI)
        desk.egress.require("default", "other", ZAI)
        desk.limit("vllm,zai")
        desk.egress.require("default", "docs", ZAI)

    @pytest.mark.parametrize(("tenant", "collection"), [("", "docs"), ("default", ""), ("", "")])
    def test_who_does_not_say_whose_text_it_is_is_refused(
        self, desk: Desk, tenant: str, collection: str
    ) -> None:
        with pytest.raises(EgressRefused):
            desk.egress.require(tenant, collection, ZAI)

    def test_a_collection_that_is_not_there_has_no_policy(self, desk: Desk) -> None:
        with pytest.raises(UnknownName):
            desk.egress.require("default", "gone", ZAI)
        with pytest.raises(UnknownName):
            desk.egress.require("somebody", "docs", ZAI)

    def test_a_policy_that_cannot_be_read_allows_nothing(self, desk: Desk) -> None:
        desk.limit("zai?")
        with pytest.raises(EgressRefused):
            desk.egress.require("default", "docs", ZAI)

    def test_nobody_having_said_anything_the_settings_hold(self, desk: Desk) -> None:
        strict = Egress(desk.catalog, EgressPolicy.parse("vllm"), desk.notes)
        with pytest.raises(EgressRefused):
            strict.require("default", "docs", ZAI)

    def test_sendings_are_noted_once_a_day_and_refusals_each_time(self, desk: Desk) -> None:
        for _ in range(3):
            desk.egress.require("default", "docs", ZAI)
        desk.egress.require("default", "other", ZAI)
        desk.clock.now += timedelta(days=1)
        desk.egress.require("default", "docs", ZAI)
        assert desk.notes.told == [
            (SENT, "docs", "zai"),
            (SENT, "other", "zai"),
            (SENT, "docs", "zai"),
        ]
        desk.limit("none")
        for _ in range(2):
            with pytest.raises(EgressRefused):
                desk.egress.require("default", "docs", ZAI)
        assert desk.notes.told[3:] == [(REFUSED, "docs", "zai")] * 2

    def test_an_audience_needs_one_who_may(self, desk: Desk) -> None:
        vllm = Recipient.at("http://gpu.example/v1", PROVIDERS["vllm"])
        audience = Audience(desk.egress, (ZAI, vllm))
        desk.limit("vllm")
        assert audience.refusal("default", "docs") is None
        desk.limit("openrouter")
        with pytest.raises(EgressRefused, match="zai, vllm"):
            audience.require("default", "docs")
        assert desk.notes.told == [(REFUSED, "docs", "zai"), (REFUSED, "docs", "vllm")]


@dataclass
class Counting:
    """A reranker and a tokenizer that remember what they were shown."""

    overhead: int = 0
    shown: list[str] = field(default_factory=list[str])

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        del origin
        self.shown += [question, *passages]
        return Order(tuple(range(len(passages))))

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        del model, origin
        self.shown.append(text)
        return 1

    def close(self) -> None:
        self.shown.append("closed")


@dataclass
class Asked(MemoryIndex):
    questions: list[Question] = field(default_factory=list[Question])

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        del scope, documents, limit
        self.questions.append(question)
        return []

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        del scope, documents
        self.questions.append(question)
        return 0.0


class TestGuards:
    def test_a_model_is_asked_only_about_what_it_may_see(self, desk: Desk) -> None:
        model = ScriptedModel(lambda _: "Ann Lee.")
        guarded = GuardedModel(model, desk.egress, ZAI)
        assert asyncio.run(complete(guarded, REQUEST)).text == "Ann Lee."
        desk.limit("none")
        for request in (REQUEST, replace(REQUEST, collection=""), replace(REQUEST, tenant="")):
            with pytest.raises(EgressRefused):
                asyncio.run(complete(guarded, request))
        assert len(model.requests) == 1

    def test_rerankers_and_tokenizers_fail_as_they_do_otherwise(self, desk: Desk) -> None:
        counting = Counting()
        reranker = GuardedReranker(counting, desk.egress, ZAI)
        tokenizer = GuardedTokenizer(counting, desk.egress, ZAI)
        assert reranker.rerank("q", ["p"], origin=ORIGIN).indexes == (0,)
        assert tokenizer.count("t", "glm-5", origin=ORIGIN) == 1
        desk.limit("vllm")
        with pytest.raises(RerankingFailed, match="may not be shown to zai"):
            reranker.rerank("secret", ["p"], origin=ORIGIN)
        with pytest.raises(CountingFailed, match="may not be shown to zai"):
            tokenizer.count("secret", "glm-5", origin=ORIGIN)
        reranker.close()
        assert counting.shown == ["q", "p", "t", "closed"]

    def test_an_embedder_must_know_whose_texts_they_are(self, desk: Desk) -> None:
        words = WordEmbedder()
        guarded = GuardedEmbedder(words, lambda t, c: desk.egress.require(t, c, ZAI))
        scope = desk.catalog.collection("default", "docs").scope
        guarded.embed([CHECK_TEXT])
        within = embedder_within(guarded, scope)
        within.embed(["the rent"])
        with pytest.raises(EgressRefused):
            guarded.embed([CHECK_TEXT, "secret"])
        desk.limit("vllm")
        with pytest.raises(EgressRefused):
            within.embed(["secret"])
        with pytest.raises(EgressRefused):
            within.embed([])
        assert words.texts == [CHECK_TEXT, "the rent"]
        assert (within.identity, within.dimensions) == (words.identity, words.dimensions)
        assert embedder_within(words, scope) is words

    def test_a_question_that_may_not_go_there_is_searched_by_its_words(self, desk: Desk) -> None:
        index, words = Asked(), WordEmbedder()
        embedder = GuardedEmbedder(words, lambda t, c: desk.egress.require(t, c, ZAI))
        guarded = GuardedIndex(index, embedder)
        scope, question = desk.catalog.collection("default", "docs").scope, Question("rent?")
        guarded.search(scope, question, documents=None, limit=1)
        desk.limit("none")
        guarded.search(scope, question, documents=None, limit=1)
        guarded.confidence(scope, question, documents=None)
        assert [asked.by_words for asked in index.questions] == [False, True, True]
        assert words.texts == ["rent?"]
        [vector] = WordEmbedder().embed(["rent?"])
        assert [asked.vector for asked in index.questions] == [tuple(vector.tolist()), None, None]

    def test_leave_for_a_question_is_asked_again_before_each_attempt(self, desk: Desk) -> None:
        attempts = list[str]()

        class Silent:
            """Its policy has become another one by the time that it would be asked again."""

            def __init__(self, address: str, headers: Mapping[str, str]) -> None:
                del address, headers

            def post(self, body: Mapping[str, object]) -> httpx2.Response:
                attempts.append(str(body["input"]))
                raise httpx2.ConnectTimeout("no answer")

            def sleep(self, seconds: float) -> None:
                del seconds
                desk.limit("none")

            def close(self) -> None:
                attempts.append("closed")

        remote = EmbeddingService("http://e", None, model="e", dimensions=2, connect=Silent)
        index = Asked()
        guarded = GuardedIndex(index, GuardedEmbedder(remote, lambda t, c: desk.egress.require(t, c, ZAI)))
        scope = desk.catalog.collection("default", "docs").scope

        guarded.search(scope, Question("rent?"), documents=None, limit=1)

        assert attempts == ["['rent?']"]
        assert [asked.by_words for asked in index.questions] == [True]


def test_every_module_that_can_reach_another_machine_is_known() -> None:
    """A new client is put behind a guard, and then named here."""
    reaching = {
        path.relative_to(ROOT).as_posix()
        for package in ("ingest", "prompts", "service")
        for path in (ROOT / package).rglob("*.py")
        if _imports(path)
    }

    assert reaching == HERE.keys()


def _imports(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.dump(guard.test)
        for node in ast.walk(guard)
    }
    for node in ast.walk(tree):
        if id(node) in typed:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        if any(name.partition(".")[0] in _NETWORKED and name not in _HARMLESS for name in names):
            return True
    return False

"""Pinned documents and a warm cache: in one process, over HTTP, and from the command line."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ingest.catalog.catalog import open_catalog
from ingest.errors import UnknownName
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.mirror import render
from service.agent import Agent, AgentBounds
from service.answering import Answerer
from service.answers import Done, Query
from service.cli import cli
from service.flights import PATIENCE, WORTH_WAITING
from service.generation import Generation, GenerationSettings
from service.library import Library
from service.map_planning import MapPlanner, MapSettings
from service.models.contract import TokenUsage
from service.models.providers import PROVIDERS
from service.models.queueing import CallQueue, QueuedModel
from service.preparing import Preparer
from service.presenting import Presenter
from service.reviewing.estimating import TooExpensive
from service.reviewing.running import NoModel
from service.running import announced
from service.searching import Searcher
from service.sessions import Sessions
from service.settings import Settings
from service.warming import Warmer
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live_in_memory
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from click.testing import Result

    from ingest.catalog.call_records import CallRecord
    from ingest.catalog.catalog import Catalog
    from service.answers import Answer
    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.models.providers import Provider
    from service.recording import Owed
    from tests.fakes.live_service import LiveService

DEED = "# Deed\n\nThe lighthouse belongs to the harbour company. Its keeper lives in it.\n"
GLOSSARY = "# Glossary\n\n" + "\n\n".join(f"Term {n} means the berth of number {n}." for n in range(60))
RENT, OWNER = "What is the monthly rent?", "Who owns the lighthouse?"
ONCE = PROVIDERS["zai"]
TWICE = replace(ONCE, cache=replace(ONCE.cache, second_sight=True))


class Desk:
    """Wired services in reach of a test. The model says that it does not know."""

    def __init__(self, catalog: Catalog, folder: Path, provider: Provider | None = ONCE) -> None:
        self.catalog, self.folder, self.index = catalog, folder, MemoryIndex()
        self.calls: list[CallRecord] = []
        self.model = ScriptedModel(lambda _: "The documents do not say.")
        library = Library(catalog)
        sessions = Sessions(catalog, library)
        chosen = GenerationSettings("glm-5", 20_000, 200, 2_500, 0.3, thinking=False)
        self.generation = provider and Generation(self.model, provider, chosen, recorder=self)
        searcher = Searcher(library, self.index, WordEmbedder().identity)
        maps = MapSettings()
        mapper = self.generation and MapPlanner(library, sessions, self.generation, maps)
        preparer = Preparer(library, searcher, sessions, self.generation, mapper=mapper)
        agent = self.generation and Agent(
            Presenter(library, sessions), self.generation, library, searcher, AgentBounds(3, 20_000)
        )
        self.answerer = Answerer(library, sessions, preparer, self.generation, maps, agent=agent)
        self.warmer = Warmer(preparer, self.generation)
        self.ingest()

    def due(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.due`: nothing."""

    def begin(self, call: CallRecord, longest: int) -> None:
        assert longest == 1 or call.purpose != "warm"

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: none was kept."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:  # noqa: ARG002 — of the protocol
        self.calls.append(call)

    def ingest(self) -> None:
        ingester = Ingester(self.catalog, self.index, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [self.folder], largest=2**20, on_progress=lambda _: None)

    def id(self, path: str) -> str:
        return self.catalog.document_at("default", "docs", path).version.document

    def pin(self, *paths: str) -> None:
        self.catalog.set_pinned(self.catalog.collection("default", "docs"), [self.id(path) for path in paths])

    def pinned(self) -> list[tuple[str, int]]:
        record = self.catalog.collection("default", "docs")
        return [(version.path, version.number) for version in self.catalog.pinned(record)]

    def warm(self, *paths: str, max_usd: float | None = None) -> tuple[int, int]:
        """Tokens that the cache held before, and times that the beginning was sent."""
        documents = tuple(self.id(path) for path in paths) or None
        query = Query("", "docs", mode="pin" if paths else "auto", documents=documents)
        warming = self.warmer.plan(query, max_usd)
        warmed = asyncio.run(self.warmer.warm(warming))
        assert warmed.sent == warming.sends
        return warmed.held_before, warmed.sent

    def ask(self, question: str = RENT, **fields: object) -> Answer:
        query = replace(Query(question, "docs", mode="retrieve"), **fields)  # pyright: ignore[reportArgumentType] — a test's shorthand

        async def last() -> Answer:
            prepared = await self.answerer.prepare(query)
            events = [event async for event in self.answerer.stream(prepared)]
            assert isinstance(events[-1], Done)
            return events[-1].answer

        return asyncio.run(last())

    @property
    def sent(self) -> list[str]:
        """The latest prompt, a text for each message."""
        return [str(message.content) for message in self.model.requests[-1].messages]


class Watched:
    """A model that tells when it was first asked."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.asked = asyncio.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.asked.set()
        async with aclosing(self._model.stream(request)) as events:
            async for event in events:
                yield event


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_texts(tmp_path / "docs", {"lease.md": LEASE, "deed.md": DEED, "glossary.md": GLOSSARY})
    return tmp_path / "docs"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def desk(catalog: Catalog, folder: Path) -> Desk:
    return Desk(catalog, folder)


def front(desk: Desk) -> str:
    """How a pinned glossary opens the first user turn."""
    [number] = [number for path, number in desk.pinned() if path == "glossary.md"]
    return f"Passages:\n\n# D{number} glossary.md (Glossary)\n[D{number}:1] "


class TestPinning:
    @pytest.mark.parametrize("mode", ["retrieve", "auto", "agent"])
    def test_every_prompt_begins_with_a_pinned_document(self, desk: Desk, mode: str) -> None:
        desk.pin("glossary.md")
        answer = desk.ask(mode=mode)

        assert desk.sent[-1].startswith(front(desk))
        assert "Term 59 means" in desk.sent[-1]
        assert answer.plan.warnings == ()
        desk.ask(OWNER, mode=mode, session=answer.session)
        assert sum(text.count("Term 59 means") for text in desk.sent) == 1, "it is never sent again"

    def test_a_question_about_other_documents_does_without(self, desk: Desk) -> None:
        desk.pin("glossary.md")
        desk.ask(documents=(desk.id("lease.md"),))
        assert "Term 59 means" not in desk.sent[-1]

    def test_a_summary_of_what_we_choose_ourselves_begins_with_it_too(self, desk: Desk) -> None:
        desk.pin("glossary.md")
        asked = desk.ask("Summarise the lighthouse document.", mode="auto")
        assert desk.sent[-1].startswith(front(desk))
        assert desk.sent[-1].count("Term 59 means") == 1
        assert asked.plan.warnings == ()

    def test_without_room_it_is_left_out_and_said_to_be(self, desk: Desk) -> None:
        desk.pin("glossary.md")
        answer = desk.ask(max_tokens=19_000)
        assert "Term 59 means" not in desk.sent[-1]
        assert answer.plan.warnings == (
            "the pinned documents were left out: they find no room in a prompt of 1,000 tokens",
        )

    def test_a_new_version_stays_pinned_and_the_conversation_begins_anew(self, desk: Desk) -> None:
        desk.pin("glossary.md")
        [(_, first)] = desk.pinned()
        asked = desk.ask()
        write_texts(desk.folder, {"glossary.md": GLOSSARY + "\n\nTerm 99 means a buoy.\n"})
        desk.ingest()

        [(_, second)] = desk.pinned()
        again = desk.ask(OWNER, session=asked.session)
        assert second > first
        assert desk.sent[-1].startswith("Passages:\n\n# D")
        assert "Term 99 means" in desk.sent[-1]
        assert len(desk.sent) == 2
        assert "pinned now" in again.plan.reason

    def test_a_deleted_one_leaves_the_list_with_its_conversations(self, desk: Desk) -> None:
        desk.pin("glossary.md", "deed.md")
        asked = desk.ask()
        desk.catalog.delete_document("default", desk.id("glossary.md"))
        desk.catalog.delete_document("default", desk.id("deed.md"))

        assert desk.pinned() == []
        with pytest.raises(UnknownName):
            desk.catalog.session("default", asked.session)


class TestWarming:
    def test_the_next_question_finds_its_beginning_in_the_cache(self, desk: Desk) -> None:
        desk.pin("glossary.md")
        assert desk.warm() == (0, 1)
        [request] = desk.model.requests
        answer = desk.ask()

        assert request.max_tokens == 1
        assert desk.sent[0] == request.messages[0].content
        assert desk.sent[1].startswith(str(request.messages[1].content))
        assert answer.usage.cached_tokens > 800
        assert answer.usage.predicted_cached_tokens > 800
        [warmed, _] = desk.calls
        assert (warmed.purpose, warmed.outcome, warmed.cached_tokens) == ("warm", "ok", 0)
        assert warmed.plan is not None
        held, sent = desk.warm()
        assert held > 800
        assert sent == 1

    def test_named_documents_are_warmed_as_questions_about_their_whole_read_them(self, desk: Desk) -> None:
        desk.warm("glossary.md")
        answer = desk.ask(documents=(desk.id("glossary.md"),), mode="pin")
        assert answer.usage.cached_tokens > 800

    def test_while_it_waits_for_its_turn_questions_are_answered(self, desk: Desk) -> None:
        assert desk.generation is not None
        queue = CallQueue(2, 16, 60.0)  # one of them for batches
        desk.generation.model = model = Watched(QueuedModel(desk.model, queue))
        desk.pin("glossary.md", "lease.md")
        opening = desk.warmer.plan(Query("", "docs"))
        assert len(render(opening.plan.messages)) > WORTH_WAITING

        async def ask() -> None:
            async with queue.turn("batch"):  # of something else
                warming = asyncio.create_task(desk.warmer.warm(opening))
                await model.asked.wait()
                prepared = await desk.answerer.prepare(Query(RENT, "docs", mode="retrieve"))
                async with asyncio.timeout(PATIENCE / 2):
                    await desk.answerer.answer(prepared)
            await warming

        asyncio.run(ask())
        assert [request.max_tokens for request in desk.model.requests] == [200, 1]

    def test_what_is_cached_on_second_sight_is_sent_twice(self, catalog: Catalog, folder: Path) -> None:
        desk = Desk(catalog, folder, TWICE)
        desk.pin("glossary.md")
        assert desk.warm()[1] == 2
        assert len(desk.calls) == 2
        assert desk.warm()[1] == 1, "it is held now"

    def test_what_should_cost_too_much_is_not_sent(self, desk: Desk) -> None:
        with pytest.raises(TooExpensive, match="max_usd: warming should cost"):
            desk.warm(max_usd=0.0)
        assert desk.model.requests == []

    def test_a_model_is_needed(self, catalog: Catalog, folder: Path) -> None:
        with pytest.raises(NoModel, match="warming a cache needs a language model"):
            Desk(catalog, folder, None).warm()


class TestHistories:
    def test_a_client_that_sends_its_history_again_stays_in_its_prompt(self, desk: Desk) -> None:
        first = desk.ask()
        before = desk.model.requests[-1]
        second = desk.ask(OWNER, history=((RENT, first.text),))

        assert second.session == first.session
        assert same(desk.model.requests[-1], before)
        assert second.usage.cached_tokens > 200

    def test_a_changed_answer_makes_a_conversation_of_its_own(self, desk: Desk) -> None:
        first = desk.ask()
        other = desk.ask(OWNER, history=((RENT, f"{first.text} But I doubt it."),))
        assert other.session != first.session
        assert f"Q: {RENT}\nA: {first.text} But I doubt it.\n" in desk.sent[-1]

    @pytest.mark.parametrize("provider", [ONCE, None])
    def test_histories_of_another_key_are_not_continued(
        self, catalog: Catalog, folder: Path, provider: Provider | None
    ) -> None:
        desk = Desk(catalog, folder, provider)
        first = desk.ask(key="one")
        history = ((RENT, first.text),)
        assert desk.ask(OWNER, history=history, key="two").session != first.session
        assert desk.ask(OWNER, history=history, key="one").session == first.session


def same(later: ModelRequest, earlier: ModelRequest) -> bool:
    """Whether one prompt begins with the other."""
    return later.messages[: len(earlier.messages)] == earlier.messages


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveService, Glm5Server]]:
    """A server that commands do not find by themselves, and the model behind it."""
    folder = tmp_path_factory.mktemp("home")
    write_texts(folder / "docs", {"lease.md": LEASE, "glossary.md": GLOSSARY})
    reply = Reply("The", finish="length", tokens=TokenUsage(1_500, 512, 1, 0, reported=True))
    with Glm5Server(lambda _: reply) as server:
        fields = {"llm_base_url": server.base_url, "llm_provider": "zai", "llm_api_key": "key"}
        settings = Settings.model_validate({"data": folder / "data", **fields})
        with live_in_memory(settings) as service:
            service.ingest(folder / "docs")
            yield service, server


@pytest.fixture
def service(
    home: tuple[LiveService, Glm5Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> LiveService:
    settings = home[0].services.settings
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LECTERN_DATA", str(settings.data))
    monkeypatch.setenv("LECTERN_LLM_BASE_URL", str(settings.llm_base_url))
    monkeypatch.setenv("LECTERN_LLM_PROVIDER", "zai")
    monkeypatch.setenv("LECTERN_LLM_API_KEY", "key")
    return home[0]


def lectern(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == status, (result.output, result.exception)
    return result


def pinned_over_http(service: LiveService) -> list[str]:
    [listed] = service.get("/v1/collections")["collections"]
    return [document["path"] for document in listed["pinned"]]


def test_over_http_and_through_a_running_server(
    service: LiveService, home: tuple[LiveService, Glm5Server]
) -> None:
    with announced(service.services.settings.data, service.url):
        glossary = service.documents()["glossary.md"]["id"]
        put = service.http.put("/v1/collections/default/pinned", json={"documents": [glossary]})
        assert [one["path"] for one in put.json()["pinned"]] == ["glossary.md"] == pinned_over_http(service)
        path = "/v1/collections/default/warm"
        expected = service.post(path, {"estimate_only": True})
        assert (expected["sent"], expected["usage"]) == (0, None)
        assert [one["name"] for one in expected["segments"]] == ["rules", "pinned documents"]
        assert expected["expected_usd"] > 0
        assert service.post(path, {"max_usd": 0}, 422)["detail"].startswith("max_usd: warming should cost")
        asked = len(home[1].requests)
        warmed = service.post(path, {})
        assert (warmed["sent"], warmed["held_before"]) == (1, 512)
        assert warmed["usd"] > 0
        assert len(home[1].requests) == asked + 1

        said = lectern("warm", "default").stdout
        assert "should be cached already" in said
        assert "1,500 tokens read, 512 cached before" in said
        assert service.post("/v1/collections/nowhere/warm", {}, 404)["detail"].startswith("no collection")
        missing = service.http.put("/v1/collections/default/pinned", json={"documents": ["nothing"]})
        assert missing.status_code == 404
        assert pinned_over_http(service) == ["glossary.md"]


def test_from_the_command_line_alone(service: LiveService) -> None:
    assert lectern("collections", "pin", "default", "lease.md").stdout == "pinned lease.md\n"
    assert "  pinned  D" in lectern("collections").stdout
    estimate = lectern("warm", "default", "--estimate").stdout
    assert "pinned documents" in estimate
    assert "warmed" not in estimate
    assert '"sent": 1' in lectern("warm", "default", "--json").stdout
    assert isinstance(lectern("warm", "default", "--max-usd", "0", status=1).exception, TooExpensive)
    lectern("collections", "unpin", "default", "lease.md")
    assert isinstance(lectern("collections", "pin", "default", "no.md", status=1).exception, UnknownName)
    assert "lease.md" not in pinned_over_http(service)

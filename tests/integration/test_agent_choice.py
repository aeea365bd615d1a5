"""``auto`` and the agent: for accuracy alone, priced by what agents took, beside what was done instead."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.agent import Agent, AgentBounds
from service.agent_choice import AgentChooser
from service.answering import Answerer
from service.answers import Done, Query
from service.generation import Generation, GenerationSettings
from service.ledger import Ledger
from service.library import Library
from service.map_planning import MapPlanner, MapSettings
from service.models.contract import Completion, TokenUsage, ToolCall
from service.models.providers import PROVIDERS
from service.preparing import Preparer
from service.presenting import Presenter
from service.searching import Searcher
from service.sessions import Sessions
from tests.fakes.calls import call
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from service.answers import Answer
    from service.models.contract import ModelRequest
    from tests.fakes.scripted_model import Said

ONE, SEVERAL = "What is the monthly rent?", "Compare the monthly rent with the deposit of the berths."
LONG = "\n\n".join(
    f"Berth {n} of the harbour is let to the boat {n * 7} by the week; its deposit is {n + 40} crowns."
    for n in range(1_600)
)
"""Some 35,000 tokens: more than the model's context, and than an agent should take."""
SEARCH = Completion(
    text="",
    reasoning="",
    tool_calls=(ToolCall("c1", "search_documents", json.dumps({"query": "monthly rent"})),),
    reason="tool_calls",
    usage=TokenUsage(3_000, 0, 30, 0, reported=True),
    model="glm-5",
    id="reply",
)


def reply(request: ModelRequest) -> Said:
    """An agent searches once; all answers say that they do not know."""
    searched = any(message.role == "tool" for message in request.messages)
    return SEARCH if request.tools and not searched else "The documents do not say."


class Desk:
    """Wired services over two collections: one is long, the other short."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.catalog, self.index = catalog, MemoryIndex()
        self.model = ScriptedModel(reply)
        self.ledger = Ledger(catalog, days=10, traits=lambda name: PROVIDERS[name].cache)
        library, chosen = (
            Library(catalog),
            GenerationSettings("glm-5", 20_000, 200, 2_500, 0.3, thinking=False),
        )
        sessions = Sessions(catalog, library)
        generation = Generation(self.model, PROVIDERS["zai"], chosen, recorder=self.ledger)
        searcher = Searcher(library, self.index, WordEmbedder().identity)
        preparer = Preparer(
            library,
            searcher,
            sessions,
            generation,
            mapper=MapPlanner(library, sessions, generation, MapSettings()),
            chooser=AgentChooser(library, searcher, generation),
        )
        agent = Agent(Presenter(library, sessions), generation, library, searcher, AgentBounds(3, 15_000))
        self.answerer = Answerer(library, sessions, preparer, generation, agent=agent)
        ingester = Ingester(catalog, self.index, WordEmbedder(), InlineParser(read))
        for name in ("long", "short"):
            ingester.ingest("default", name, [folder / name], largest=2**20, on_progress=lambda _: None)

    def ask(self, question: str, collection: str = "long", **fields: object) -> Answer:
        asked = Query(question, collection, accuracy="high")
        query = replace(asked, **fields)  # pyright: ignore[reportArgumentType] — a test's shorthand

        async def last() -> Answer:
            events = [event async for event in self.answerer.stream(await self.answerer.prepare(query))]
            assert isinstance(events[-1], Done)
            return events[-1].answer

        return asyncio.run(last())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"long/lease.md": LEASE, "long/berths.md": LONG, "short/lease.md": LEASE})
    return folder


@pytest.fixture
def desk(tmp_path: Path, folder: Path) -> Iterator[Desk]:
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        desk = Desk(catalog, folder)
        yield desk
        desk.ledger.close()


def test_it_searches_by_itself_where_several_places_are_needed(desk: Desk) -> None:
    answer = desk.ask(SEVERAL)

    assert answer.plan.mode == "agent"
    assert "several places" in answer.plan.reason
    assert answer.cost.alternatives.keys() == {"retrieve"}
    assert [call.purpose for call in answer.plan.side_calls] == ["step"]
    desk.ledger.settle()
    explained = desk.ledger.explanation("default", answer.id).call
    [run] = desk.catalog.agent_runs("default", "long", "glm-5", 10)
    assert (run.calls, run.prompt_tokens) == (2, answer.usage.prompt_tokens)
    assert explained.plan is not None
    assert (explained.mode, explained.plan.reason) == ("agent", answer.plan.reason)


@pytest.mark.parametrize(("doubt", "mode"), [(0.0, "retrieve"), (0.6, "retrieve"), (0.7, "agent")])
def test_it_does_where_one_search_hardly_holds_the_answer(desk: Desk, doubt: float, mode: str) -> None:
    desk.index.doubt = doubt

    answer = desk.ask(ONE)

    assert answer.plan.mode == mode
    assert ("agent" in answer.cost.alternatives) == (mode == "retrieve")
    assert answer.confidence is None


@pytest.mark.parametrize("accuracy", ["low", "normal"])
def test_nobody_else_gets_one(desk: Desk, accuracy: str) -> None:
    desk.index.doubt = 1.0

    answer = desk.ask(SEVERAL, accuracy=accuracy)

    assert answer.plan.mode == "retrieve"
    assert "agent" not in answer.cost.alternatives


def test_what_can_be_read_whole_is(desk: Desk) -> None:
    answer = desk.ask(SEVERAL, "short")

    assert answer.plan.mode == "pin"
    assert answer.cost.alternatives["agent"] > answer.cost.alternatives["retrieve"]


def test_a_mode_that_was_asked_for_stays(desk: Desk) -> None:
    assert desk.ask(SEVERAL, mode="retrieve").plan.mode == "retrieve"


def test_what_runs_have_taken_here_counts(desk: Desk) -> None:
    before = desk.ask(ONE).cost.alternatives["agent"]
    taken = call(collection="long", created_at=datetime.now(UTC), prompt_tokens=200_000, cached_tokens=0)
    step = replace(taken, answer="ans_1", mode="", purpose="step")
    desk.catalog.record_calls([step, replace(step, id="a", mode="agent", purpose="answer")])

    assert desk.ask(ONE).cost.alternatives["agent"] > 2 * before
    assert desk.ask(SEVERAL).plan.mode == "retrieve"  # by now it costs more than reading everything once


def test_a_conversation_goes_on_behind_it(desk: Desk) -> None:
    first = desk.ask(SEVERAL)

    second = desk.ask(ONE, session=first.session, accuracy="normal")

    assert second.plan.mode == "retrieve"
    assert second.session == first.session

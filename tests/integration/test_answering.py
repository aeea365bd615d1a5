"""The answerer over a real catalog, with an index in memory and a model in the same process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.errors import Gone, IndexUnavailable, UnknownName, UnsupportedStore
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.plan_request import PromptTooLongError
from service.answering import Answerer
from service.answers import Cited, Done, Judged, Planned, Query, Reasoned, Written
from service.generation import Generation, GenerationSettings
from service.library import Library
from service.models.contract import Completion, TokenUsage
from service.models.errors import ModelBusy
from service.models.providers import PROVIDERS
from service.preparing import Preparer
from service.searching import Searcher
from service.sessions import Sessions
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from service.answers import Answer, AnswerEvent
    from service.prepared import Prepared
    from tests.fakes.scripted_model import Said

DEED = "# Deed\n\nThe lighthouse belongs to the harbour company. Its keeper lives in it.\n"
RENT = "What is the monthly rent?"


class Desk:
    """Wired services in reach of a test."""

    def __init__(self, catalog: Catalog, folder: Path, script: list[Said] | None, context: int) -> None:
        self.catalog = catalog
        self.folder = folder
        self.index = MemoryIndex()
        self.model = ScriptedModel(script or [])
        self.library = Library(catalog)
        self.sessions = Sessions(catalog, self.library)
        chosen = GenerationSettings("glm-5", context, 200, 2_500, 0.3, thinking=False)
        generation = None if script is None else Generation(self.model, PROVIDERS["zai"], chosen)
        self.searcher = Searcher(self.library, self.index, WordEmbedder().identity)
        preparer = Preparer(self.library, self.searcher, self.sessions, generation)
        self.answerer = Answerer(self.library, self.sessions, preparer, generation)

    def ingest(self) -> None:
        ingester = Ingester(self.catalog, self.index, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [self.folder], largest=2**20, on_progress=lambda _: None)

    def events(self, query: Query) -> list[AnswerEvent]:
        async def collect() -> list[AnswerEvent]:
            prepared = await self.answerer.prepare(query)
            return [event async for event in self.answerer.stream(prepared)]

        return asyncio.run(collect())

    def ask(self, question: str = RENT, session: str | None = None) -> Answer:
        done = self.events(Query(question, "docs", session=session, mode="retrieve"))[-1]
        assert isinstance(done, Done)
        return done.answer

    def document(self, path: str) -> str:
        return next(
            r.id
            for r in self.catalog.documents("default", "docs", limit=9).documents
            if r.version.path == path
        )

    def delete(self, path: str) -> None:
        numbers = self.catalog.delete_document("default", self.document(path))
        self.index.delete_documents(self.catalog.collection("default", "docs").scope, numbers)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_texts(tmp_path / "docs", {"lease.md": LEASE, "deed.md": DEED})
    return tmp_path / "docs"


def desk(catalog: Catalog, folder: Path, script: list[Said] | None = None, context: int = 20_000) -> Desk:
    made = Desk(catalog, folder, script, context)
    made.ingest()
    return made


def test_vectors_of_another_embedder_are_not_compared(catalog: Catalog, folder: Path) -> None:
    mixed = desk(catalog, folder)
    record = replace(mixed.library.collection("default", "docs"), embedder="words/0")

    with pytest.raises(UnsupportedStore, match=r"words/0.*words/1"):
        mixed.searcher.evidence(record, RENT)


def test_a_lost_index_is_said_not_answered_from(catalog: Catalog, folder: Path) -> None:
    robbed = desk(catalog, folder)
    record = robbed.library.collection("default", "docs")
    robbed.index.delete_scope(record.scope)

    with pytest.raises(IndexUnavailable, match="is lost, the catalog knows 2 documents"):
        robbed.ask()
    robbed.ingest()
    assert robbed.ask().citations


def test_questions_that_wait_for_their_search_hold_up_no_answer(catalog: Catalog, folder: Path) -> None:
    made = desk(catalog, folder)
    found = threading.Event()

    class Waiting(Preparer):
        def prepare(self, query: Query) -> Prepared:
            assert found.wait(5)
            return super().prepare(query)

    preparer = Waiting(made.library, made.searcher, made.sessions, None)
    slow = Answerer(made.library, made.sessions, preparer, None)

    async def ask() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        waiting = [asyncio.create_task(slow.prepare(Query(RENT, "docs"))) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await made.answerer.answer(await made.answerer.prepare(Query(RENT, "docs")))
        found.set()
        await asyncio.gather(*waiting)

    asyncio.run(ask())


class TestWithoutAModel:
    def test_the_best_passages_answer(self, catalog: Catalog, folder: Path) -> None:
        events = desk(catalog, folder).events(Query(RENT, "docs"))

        assert [type(e) for e in events][:2] == [Planned, Written]
        done = events[-1]
        assert isinstance(done, Done)
        answer = done.answer
        assert (answer.llm_generated, answer.model, answer.plan.mode) == (False, None, "extract")
        assert [e.citation for e in events if isinstance(e, Cited)] == list(answer.citations)
        assert tuple(e.claim for e in events if isinstance(e, Judged)) == answer.claims
        first = answer.citations[0]
        assert first.document.path == "lease.md"
        assert "4,200 euros" in first.place.text
        assert first.place.text == LEASE[first.place.start : first.place.end]

    def test_nothing_found_is_said(self, catalog: Catalog, folder: Path) -> None:
        answer = desk(catalog, folder).ask("zzz")

        assert answer.text == "The documents do not say."
        assert answer.citations == ()

    def test_the_search_must_be_sure(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder)
        assert made.ask().confidence == 1.0
        made.index.doubt = 0.9

        answer = made.ask()

        assert (answer.text, answer.citations) == ("The documents do not say.", ())
        assert answer.confidence == pytest.approx(0.1)

    def test_what_it_quoted_ends_with_its_document(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder)
        session = made.ask().session

        made.delete("lease.md")

        with pytest.raises(UnknownName, match="session"):
            made.ask(session=session)

    def test_a_model_configured_later_starts_afresh(self, catalog: Catalog, folder: Path) -> None:
        session = desk(catalog, folder).ask().session
        later = desk(catalog, folder, ["It is 4,200 euros."])

        later.ask(session=session)

        assert [message.role for message in later.model.requests[0].messages] == ["system", "user"]


class TestWithAModel:
    def test_thinking_text_and_verdicts_pass_through(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder, [])
        number = next(v.version.number for v in catalog.documents("default", "docs", limit=9).documents
                      if v.version.path == "lease.md")  # fmt: skip
        said = Completion(
            f'It is 4,200 euros [D{number}:1-9 "monthly rent of 4,200 euros"].',
            "Look at the rent.",
            (),
            "stop",
            TokenUsage(900, 512, 40, 7, reported=True),
            "glm-5",
            "r1",
        )
        made.model.script = [said]

        events = made.events(Query(RENT, "docs", mode="pin"))

        assert "".join(e.text for e in events if isinstance(e, Reasoned)) == "Look at the rent."
        done = events[-1]
        assert isinstance(done, Done)
        assert "".join(e.text for e in events if isinstance(e, Written)) == done.answer.text
        assert done.answer.usage.cached_tokens == 512
        assert done.answer.cost.usd == pytest.approx((388 + 512 * 0.2 + 40 * 3.2) / 1e6)
        assert made.model.closed == 1

    def test_a_failure_keeps_no_turn(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder, ["Yes.", Broken("It is", ModelBusy("too many", code="1305")), "No."])
        session = made.ask().session

        with pytest.raises(ModelBusy):
            made.ask("And then?", session)
        made.ask("Again?", session)

        assert [m.role for m in made.model.requests[-1].messages] == ["system", "user", "assistant", "user"]
        assert made.model.closed == 3

    def test_a_caller_that_leaves_stops_the_model(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder, ["A long answer that nobody waits for. " * 20])

        async def leave() -> None:
            stream = made.answerer.stream(await made.answerer.prepare(Query(RENT, "docs")))
            assert isinstance(await anext(stream), Planned)
            assert isinstance(await anext(stream), Written)
            await stream.aclose()

        asyncio.run(leave())
        assert made.model.closed == 1

    def test_a_document_deleted_while_it_is_answered_is_gone(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder, ["It is 4,200 euros."])

        async def answer() -> None:
            prepared = await made.answerer.prepare(Query(RENT, "docs", mode="retrieve"))
            made.delete("lease.md")
            await made.answerer.answer(prepared)

        with pytest.raises(Gone):
            asyncio.run(answer())

    @pytest.mark.parametrize("by_history", [False, True])
    def test_a_session_deleted_while_it_is_answered_does_not_come_back(
        self, catalog: Catalog, folder: Path, *, by_history: bool
    ) -> None:
        made = desk(catalog, folder, ["It is 4,200 euros.", "In advance."])
        first = made.ask()
        again = Query("When is it due?", "docs", session=first.session, mode="retrieve")
        if by_history:
            again = replace(again, session=None, history=((RENT, first.text),))

        async def answer() -> Answer:
            prepared = await made.answerer.prepare(again)
            catalog.delete_session("default", first.session)
            return await made.answerer.answer(prepared)

        answered = asyncio.run(answer())

        assert (answered.session, answered.text) == (first.session, "In advance.")
        assert catalog.sessions("default") == ()

    def test_words_of_a_client_are_not_kept_once_a_document_was_deleted_meanwhile(
        self, catalog: Catalog, folder: Path
    ) -> None:
        made = desk(catalog, folder, ["It is 4,200 euros."])
        lease = made.document("lease.md")
        told = Query(
            RENT,
            "docs",
            history=(("Whose is the lighthouse?", "The harbour company's."),),
            documents=(lease,),
            mode="retrieve",
        )

        async def answer() -> Answer:
            prepared = await made.answerer.prepare(told)
            made.delete("deed.md")
            return await made.answerer.answer(prepared)

        assert asyncio.run(answer()).text == "It is 4,200 euros."
        assert catalog.sessions("default") == ()

    def test_a_replaced_document_stays_readable_in_its_session(self, catalog: Catalog, folder: Path) -> None:
        made = desk(catalog, folder, ["It is 4,200 euros.", "It was 4,200 euros."])
        session = made.ask().session
        before = made.model.requests[0].messages
        (folder / "lease.md").write_text(LEASE.replace("4,200", "51,000"))
        made.ingest()

        made.ask("And what was it?", session)

        prompt = made.model.requests[-1].messages
        assert prompt[: len(before)] == before
        assert "4,200 euros" in prompt[1].content

    def test_what_does_not_fit_is_refused_before_the_model_is_asked(
        self, catalog: Catalog, folder: Path
    ) -> None:
        made = desk(catalog, folder, [], context=250)

        with pytest.raises(PromptTooLongError):
            made.ask()
        assert made.model.requests == []

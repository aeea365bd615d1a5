"""Questions about the whole over a real catalog: parts are read, findings proven, merged, accounted for."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.mapping import map_rules
from prompts.render import rules
from service.answering import Answerer
from service.answers import Done, PartRead, Planned, Query, Written
from service.generation import Generation, GenerationSettings
from service.library import Library
from service.map_planning import MapPlanner, MapSettings
from service.models.contract import Completion, TokenUsage
from service.models.errors import KeyRejected, ModelBusy
from service.models.providers import PROVIDERS
from service.preparing import Preparer
from service.searching import Searcher
from service.sessions import Sessions
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import write_texts
from tests.fakes.live_service import passages_in
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from pathlib import Path

    from service.answers import Answer, AnswerEvent
    from service.models.contract import ModelEvent, ModelRequest
    from service.models.errors import ModelError
    from tests.fakes.scripted_model import Said

LAWS = ["Delaware", "New York", "Texas", "Ohio", "Nevada", "Utah", "Maine", "Iowa"]
WHICH = "Which of these contracts name a governing law other than New York?"
_LAW = re.compile(r"laws of ([A-Z]\w+(?: York)?)\.")
_FILLER = "The parties shall meet every month in the harbour office to discuss the state of the works. " * 80


def contracts(laws: list[str]) -> dict[str, str]:
    begun = [f"# Contract {n}\n\n{_FILLER}\n\n## Law\n\n" for n in range(1, len(laws) + 1)]
    return {
        f"{n:02}-contract.md": f"{text}It is governed by the laws of {law}.\n"
        for n, (text, law) in enumerate(zip(begun, laws, strict=True), start=1)
    }


def is_part(request: ModelRequest) -> bool:
    return request.messages[0].content == map_rules()


class SlowModel(ScriptedModel):
    """Lets others go on before it answers, as a network does."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        await asyncio.sleep(0.01)
        async for event in super().stream(request):
            yield event


def reader(request: ModelRequest) -> Said:
    """Finds every law that it is shown; as a merger it repeats the notes."""
    shown = passages_in([m.content for m in request.messages if m.role == "user"])
    found = {marker: law[1] for marker, text in shown.items() if (law := _LAW.search(text))}
    wanted = {marker: law for marker, law in found.items() if law != "New York"}
    if not wanted:
        return "NOTHING" if is_part(request) else "The documents do not say."
    return "\n".join(
        f'- It is governed by the laws of {law} [{m} "laws of {law}"].' for m, law in wanted.items()
    )


@dataclass
class Desk:
    """Wired services in reach of a test."""

    answerer: Answerer
    model: ScriptedModel
    library: Library
    settings: MapSettings = field(default_factory=MapSettings)

    def events(self, query: Query) -> list[AnswerEvent]:
        async def collect() -> list[AnswerEvent]:
            prepared = await self.answerer.prepare(query)
            return [event async for event in self.answerer.stream(prepared)]

        return asyncio.run(collect())

    def ask(self, question: str = WHICH, **fields: object) -> Answer:
        done = self.events(Query(question, "docs", **fields))[-1]  # pyright: ignore[reportArgumentType] — a test's shorthand
        assert isinstance(done, Done)
        return done.answer

    def parts_asked(self) -> list[ModelRequest]:
        return [request for request in self.model.requests if is_part(request)]

    def merges_asked(self) -> list[ModelRequest]:
        return [request for request in self.model.requests if not is_part(request)]


@contextmanager
def desk(
    folder: Path,
    texts: dict[str, str],
    script: Callable[[ModelRequest], Said] = reader,
    settings: MapSettings | None = None,
    context: int = 200_000,
) -> Generator[Desk]:
    write_texts(folder / "docs", texts)
    with open_catalog(folder / "catalog.sqlite") as catalog:
        index, library = MemoryIndex(), Library(catalog)
        sessions = Sessions(catalog, library)
        chosen = GenerationSettings("glm-5", context, 500, 2_500, 0.3, thinking=False)
        model = SlowModel(script)
        generation = Generation(model, PROVIDERS["zai"], chosen)
        maps = settings or MapSettings(part_tokens=2_000)
        searcher = Searcher(library, index, WordEmbedder().identity)
        planner = MapPlanner(library, sessions, generation, maps)
        preparer = Preparer(library, searcher, sessions, generation, mapper=planner)
        ingester = Ingester(catalog, index, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [folder / "docs"], largest=2**20, on_progress=lambda _: None)
        yield Desk(Answerer(library, sessions, preparer, generation, maps), model, library, maps)


@pytest.fixture
def made(tmp_path: Path) -> Generator[Desk]:
    with desk(tmp_path, contracts(LAWS)) as opened:
        yield opened


def laws_in(answer: Answer) -> list[str]:
    return [_LAW.findall(f"{citation.place.text}.")[0] for citation in answer.citations]


class TestMap:
    def test_every_document_is_read_and_those_that_answer_are_cited(self, made: Desk) -> None:
        answer = made.ask(mode="map")

        assert answer.plan.mode == "map"
        assert laws_in(answer) == [law for law in LAWS if law != "New York"]
        assert answer.grounded
        assert answer.unresolved == ()
        assert {part.outcome for part in answer.plan.parts} == {"found", "nothing"}
        assert len(made.merges_asked()) == 1

    def test_the_parts_are_told_as_they_are_read(self, made: Desk) -> None:
        events = made.events(Query(WHICH, "docs", mode="map"))

        assert isinstance(events[0], Planned)
        assert {part.outcome for part in events[0].plan.parts} == {"waiting"}
        told = [event for event in events if isinstance(event, PartRead)]
        done = events[-1]
        assert isinstance(done, Done)
        assert sorted((e.part for e in told), key=lambda part: part.number) == list(done.answer.plan.parts)
        assert {event.of for event in told} == {len(told)}
        assert events.index(told[-1]) < min(i for i, e in enumerate(events) if isinstance(e, Written))

    def test_the_answer_cites_the_sources_and_not_what_readers_said(self, made: Desk) -> None:
        made.ask(mode="map")

        [merge] = made.merges_asked()
        user = merge.messages[-1].content
        assert merge.messages[0].content == rules()
        assert "- It is governed by the laws of Delaware" in user
        assert "Nothing was found in: D2 02-contract.md." in user
        assert "laws of New York" not in user
        assert user.endswith(f"\nQuestion: {WHICH}")
        assert set(passages_in([user]).values()) == {
            f"## Law\n\nIt is governed by the laws of {law}." for law in LAWS if law != "New York"
        }

    def test_another_question_shares_the_beginning_of_every_part(self, made: Desk) -> None:
        made.ask(mode="map")
        first = [request.messages for request in made.parts_asked()]
        other = made.ask("Compare the meetings of all contracts.", mode="map")

        second = [request.messages for request in made.parts_asked()[len(first) :]]
        assert len(second) == len(first)
        for one, two in zip(first, second, strict=True):
            assert one[0] == two[0]
            assert one[1].content.split("\nQuestion: ")[0] == two[1].content.split("\nQuestion: ")[0]
        assert other.usage.cached_tokens > 0.8 * other.usage.prompt_tokens
        assert abs(other.usage.predicted_cached_tokens - other.usage.cached_tokens) < (
            0.2 * other.usage.cached_tokens
        )

    def test_all_calls_are_counted(self, made: Desk) -> None:
        answer = made.ask(mode="map")

        calls = [call for call in answer.plan.side_calls if call.purpose == "part"]
        assert len(calls) == len(answer.plan.parts)
        usages = [made.model.cache.serve(prompt_of(request))[0] for request in made.model.requests]
        assert answer.usage.prompt_tokens == sum(usages)
        assert answer.cost.usd is not None
        assert answer.cost.usd > sum(call.usd or 0 for call in calls)
        assert set(answer.cost.alternatives) == {"retrieve", "pin"}
        assert answer.cost.alternatives["retrieve"] < answer.cost.usd / 2

    def test_parts_let_questions_go_first_and_the_merge_does_not(self, made: Desk) -> None:
        made.ask(mode="map")
        assert {request.urgency for request in made.merges_asked()} == {"continued"}
        assert {request.urgency for request in made.parts_asked()} == {"batch"}
        assert all(request.in_turn is not None for request in made.parts_asked())

    def test_a_cheaper_model_may_read(self, tmp_path: Path) -> None:
        settings = MapSettings(part_tokens=2_000, model="glm-4.7")
        with desk(tmp_path, contracts(LAWS), settings=settings) as made:
            answer = made.ask(mode="map")

        assert {request.model for request in made.parts_asked()} == {"glm-4.7"}
        assert {request.model for request in made.merges_asked()} == {"glm-5"}
        assert {call.model for call in answer.plan.side_calls} == {"glm-4.7"}

    def test_what_is_not_proven_is_left_out_and_said(self, tmp_path: Path) -> None:
        def liar(request: ModelRequest) -> Said:
            if not is_part(request):
                return reader(request)
            marker = next(iter(passages_in([m.content for m in request.messages if m.role == "user"])))
            return (
                f'- It is governed by the laws of Mars [{marker} "laws of Mars"].\n'
                "- It is governed by the laws of Venus [D99:1].\n- The law of the sea governs it.\n"
            )

        with desk(tmp_path, contracts(LAWS), liar) as made:
            answer = made.ask(mode="map")

        assert all((part.outcome, part.dropped) == ("nothing", 3) for part in answer.plan.parts)
        assert "Mars" not in made.merges_asked()[0].messages[-1].content
        assert f"{3 * len(answer.plan.parts)} findings could not be proven" in answer.plan.warnings[0]
        assert answer.text == "The documents do not say."


def prompt_of(request: ModelRequest) -> str:
    return "".join(f"<|{message.role}|>{message.content}" for message in request.messages)


class TestFailures:
    def test_a_part_that_fails_is_told_and_the_rest_answers(self, tmp_path: Path) -> None:
        def failing(request: ModelRequest) -> Said:
            if is_part(request) and "laws of Texas" in request.messages[1].content:
                return ModelBusy("too many", code="1305")
            return reader(request)

        with desk(tmp_path, contracts(LAWS), failing) as made:
            answer = made.ask(mode="map")

        [failed] = [part for part in answer.plan.parts if part.outcome == "failed"]
        assert "too many" in failed.detail
        assert any("could not be read: too many" in warning for warning in answer.plan.warnings)
        assert "Could not be read: D3 03-contract.md" in made.merges_asked()[0].messages[-1].content
        assert "Texas" not in laws_in(answer)
        assert "Delaware" in laws_in(answer)

    @pytest.mark.parametrize("error", [ModelBusy("too many"), KeyRejected("no such key")])
    def test_where_all_fail_the_answer_does(self, tmp_path: Path, error: ModelError) -> None:
        with desk(tmp_path, contracts(LAWS), lambda _: error) as made:
            with pytest.raises(type(error)):
                made.ask(mode="map")
            assert made.merges_asked() == []

    def test_a_key_that_is_refused_stops_the_others(self, tmp_path: Path) -> None:
        settings = MapSettings(part_tokens=1_000, parallel=1)
        with desk(tmp_path, contracts(LAWS), lambda _: KeyRejected("no such key"), settings) as made:
            with pytest.raises(KeyRejected):
                made.ask(mode="map")
            assert len(made.parts_asked()) < len(LAWS)

    def test_a_caller_that_leaves_stops_all_parts(self, tmp_path: Path) -> None:
        settings = MapSettings(part_tokens=1_000, parallel=1)
        with desk(tmp_path, contracts(LAWS), settings=settings) as made:

            async def leave() -> None:
                stream = made.answerer.stream(await made.answerer.prepare(Query(WHICH, "docs", mode="map")))
                assert isinstance(await anext(stream), Planned)
                assert isinstance(await anext(stream), PartRead)
                await stream.aclose()
                assert asyncio.all_tasks() == {asyncio.current_task()}

            asyncio.run(leave())
            assert len(made.model.requests) == made.model.closed < len(LAWS)

    def test_a_report_that_is_cut_short_is_told(self, tmp_path: Path) -> None:
        def cut(request: ModelRequest) -> Said:
            said = reader(request)
            if not is_part(request) or not isinstance(said, str):
                return said
            return Completion(said, "", (), "length", TokenUsage(10, 0, 5, 0, reported=True), "glm-5", "r")

        with desk(tmp_path, contracts(LAWS), cut) as made:
            answer = made.ask(mode="map")

        assert "Delaware" in laws_in(answer)
        assert all(part.detail == "the report was cut short" for part in answer.plan.parts)


class TestWhatIsRead:
    def test_a_question_about_the_whole_is_mapped_where_it_does_not_fit(self, tmp_path: Path) -> None:
        with desk(tmp_path, contracts(LAWS), context=11_000) as made:
            answer = made.ask()
            assert answer.plan.mode == "map"
            assert answer.plan.reason.startswith("the question is about the whole: 8 documents are read in")
            assert made.ask("What is the governing law of contract 3?").plan.mode == "retrieve"

    def test_it_is_read_at_once_where_it_fits(self, made: Desk) -> None:
        answer = made.ask()

        assert answer.plan.mode == "pin"
        assert set(answer.cost.alternatives) == {"retrieve", "map"}
        assert laws_in(answer) == [law for law in LAWS if law != "New York"]

    def test_the_caller_decides(self, made: Desk) -> None:
        assert made.ask(mode="retrieve").plan.mode == "retrieve"
        assert made.ask("What is the governing law of contract 3?", mode="map").plan.mode == "map"

    def test_what_is_too_dear_is_not_read_unasked(self, tmp_path: Path) -> None:
        settings = MapSettings(part_tokens=2_000, auto_tokens=10_000)
        with desk(tmp_path, contracts(LAWS), settings=settings) as made:
            answer = made.ask()
            assert answer.plan.mode == "retrieve"
            told = r"all 8 documents are about 1\d,\d\d\d tokens; mode map reads them, for about \$0.01"
            assert re.search(told, answer.plan.warnings[0])
            assert made.ask(mode="map").plan.mode == "map"

    def test_a_summary_reads_the_document_that_is_meant(self, tmp_path: Path) -> None:
        texts = contracts(LAWS) | {
            "09-lighthouse.md": "# Lighthouse\n\n" + "The lighthouse keeper sleeps.\n\n" * 30
        }
        with desk(tmp_path, texts) as made:
            made.ask("Summarise the lighthouse report.")

        asked = made.model.requests[0].messages[1].content
        assert "# D9 09-lighthouse.md" in asked
        assert "# D1 " not in asked

    def test_one_part_is_answered_from_directly(self, tmp_path: Path) -> None:
        with desk(tmp_path, contracts(LAWS[:2]), settings=MapSettings()) as made:
            answer = made.ask(mode="map")
            made.ask(mode="pin")

        assert (answer.plan.mode, answer.plan.parts) == ("map", ())
        assert laws_in(answer) == ["Delaware"]
        first, second = made.model.requests
        assert first.messages == second.messages

    def test_a_small_context_makes_smaller_parts(self, tmp_path: Path) -> None:
        with desk(tmp_path, contracts(LAWS[:3]), context=4_500) as made:
            answer = made.ask(mode="map")

        assert len(answer.plan.parts) > 3
        assert laws_in(answer) == ["Delaware", "Texas"]

    def test_findings_without_room_are_told(self, tmp_path: Path) -> None:
        settings = MapSettings(part_tokens=2_000, merge_tokens=120)
        with desk(tmp_path, contracts(LAWS), settings=settings) as made:
            answer = made.ask(mode="map")

        assert laws_in(answer)[0] == "Delaware"
        assert len(answer.plan.left_out) == len(LAWS) - 1 - len(answer.citations) > 0
        assert "found no room" in answer.plan.warnings[-1]

    def test_an_unknown_price_is_none(self, made: Desk) -> None:
        answer = made.ask(mode="map", model="nobody-knows")
        assert (answer.cost.usd, answer.cost.alternatives) == (None, {})
        assert answer.usage.prompt_tokens > 0

    def test_an_empty_collection_is_no_map(self, tmp_path: Path) -> None:
        with desk(tmp_path, {"a.md": "# A\n\nNothing else.\n"}, settings=MapSettings()) as made:
            record = made.library.catalog.documents("default", "docs", limit=1).documents[0]
            made.library.catalog.delete_document("default", record.id)
            assert made.ask(mode="map").plan.mode == "retrieve"


class TestConversations:
    def test_the_next_question_goes_on_from_the_merge(self, made: Desk) -> None:
        first = made.ask(mode="map")
        [merge] = made.merges_asked()
        second = made.ask("And what of the third one?", session=first.session, mode="retrieve")

        messages = made.model.requests[-1].messages
        assert messages[: len(merge.messages)] == merge.messages
        assert messages[2].role == "assistant"
        assert "[D1:" in messages[2].content
        assert second.plan.mode == "retrieve"
        assert "laws of Delaware" in second.text

    def test_a_map_inside_a_conversation_knows_what_was_said(self, made: Desk) -> None:
        first = made.ask("What is the governing law of contract 3?", mode="retrieve")
        before = made.model.requests[0].messages
        made.ask("And in which of these contracts is it another one?", session=first.session, mode="map")

        part = made.parts_asked()[0].messages[1].content
        assert part.endswith("\nQuestion: And in which of these contracts is it another one?")
        assert "User: What is the governing law of contract 3?\nAssistant: - It is governed" in part
        merge = made.merges_asked()[-1].messages
        assert merge[: len(before)] == before
        assert [message.role for message in merge] == ["system", "user", "assistant", "user"]

    def test_one_part_adds_what_the_conversation_lacks(self, tmp_path: Path) -> None:
        with desk(tmp_path, contracts(LAWS[:3]), settings=MapSettings()) as made:
            first = made.ask("What is the governing law of contract 3?", mode="retrieve")
            before = made.model.requests[0].messages
            made.ask("Compare all contracts.", session=first.session)
            messages = made.model.requests[-1].messages
            assert messages[: len(before)] == before
            shown = passages_in([message.content for message in messages if message.role == "user"])
            assert sum("laws of" in text for text in shown.values()) == 3

            third = made.ask("And compare all contracts again.", session=first.session)
            assert third.plan.mode == "retrieve"
            assert "Passages:" not in made.model.requests[-1].messages[-1].content

"""Forty real contracts, read in parts by a reader that finds every labelled clause in what it is shown."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr

from ingest.catalog.catalog import open_catalog
from prompts.mapping import map_rules
from service.access.budgets import Budgets
from service.answering import Answerer
from service.answers import Query
from service.audit import Audit
from service.chores import Chores
from service.egress import Egress
from service.egress_policy import EgressPolicy
from service.generation import Generation, GenerationSettings
from service.jobs.originals import Originals
from service.ledger import Ledger
from service.library import Library
from service.map_planning import MapPlanner, MapSettings
from service.models.openai_client import OpenAIModel
from service.models.providers import PROVIDERS
from service.observing import Observer
from service.preparing import Preparer
from service.searching import Searcher
from service.services import Services
from service.sessions import Sessions
from service.settings import Settings
from service.warming import Warmer
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Reply
from tests.fakes.live_service import LiveService, live, passages_of, served
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.page_images import page_images
from tests.fakes.prefix_cache import count_tokens
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

WITH, WITHOUT = 34, 6
"""Contracts that name a law, and that name none."""
LONGEST = 50_000
"""Code points: not all of CUAD's longest, so that the test stays quick."""
PART_TOKENS = 10_000
"""Less than by default, so that there are about as many parts as contracts."""
LEAST_CHARACTERS = 1_000_000
WHICH = "Which of these contracts name a governing law other than New York, and where?"
UNTIL = "Which of these contracts say when they expire, and where?"
_WINDOW = 12
"""Words of a labelled clause that the reader quotes."""
_HEADING = re.compile(r"^# D(\d+) (\S+)", re.MULTILINE)
INPUT, CACHED, OUTPUT = 1.00, 0.20, 3.20
"""Dollars per million tokens of glm-5."""


@dataclass(frozen=True)
class Contracts:
    """Texts by file name, and the labelled clauses of each, for two questions."""

    texts: dict[str, str]
    gold: dict[str, dict[str, list[tuple[int, int]]]]
    """By question, then by file name."""

    def words_of(self, question: str, name: str) -> list[str]:
        return [" ".join(self.texts[name][start:end].split()) for start, end in self.gold[question][name]]


def load(longest: int) -> Contracts:
    labelled: dict[str, dict[str, list[tuple[int, int]]]] = {WHICH: {}, UNTIL: {}}
    asked = {"Governing Law": WHICH, "Expiration Date": UNTIL}
    for line in shared("cuad/queries.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["category"] in asked:
            spans = [(gold["start"], gold["end"]) for gold in row["gold"]]
            labelled[asked[row["category"]]][row["doc_id"]] = spans
    lines = shared("cuad/documents.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if len(row["text"]) <= longest]
    named = [row for row in rows if row["doc_id"] in labelled[WHICH]][:WITH]
    silent = [row for row in rows if row["doc_id"] not in labelled[WHICH]][:WITHOUT]
    chosen = {f"{n:02}.txt": row for n, row in enumerate([*named, *silent], start=1)}
    texts = {name: row["text"] for name, row in chosen.items()}
    gold = {
        question: {name: by_id.get(row["doc_id"], []) for name, row in chosen.items()}
        for question, by_id in labelled.items()
    }
    for name, spans in gold[WHICH].items():
        gold[WHICH][name] = [(a, b) for a, b in spans if "New York" not in " ".join(texts[name][a:b].split())]
    return Contracts(texts, gold)


@dataclass
class Reader:
    """Finds the labelled clauses in what it is shown; asked for the answer, it repeats all notes."""

    contracts: Contracts
    fails_on: str = ""
    """The marker of a passage whose part is refused."""
    replies: int = 0
    """Code points written."""

    def __call__(self, request: Recorded) -> Step:
        if request.messages[0]["content"] != map_rules():
            said = "\n".join(re.findall(r"^- .*$", request.question.split("\nNotes:\n")[1], re.MULTILINE))
            return self._say(said or "The documents do not say.")
        named = dict(_HEADING.findall(request.question))
        if self.fails_on and f"\n[{self.fails_on}] " in request.question:
            return ErrorReply(400, code="1301", message="filtered")
        question = request.question.rsplit("\nQuestion: ", 1)[1]
        return self._say("\n".join(self._found(request, question, named)) or "NOTHING")

    def _found(self, request: Recorded, question: str, named: dict[str, str]) -> Iterator[str]:
        for marker, text in passages_of(request).items():
            name = named[marker[1:].split(":")[0]]
            shown = " ".join(text.split())
            for words in self.contracts.words_of(question, name):
                quote = next((window for window in windows(words) if window in shown), None)
                if quote:
                    yield f'- {name} says "{quote}" [{marker} "{quote}"].'

    def _say(self, said: str) -> Reply:
        self.replies += count_tokens(said)
        return Reply(said, chunk=400)


def windows(words: str) -> Iterator[str]:
    split = words.split()
    for first in range(max(len(split) - _WINDOW, 0) + 1):
        yield " ".join(split[first : first + _WINDOW])


@contextmanager
def quick_service(glm5: Glm5Server, data: Path) -> Generator[LiveService]:
    """The service over a real catalog and real sockets, with an index that embeds nothing."""
    with open_catalog(data / "catalog.sqlite") as catalog:
        index, library, embedder = MemoryIndex(), Library(catalog), WordEmbedder()
        sessions = Sessions(catalog, library)
        client = OpenAIModel(PROVIDERS["zai"], base_url=glm5.base_url, api_key="key")
        chosen = GenerationSettings("glm-5", None, 8_192, 2_500, 0.3, thinking=False)
        generation = Generation(client, PROVIDERS["zai"], chosen, close=client.close)
        maps = MapSettings(part_tokens=PART_TOKENS)
        searcher = Searcher(library, index, embedder.identity)
        mapper = MapPlanner(library, sessions, generation, maps)
        preparer = Preparer(library, searcher, sessions, generation, mapper=mapper)
        answerer = Answerer(library, sessions, preparer, generation, maps)
        settings = Settings(data=data)
        ledger = Ledger(catalog, days=1, traits=lambda _: PROVIDERS["zai"].cache)
        services = Services(
            settings,
            catalog,
            index,
            embedder,
            library,
            searcher,
            answerer,
            generation,
            Originals(data),
            ledger,
            Warmer(preparer, generation),
            page_images(catalog, Originals(data)),
            Chores(None),
            Audit(catalog, days=1),
            Egress(catalog, EgressPolicy.parse("any"), Audit(catalog, days=1)),
            Observer(),
            Budgets(catalog, ledger, lambda _: None),
        )
        with served(services) as url, httpx2.Client(base_url=url, timeout=120, trust_env=False) as http:
            yield LiveService(services, http, url)


@contextmanager
def whole_service(glm5: Glm5Server, data: Path) -> Generator[LiveService]:
    """As it is installed: embedded index, embedded encoder."""
    settings = Settings(
        data=data,
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        answer_tokens=8_192,
    )
    with live(settings) as service:
        yield service


def assert_all_cited(
    answer: Mapping[str, Any], contracts: Contracts, question: str, *, but: set[str] | None = None
) -> None:
    """Every contract with a labelled clause is cited inside of it, and none without one."""
    wanted = {name for name, spans in contracts.gold[question].items() if spans} - (but or set())
    assert {citation["path"] for citation in answer["citations"]} == wanted
    for citation in answer["citations"]:
        spans = contracts.gold[question][citation["path"]]
        start, end = citation["start_char"], citation["end_char"]
        assert any(start < stop and begin < end for begin, stop in spans), citation
        assert citation["cited_text"] == contracts.texts[citation["path"]][start:end]
        assert citation["quoted"] in {"exact", "normalized"}
    assert answer["unresolved"] == []


def formula(service: LiveService, question: str, answer: Any, written: int) -> float:  # noqa: ANN401 — JSON
    """D·x + m(q·p + a·o) + merge, in dollars: nothing is in the cache but the rules, once they were read."""
    prepared = asyncio.run(service.services.answerer.prepare(Query(question, "default", mode="map")))
    assert prepared.mapped is not None
    parts = prepared.mapped.parts
    documents = sum(count_tokens(planned.part.text) for planned in parts)
    rules, asked = count_tokens(map_rules()), count_tokens(parts[0].prompt.blocks[-1].text)
    merge = sum(s["tokens"] for s in answer["plan"]["segments"] if not s["name"].startswith("part "))
    first = (documents + len(parts) * asked + rules + merge) * INPUT
    return (first + (len(parts) - 1) * rules * CACHED + written * OUTPUT) / 1e6


def ask_twice(service: LiveService, reader: Reader, folder: Path) -> None:
    """Both questions, and what they cost."""
    contracts = reader.contracts
    report = service.ingest(folder)
    assert len(report.indexed) == len(contracts.texts)

    events = service.events(WHICH)  # auto: it is about the whole, and does not fit

    first = events[-1][1]
    assert events[-1][0] == "done"
    assert first["plan"]["mode"] == "map"
    parts = [body for name, body in events if name == "part"]
    assert sorted(body["number"] for body in parts) == list(range(1, len(first["plan"]["parts"]) + 1))
    assert_all_cited(first, contracts, WHICH)
    assert first["cost"]["usd"] == pytest.approx(formula(service, WHICH, first, reader.replies), rel=0.05)
    assert first["cost"]["alternatives"].keys() == {"retrieve"}

    second = service.ask(UNTIL)

    assert second["plan"]["mode"] == "map"
    assert_all_cited(second, contracts, UNTIL)
    assert second["cost"]["usd"] <= 0.3 * first["cost"]["usd"]
    foretold = second["usage"]["predicted_cached_tokens"] / second["usage"]["prompt_tokens"]
    assert foretold == pytest.approx(second["cost"]["cached_ratio"], abs=0.02)


def written(contracts: Contracts, folder: Path) -> Path:
    assert sum(map(len, contracts.texts.values())) >= LEAST_CHARACTERS
    write_texts(folder, contracts.texts)
    return folder


@needs_shared
def test_a_question_about_forty_contracts(tmp_path: Path) -> None:
    contracts = load(LONGEST)
    reader = Reader(contracts)
    with Glm5Server(reader) as glm5, quick_service(glm5, tmp_path) as service:
        ask_twice(service, reader, written(contracts, tmp_path / "docs"))

        # A part that fails is told, and the others answer.
        reader.fails_on = "D12:1"
        answer = service.ask(WHICH)

        failed = [part for part in answer["plan"]["parts"] if part["outcome"] == "failed"]
        assert [part["detail"] for part in failed] == ["filtered (code 1301)"]
        lost = {f"{number:02}.txt" for number in numbers_of(failed[0])}
        assert "12.txt" in lost
        assert_all_cited(answer, contracts, WHICH, but=lost)
        assert any("could not be read" in warning for warning in answer["plan"]["warnings"])


def numbers_of(part: dict[str, Any]) -> range:
    """Documents of a part; those of this test are numbered as their files are."""
    first, last = (int(part[end].removeprefix("D").split(":")[0]) for end in ("first", "last"))
    return range(first, last + 1)


@needs_shared
@pytest.mark.slow
def test_the_same_as_it_is_installed_and_about_the_longest(tmp_path: Path) -> None:
    contracts = load(1_000_000)
    reader = Reader(contracts)
    with Glm5Server(reader) as glm5, whole_service(glm5, tmp_path / "data") as service:
        ask_twice(service, reader, written(contracts, tmp_path / "docs"))

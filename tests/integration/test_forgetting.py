"""Deleting everywhere, where something of it fails."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ingest.errors import Gone, IndexUnavailable, UnknownName, UnsupportedStore
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.reading import read
from ingest.repairing import stray_versions
from ingest.sandbox import InlineParser
from prompts.tool_results import PassagesFound
from service.answers import Query
from service.cli import cli
from service.generation import Generation, GenerationSettings
from service.jobs.worker import Worker, tidy
from service.models.providers import PROVIDERS
from service.preparing import Preparer
from service.searching import Searcher
from service.sessions import Sessions, StoredTurn
from service.settings import Settings
from service.toolbox import Toolbox
from service.wiring import open_services
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import write_texts
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.model import Scope
    from ingest.store.contract import Point
    from prompts.model import PromptPassage
    from service.searching import Evidence
    from service.services import Services


ASKED = "rent, trains, budget"
"""Words of several documents."""


class DeafIndex(MemoryIndex):
    """Forgets nothing until it hears again."""

    deaf = True

    def delete_scope(self, scope: Scope) -> None:
        if self.deaf:
            raise IndexUnavailable("the index does not answer")
        super().delete_scope(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        if self.deaf:
            raise IndexUnavailable("the index does not answer")
        super().delete_documents(scope, documents)


class InterruptedIndex(MemoryIndex):
    """Lets something happen before each write."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        self._meanwhile()
        super().upsert(scope, points)


def ingest(catalog: Catalog, index: MemoryIndex, folder: Path, collection: str = "docs") -> None:
    ingester = Ingester(catalog, index, WordEmbedder(), InlineParser(read))
    ingester.ingest("default", collection, [folder], largest=2**20, on_progress=lambda _: None)


def test_a_collection_is_there_to_be_deleted_until_the_index_has_forgotten_it(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = DeafIndex()
    with open_services(Settings(data=tmp_path / "data")) as wired:
        services = replace(wired, index=index)
        ingest(services.catalog, index, tmp_path / "docs")

        with pytest.raises(IndexUnavailable):
            services.delete_collection("default", "docs")
        services.catalog.collection("default", "docs")

        index.deaf = False
        services.delete_collection("default", "docs")

        assert index.contents == {}
        with pytest.raises(UnknownName):
            services.catalog.collection("default", "docs")


def test_what_is_deleted_while_it_is_ingested_leaves_no_points(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", {"lease.md": "# Lease\n\nThe rent is 4,200 euros.\n"})
    with open_services(Settings(data=tmp_path / "data")) as services:
        catalog = services.catalog

        def delete() -> None:
            if catalog.collections("default"):
                catalog.delete_collection("default", "docs")

        index = InterruptedIndex(delete)

        with pytest.raises(UnknownName):
            ingest(catalog, index, tmp_path / "docs")

        assert index.contents == {}


class PublishingIndex(MemoryIndex):
    """Lets a version be begun, and another published, while it counts."""

    meanwhile: Callable[[], object] | None = None

    def counts(self, scope: Scope) -> Mapping[int, int]:
        counted = super().counts(scope)
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        return counted


def test_a_deletion_that_was_cut_short_comes_to_its_end_at_the_next_start(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = MemoryIndex()
    with open_services(Settings(data=tmp_path / "data")) as wired:
        services = replace(wired, index=index)
        ingest(services.catalog, index, tmp_path / "docs")
        [first, *others] = services.catalog.documents("default", "docs", limit=100).documents
        collection = services.catalog.collection("default", "docs")
        services.catalog.delete_document("default", first.id)
        assert stray_versions(services.catalog, index, collection) == [first.version.number]

        tidy(services)

        for scope in (collection.scope, collection.scope.openings):
            assert index.counts(scope).keys() == {each.version.number for each in others}


def test_an_index_that_does_not_answer_forgets_once_it_does(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = DeafIndex()
    with open_services(Settings(data=tmp_path / "data")) as wired:
        services = replace(wired, index=index)
        ingest(services.catalog, index, tmp_path / "docs")
        [first, *others] = services.catalog.documents("default", "docs", limit=100).documents
        worker = Worker(services)
        worker.start()
        try:
            with pytest.raises(IndexUnavailable):
                services.delete_document("default", first.id)
            index.deaf = False
            worker.wake()
            scope = services.catalog.collection("default", "docs").scope
            deadline = time.monotonic() + 30
            while set(index.counts(scope)) != {each.version.number for each in others}:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            worker.stop()


class UncountedIndex(MemoryIndex):
    """Once it is large, cannot count one collection."""

    large = False

    def counts(self, scope: Scope) -> Mapping[int, int]:
        if self.large and scope.collection == "docs":
            raise UnsupportedStore("too large to be counted")
        return super().counts(scope)


def test_a_collection_that_cannot_be_counted_holds_up_no_other(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = UncountedIndex()
    with open_services(Settings(data=tmp_path / "data")) as wired:
        services = replace(wired, index=index)
        for name in ("docs", "others"):
            ingest(services.catalog, index, tmp_path / "docs", name)
        index.large = True
        [first, *_] = services.catalog.documents("default", "others", limit=100).documents
        services.catalog.delete_document("default", first.id)

        assert tidy(services)

        others = services.catalog.collection("default", "others")
        assert stray_versions(services.catalog, index, others) == []


def test_what_is_published_meanwhile_is_no_stray(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = PublishingIndex()
    with open_services(Settings(data=tmp_path / "data")) as services:
        ingest(services.catalog, index, tmp_path / "docs")
        (tmp_path / "docs" / "new.md").write_text("# Lease\n\nThe rent is 4,200 euros.\n", encoding="utf-8")
        index.meanwhile = lambda: ingest(services.catalog, index, tmp_path / "docs")

        assert stray_versions(services.catalog, index, services.catalog.collection("default", "docs")) == []


def test_recognised_pages_are_forgotten_when_an_ingest_has_ended(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", {"lease.md": "# Lease\n\nThe rent is 4,200 euros.\n"})
    write_texts(tmp_path / "recognised", {"0123": "a page of a scan that was interrupted"})
    with open_services(Settings(data=tmp_path / "data")) as services:
        options = ReadingOptions(recognised=tmp_path / "recognised")
        parser = InlineParser(read, options)
        ingester = Ingester(services.catalog, MemoryIndex(), WordEmbedder(), parser, options)
        ingester.ingest("default", "docs", [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
    assert list((tmp_path / "recognised").iterdir()) == []


class Interrupted(Searcher):
    """Lets something happen between what a search finds and its reading."""

    meanwhile: Callable[[], object] | None = None

    def passages(self, found: Iterable[Evidence]) -> list[PromptPassage]:
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        return super().passages(found)


def test_a_search_is_made_anew_where_what_it_found_is_deleted_before_it_is_read(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs")
    index = MemoryIndex()
    with open_services(Settings(data=tmp_path / "data")) as wired:
        ingest(wired.catalog, index, tmp_path / "docs")
        services = replace(wired, index=index)
        searcher = Interrupted(wired.library, index, WordEmbedder().identity)
        collection = wired.catalog.collection("default", "docs")
        whole = searcher.search(collection, "rent", documents=None, limit=50)
        doomed = whole[0].document
        searcher.meanwhile = lambda: services.delete_document("default", doomed.id)

        left = searcher.search(collection, "rent", documents=None, limit=50)

    assert doomed.id not in {hit.document.id for hit in left}
    assert {hit.document.id for hit in left} == {hit.document.id for hit in whole} - {doomed.id}


class TestDeletedBeforeItIsRead:
    """A document that a search has found is deleted before it is read."""

    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        write_texts(tmp_path / "docs")
        index = MemoryIndex()
        with open_services(Settings(data=tmp_path / "data")) as wired:
            ingest(wired.catalog, index, tmp_path / "docs")
            services = replace(wired, index=index)
            yield replace(services, searcher=Interrupted(services.library, index, WordEmbedder().identity))

    def test_a_question_is_answered_by_what_is_left(self, services: Services) -> None:
        doomed = delete_in_between(services)

        prepared = preparer(services).prepare(Query(ASKED, "docs"))

        assert prepared.found
        assert doomed not in {evidence.version.document for evidence in prepared.found}

    def test_so_it_is_where_a_model_answers(self, services: Services) -> None:
        doomed = delete_in_between(services)

        prepared = preparer(services, generation()).prepare(Query(ASKED, "docs", mode="retrieve"))

        shown = {services.catalog.version("default", "docs", p.document) for p in prepared.plan.passages}
        assert shown
        assert doomed not in {version.document for version in shown}

    def test_a_document_that_was_named_is_gone(self, services: Services) -> None:
        doomed = delete_in_between(services)

        with pytest.raises(Gone):
            preparer(services).prepare(Query(ASKED, "docs", documents=(doomed,)))

    def test_a_conversation_that_shows_it_is_gone(self, services: Services) -> None:
        model = generation()
        sessions = Sessions(services.catalog, services.library)
        first = preparer(services, model).prepare(Query(ASKED, "docs", mode="retrieve"))
        turn = StoredTurn("rent", "Rent?", "So.", tuple((p.document, p.number) for p in first.plan.passages))
        sessions.save(first.collection, replace(first.session, turns=(turn,)))
        delete_in_between(services)

        with pytest.raises(Gone):
            preparer(services, model).prepare(Query(ASKED, "docs", session=first.session.id, mode="retrieve"))

    def test_a_clients_history_of_it_goes_on_as_the_clients_words(self, services: Services) -> None:
        model = generation()
        sessions = Sessions(services.catalog, services.library)
        first = preparer(services, model).prepare(Query(ASKED, "docs", mode="retrieve"))
        shown = tuple((p.document, p.number) for p in first.plan.passages)
        turn = StoredTurn("Rent?", "Rent?", "So.", shown, shown="So.")
        sessions.save(first.collection, replace(first.session, turns=(turn,)))
        doomed = delete_in_between(services)
        asked = Query(ASKED, "docs", history=(("Rent?", "So."),), mode="retrieve")

        prepared = preparer(services, model).prepare(asked)

        assert prepared.session.id != first.session.id
        assert doomed not in {evidence.version.document for evidence in prepared.found}

    def test_an_agents_search_is_made_anew(self, services: Services) -> None:
        doomed = delete_in_between(services)
        collection = services.catalog.collection("default", "docs")
        toolbox = Toolbox(services.library, services.searcher, collection, None)

        found = toolbox.use("search_documents", '{"query": "rent trains budget"}', Event())

        assert isinstance(found, PassagesFound)
        held = {services.catalog.version("default", "docs", p.document).document for p in found.passages}
        assert held
        assert doomed not in held


def delete_in_between(services: Services) -> str:
    """Have the document that the next search finds first deleted before it is read; gives its id."""
    collection = services.catalog.collection("default", "docs")
    doomed = services.searcher.evidence(collection, ASKED)[0].version.document
    searcher = services.searcher
    assert isinstance(searcher, Interrupted)
    searcher.meanwhile = lambda: services.delete_document("default", doomed)
    return doomed


def preparer(services: Services, generation: Generation | None = None) -> Preparer:
    sessions = Sessions(services.catalog, services.library)
    return Preparer(services.library, services.searcher, sessions, generation)


def generation() -> Generation:
    chosen = GenerationSettings("glm-5", 20_000, 200, 2_500, 0.3, thinking=False)
    return Generation(ScriptedModel([]), PROVIDERS["zai"], chosen)


def test_a_file_that_could_not_be_read_is_forgotten_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(tmp_path / "docs", {"lease.md": "# Lease\n\nThe rent is 4,200 euros.\n"})
    (tmp_path / "docs" / "broken.pdf").write_bytes(b"%PDF-1.4 no pages")
    monkeypatch.setenv("LECTERN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        return CliRunner().invoke(cli, list(arguments)).output

    run("ingest", "docs")
    listed = run("documents")
    lease = json.loads(run("documents", "--json"))["documents"][0]["id"]
    deleted = run("documents", "delete", "broken.pdf", "-c", "default")
    deleted += run("documents", "delete", lease, "-c", "nowhere")
    entries = json.loads(run("audit", "--json"))["entries"]

    assert "broken.pdf: " in listed
    assert deleted == "deleted broken.pdf\ndeleted lease.md\n"
    assert run("documents") == ""
    assert [entry["action"] for entry in entries[:2]] == ["delete_document", "delete_failure"]
    assert (tmp_path / "docs" / "broken.pdf").exists()

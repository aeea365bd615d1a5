"""The index copied between Edge and a Qdrant server, with its catalog; and what the command refuses."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from ingest.catalog.audit_records import AuditWanted
from ingest.errors import IndexUnavailable
from ingest.index import LocalIndex, Question
from ingest.migrating import Migration
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from ingest.store.comparing import differing, read_all
from ingest.store.layout import ServerAddress
from ingest.store.retrying import AT_ONCE, Patience, Retrying
from ingest.store.server_names import connect_all
from service.cli import cli
from service.edge_index import open_shards
from service.ingest_lock import holding
from service.migrating import WrongPlaces, migrate, rebuild
from service.settings import Settings
from service.wiring import open_catalog_of
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.qdrant_rest import Failure, QdrantRest
from tests.fakes.workshop import LARGEST, opened

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.migrating import MigrationReport
    from ingest.model import Hit
    from ingest.store.comparing import PointHolder
    from ingest.store.contract import Store
    from ingest.store.lengths import StoreOfLengths
    from tests.fakes.workshop import Workshop

FEW = {name: TEXTS[name] for name in ("lease.md", "policy.txt", "code/ledger.py", "settings.yaml")}
QUESTIONS = ("What is the monthly rent?", "book trains", "class Ledger post", "retries timeout_seconds")


@pytest.fixture
def server(tmp_path: Path) -> Generator[QdrantRest]:
    with QdrantRest(tmp_path / "server") as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path) -> Generator[Workshop]:
    write_texts(tmp_path / "docs", FEW)
    with opened(tmp_path / "docs", tmp_path / "data") as made:
        yield made


def filled(workshop: Workshop, folder: Path) -> StoreOfLengths:
    store = open_shards(folder, 8)
    ingest(workshop, store)
    return store


def ingest(workshop: Workshop, store: Store) -> None:
    index = LocalIndex(store, WordEmbedder())
    ingester = Ingester(workshop.catalog, index, WordEmbedder(), InlineParser(read))
    ingester.ingest("default", "docs", [workshop.folder], largest=LARGEST, on_progress=lambda _: None)


def copy(workshop: Workshop, source: PointHolder, target: PointHolder) -> MigrationReport:
    migration = Migration(workshop.catalog, source, target, on_progress=lambda _: None)
    migration.copy()
    return migration.settle()


def hits(workshop: Workshop, store: Store) -> list[list[Hit]]:
    index, scope = LocalIndex(store, WordEmbedder()), workshop.collection.scope
    return [index.search(scope, Question(asked), documents=None, limit=9) for asked in QUESTIONS]


def assert_same(workshop: Workshop, one: Store, other: Store) -> None:
    scope = workshop.collection.scope
    numbers = list(workshop.catalog.manifest(workshop.collection))
    assert numbers
    for part in (scope, scope.openings):
        ours, theirs = read_all(one, part, numbers), read_all(other, part, numbers)
        assert len(ours) == len(theirs) >= len(numbers)
        assert differing(ours, theirs) == differing(theirs, ours) == []
    found = hits(workshop, one)
    assert found == hits(workshop, other)
    assert all(found)


def test_from_edge_to_a_server_and_back(workshop: Workshop, server: QdrantRest, tmp_path: Path) -> None:
    address = ServerAddress(server.url, retrying=Retrying(AT_ONCE))
    with (
        closing(filled(workshop, tmp_path / "edge")) as edge,
        closing(connect_all(address, dimensions=8)) as there,
        closing(open_shards(tmp_path / "back", 8)) as back,
    ):
        report = copy(workshop, edge, there)

        assert (report.copied_documents, report.lacking) == (len(FEW), ())
        assert_same(workshop, edge, there)
        assert copy(workshop, there, back).copied_points == report.copied_points
        assert_same(workshop, edge, back)
        again = copy(workshop, edge, there)
        assert (again.copied_documents, again.kept_documents) == (0, len(FEW))


@pytest.mark.parametrize("answered", [3, pytest.param(6, marks=pytest.mark.slow)])
def test_a_server_that_goes_away_in_the_middle(
    workshop: Workshop, server: QdrantRest, tmp_path: Path, answered: int
) -> None:
    address = ServerAddress(server.url, retrying=Retrying(AT_ONCE))
    with (
        closing(filled(workshop, tmp_path / "edge")) as edge,
        closing(connect_all(address, dimensions=8)) as there,
    ):
        server.dies_after = answered
        with pytest.raises(IndexUnavailable):
            copy(workshop, edge, there)
        server.dies_after = None

        assert copy(workshop, edge, there).lacking == ()
        assert_same(workshop, edge, there)


def test_a_server_that_is_busy_now_and_then_is_waited_for(
    workshop: Workshop, server: QdrantRest, tmp_path: Path
) -> None:
    address = ServerAddress(server.url, retrying=Retrying(Patience(first_delay=0.001)))
    with (
        closing(filled(workshop, tmp_path / "edge")) as edge,
        closing(connect_all(address, dimensions=8)) as there,
    ):
        server.failures.extend([Failure(503), Failure(0)])
        copy(workshop, edge, there)
        assert_same(workshop, edge, there)


def test_what_cannot_be_is_named(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with pytest.raises(WrongPlaces, match="name two places"):
        migrate(settings, "embedded", "embedded", on_progress=lambda _: None)
    with pytest.raises(WrongPlaces, match="name two places"):
        migrate(settings, "http://q:1/", "http://q:1", on_progress=lambda _: None)
    with pytest.raises(WrongPlaces, match="no layout"):
        rebuild(settings, on_progress=lambda _: None)
    with pytest.raises(WrongPlaces, match="nothing to copy"):
        migrate(settings, "embedded", "http://127.0.0.1:9", on_progress=lambda _: None)


def test_the_command_takes_one_place_and_no_ingest_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LECTERN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for arguments, words in (
        ((), "name one place"),
        (("embedded", "--rebuild"), "name one place"),
        (("--rebuild", "--from", "embedded"), "name one place"),
        (("qdrant:6333",), "must be 'embedded' or the URL"),
    ):
        ran = CliRunner().invoke(cli, ["migrate", *arguments])
        assert (ran.exit_code, words in ran.output) == (2, True)
    settings = Settings(data=tmp_path / "data")
    with open_catalog_of(settings), holding(settings.data, "ingest"):
        busy = CliRunner().invoke(cli, ["migrate", "http://127.0.0.1:9"])
    assert "another ingest is at work" in str(busy.exception)


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_from_server_to_server_each_with_its_own_key(
    tmp_path: Path, server: QdrantRest, workshop: Workshop
) -> None:
    with closing(connect_all(ServerAddress(server.url), dimensions=8)) as store:
        ingest(workshop, store)
        settings = Settings(
            data=tmp_path / "data", qdrant_url=server.url, qdrant_api_key=SecretStr("old"), qdrant_shards=2
        )
        with QdrantRest(tmp_path / "other") as other:
            server.requests.clear()
            report = migrate(settings, server.url, other.url, on_progress=lambda _: None)
            assert {request.key for request in other.requests} == {None}
            assert {request.key for request in server.requests} == {"old"}
            other.requests.clear()
            migrate(settings, server.url, other.url, key="new", on_progress=lambda _: None)
            assert {request.key for request in other.requests} == {"new"}
            assert other.made("lectern").shard_number == 2
            with closing(connect_all(ServerAddress(other.url), dimensions=8)) as there:
                assert_same(workshop, store, there)
    assert (report.copied_documents, server.made("lectern").shard_number) == (len(FEW), None)
    entries = workshop.catalog.audit("default", AuditWanted())
    assert [(line.entry.action, line.entry.subject, line.entry.outcome) for line in entries] == [
        ("migrate", "127.0.0.1", "ok")
    ] * 2


def test_a_rebuild_swaps_what_serves(tmp_path: Path, server: QdrantRest, workshop: Workshop) -> None:
    settings = Settings(data=tmp_path / "data", qdrant_url=server.url, qdrant_shards=3)
    with closing(connect_all(ServerAddress(server.url), dimensions=8)) as store:
        ingest(workshop, store)
        before = hits(workshop, store)

        report = rebuild(settings, on_progress=lambda _: None)

        assert (report.documents, report.lacking) == (len(FEW), ())
        assert (server.names, server.made("lectern").shard_number) == ({"lectern-v1"}, 3)
        assert hits(workshop, store) == before


@pytest.mark.parametrize("rebuilt", [True, False])
def test_nothing_of_another_catalog_is_lost(
    tmp_path: Path, server: QdrantRest, workshop: Workshop, *, rebuilt: bool
) -> None:
    settings = Settings(data=tmp_path / "data", qdrant_url=server.url, qdrant_shards=3)
    work = partial(rebuild, settings) if rebuilt else partial(migrate, settings, "embedded", server.url)
    with closing(connect_all(ServerAddress(server.url), dimensions=8)) as store:
        ingest(workshop, store)
        scope = workshop.collection.scope
        known = store.read_points(scope, [1]).points
        store.upsert(replace(scope, tenant="strangers"), known)

        with pytest.raises(WrongPlaces, match="1 places that this catalog does not know"):
            work(on_progress=lambda _: None)

        assert server.names == {"lectern"}
        assert store.counts(replace(scope, tenant="strangers")) == {1: len(known)}

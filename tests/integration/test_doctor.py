"""``lectern doctor``: each thing is broken, named and, where it can be, mended."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from pydantic import SecretStr

from ingest.catalog.job_records import JobRequest
from ingest.embedding import check_vector
from ingest.errors import EmbeddingFailed
from ingest.model import Role
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.repairing import Repairer
from ingest.sandbox import InlineParser
from ingest.store.contract import SparseVector
from ingest.verifying import Verifier
from service import comparing, configuration, diagnosis, reachability
from service.access.keys import make_key
from service.jobs.owner import this_process
from service.running import announced
from service.setting_groups.models import FallbackProvider
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.command_line import CommandLine
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, TEXTS, write_texts
from tests.fakes.live_service import live_in_memory
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ingest.store.contract import Point
    from service.diagnosis import Finding
    from service.services import Services


def states(findings: Iterable[Finding], check: str) -> list[str]:
    return [finding.state for finding in findings if finding.check == check]


def details(findings: Iterable[Finding], check: str) -> str:
    return " ".join(f"{finding.detail} {finding.advice}" for finding in findings if finding.check == check)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with live_in_memory(Settings(data=tmp_path / "data")) as service:
        yield service.services


unix = pytest.mark.skipif(sys.platform == "win32", reason="rights of files are Unix's")


class TestSettings:
    def said(self, services: Services, **settings: object) -> list[Finding]:
        chosen = Settings.model_validate({"data": services.settings.data, **settings})
        return list(configuration.check_settings(chosen, services.catalog))

    def test_all_is_well(self, services: Services) -> None:
        assert [(f.check, f.state) for f in self.said(services)] == [("access", "ok")]

    def test_open_to_others_without_a_key(self, services: Services) -> None:
        assert states(self.said(services, host="0.0.0.0"), "access") == ["wrong"]
        assert states(self.said(services, host="0.0.0.0", access_key="k"), "access") == ["ok"]
        make_key(services.catalog, "acme", "one")
        assert states(self.said(services, host="0.0.0.0"), "access") == ["ok"]

    def test_a_key_of_metrics_that_opens_all(self, services: Services) -> None:
        said = self.said(services, metrics_key="same", access_key="same")

        assert states(said, "access") == ["wrong"]
        assert "same" not in details(said, "access").replace("is the access key", "")
        assert states(self.said(services, metrics_key="one", access_key="other"), "access") == ["ok"]

    def test_content_in_the_log_is_named_loudly(self, services: Services) -> None:
        said = self.said(services, log_content=True)

        assert states(said, "log") == ["wrong"]
        assert "THE LOG HOLDS" in details(said, "log")

    def test_text_that_travels_unencrypted(self, services: Services) -> None:
        said = self.said(
            services,
            embeddings_base_url="http://far.example/v1",
            embeddings_api_key="k",
            llm_base_url="https://x.example",
        )
        assert "text and key go to far.example" in details(said, "embeddings_base_url")
        assert states(said, "llm_base_url") == []
        near = self.said(services, embeddings_base_url="http://127.0.0.1:9/v1")
        assert states(near, "embeddings_base_url") == []

    def test_a_price_that_nobody_knows(self, services: Services) -> None:
        model = {"llm_api_key": "k", "llm_model": "glm-900"}
        assert states(self.said(services, **model), "prices") == ["note"]
        priced = {"glm-900": {"input": 1.0, "output": 2.0}}
        assert states(self.said(services, **model, prices=priced), "prices") == []

    def test_a_model_without_a_provider(self, services: Services) -> None:
        assert states(self.said(services, llm_model="glm-5"), "model") == ["wrong"]

    def test_a_root_that_is_not_there(self, services: Services, tmp_path: Path) -> None:
        assert states(self.said(services, ingest_roots=[str(tmp_path / "absent")]), "ingest_roots") == [
            "wrong"
        ]

    @unix
    def test_a_settings_file_with_keys_that_others_read(self, tmp_path: Path) -> None:
        path = tmp_path / "lectern.toml"
        path.write_text('llm_api_key = "k"\n')
        path.chmod(0o644)

        assert states(configuration.check_file(tmp_path, repairs=False), "lectern.toml") == ["wrong"]
        assert states(configuration.check_file(tmp_path, repairs=True), "lectern.toml") == ["repaired"]
        assert states(configuration.check_file(tmp_path, repairs=False), "lectern.toml") == ["ok"]
        path.write_text("port = 1\n")
        path.chmod(0o644)
        assert list(configuration.check_file(tmp_path, repairs=False)) == []


class TestData:
    @unix
    def test_a_folder_that_others_read(self, services: Services) -> None:
        data = services.settings.data
        data.chmod(0o755)

        assert states(diagnosis.check_folder(data, repairs=False), "data folder") == ["wrong"]
        assert states(diagnosis.check_folder(data, repairs=True), "data folder") == ["repaired"]
        assert states(diagnosis.check_folder(data, repairs=False), "data folder") == ["ok"]

    @unix
    @pytest.mark.parametrize("mode", [0o644, 0o660, 0o400])
    def test_a_servers_token_that_others_read(self, tmp_path: Path, mode: int) -> None:
        assert states(diagnosis.check_folder(tmp_path, repairs=False), "server.json") == []
        with announced(tmp_path, "http://127.0.0.1:1", "token"):
            assert states(diagnosis.check_folder(tmp_path, repairs=False), "server.json") == ["ok"]
            record = tmp_path / "server.json"
            record.chmod(mode)

            said = list(diagnosis.check_folder(tmp_path, repairs=False))
            assert states(said, "server.json") == ["wrong"]
            assert f"chmod 600 {record}" in details(said, "server.json")
            assert states(diagnosis.check_folder(tmp_path, repairs=True), "server.json") == ["repaired"]
            assert record.stat().st_mode & 0o777 == 0o600

    def test_a_job_whose_process_is_gone(self, services: Services) -> None:
        job = services.catalog.add_job(
            "acme", "c", "ingest", JobRequest(), place="elsewhere", owner=this_process()
        )
        assert states(diagnosis.check_jobs(services, repairs=False), "jobs") == ["ok"]
        with closing(sqlite3.connect(services.settings.data / "catalog.sqlite", timeout=10)) as catalog:
            dead = json.dumps({**json.loads(job.owner), "pid": "999999999"})
            catalog.execute("UPDATE jobs SET owner = ?", (dead,))
            catalog.commit()

        assert states(diagnosis.check_jobs(services, repairs=False), "jobs") == ["note"]
        assert states(diagnosis.check_jobs(services, repairs=True), "jobs") == ["repaired"]
        assert states(diagnosis.check_jobs(services, repairs=False), "jobs") == ["ok"]
        assert services.catalog.job("acme", job.id).state == "interrupted"

    def test_sent_files_of_nothing(self, tmp_path: Path) -> None:
        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            sent = {"file": ("lease.md", LEASE.encode())}
            job = service.http.post("/v1/documents", files=sent, data={"collection": "c"}).json()["id"]
            for _ in range(300):
                if service.get(f"/v1/jobs/{job}")["state"] == "done":
                    break
                threading.Event().wait(0.05)
            services = service.services
            assert states(diagnosis.check_originals(services, repairs=True), "sent files") == ["ok"]
            with closing(sqlite3.connect(tmp_path / "data" / "catalog.sqlite", timeout=10)) as catalog:
                catalog.execute("PRAGMA foreign_keys=ON")
                catalog.execute("DELETE FROM documents")
                catalog.commit()
            kept = list((tmp_path / "data" / "uploads" / "kept").glob("*/*/*"))
            assert len(kept) == 1

            assert states(diagnosis.check_originals(services, repairs=False), "sent files") == ["wrong"]
            assert kept[0].exists()
            assert states(diagnosis.check_originals(services, repairs=True), "sent files") == ["repaired"]
            assert not kept[0].exists()
            assert states(diagnosis.check_originals(services, repairs=False), "sent files") == ["ok"]

    def test_the_next_server_deletes_what_a_deletion_that_was_cut_short_has_left(
        self, tmp_path: Path
    ) -> None:
        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            for name in ("lease.md", "policy.md"):
                sent = {"file": (name, LEASE.encode())}
                job = service.http.post("/v1/documents", files=sent, data={"collection": "c"}).json()["id"]
                assert_soon(lambda job=job: service.get(f"/v1/jobs/{job}")["state"] == "done")
        kept = set((tmp_path / "data" / "uploads" / "kept").glob("*/*/*"))
        assert len(kept) == 2
        with closing(sqlite3.connect(tmp_path / "data" / "catalog.sqlite", timeout=10)) as catalog:
            catalog.execute("PRAGMA foreign_keys=ON")
            catalog.execute("DELETE FROM documents WHERE path = 'lease.md'")
            catalog.commit()

        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            assert_soon(lambda: len([file for file in kept if file.exists()]) == 1)
            assert states(diagnosis.check_originals(service.services, repairs=False), "sent files") == ["ok"]


def assert_soon(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError


def heavier(point: Point) -> Point:
    weights = point.sparse.values * np.float32(1.001)
    return replace(point, sparse=SparseVector(point.sparse.indices, weights))


def without_a_word(point: Point) -> Point:
    return replace(point, sparse=SparseVector(point.sparse.indices[1:], point.sparse.values[1:]))


def moved(point: Point) -> Point:
    return replace(point, start=point.start + 1)


def of_more_passages(point: Point) -> Point:
    return replace(point, last_passage=point.last_passage + 1)


def of_a_test(point: Point) -> Point:
    return replace(point, role=Role.TEST)


SPOILT = [heavier, without_a_word, moved, of_more_passages, of_a_test]


class TestContents:
    """An index that opens and counts right, and holds something else than the documents say."""

    @pytest.fixture
    def index(self) -> MemoryIndex:
        return MemoryIndex()

    @pytest.fixture
    def services(self, tmp_path: Path, index: MemoryIndex) -> Iterator[Services]:
        write_texts(tmp_path / "docs", {**TEXTS, "ledger.py": "class Ledger:\n    def add(self): pass\n"})
        with open_services(Settings(data=tmp_path / "data")) as wired:
            embedder = WordEmbedder()
            ingester = Ingester(wired.catalog, index, embedder, InlineParser(read))
            ingester.ingest("default", "c", [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
            yield replace(wired, index=index, embedder=embedder)

    def said(self, services: Services, repairer: Repairer | None = None, *, deep: bool = False) -> Finding:
        [finding] = comparing.check_contents(services, repairer, deep=deep)
        assert finding.check == "contents of c"
        return finding

    def test_all_is_well(self, services: Services) -> None:
        documents = len(services.catalog.manifest(services.catalog.collection("default", "c")))

        assert self.said(services).state == "ok"
        assert self.said(services).detail == f"{documents} documents compared"

    @pytest.mark.parametrize("spoil", SPOILT)
    @pytest.mark.parametrize("part", ["chunks", "openings"])
    def test_what_differs_is_named_and_mended(
        self, services: Services, index: MemoryIndex, spoil: Callable[[Point], Point], part: str
    ) -> None:
        whole = index.contents
        key = next(key for key in index.points if key[0].part == part)
        index.points[key] = spoil(index.points[key])
        before = list(diagnosis.check_collections(services, None))
        assert states(before, "index of c") == ["ok"], "as many as there should be"

        found = self.said(services)
        assert found.state == "wrong"
        assert found.detail.startswith("1 document stored otherwise than the text says")
        assert found.advice == "lectern doctor --repair --deep"

        repairer = Repairer(services.catalog, index, services.embedder)
        assert self.said(services, repairer).state == "repaired"
        assert index.contents == whole
        assert self.said(services).state == "ok"

    def test_points_of_another_document_under_the_right_number(
        self, services: Services, index: MemoryIndex
    ) -> None:
        first, second = (
            next(k for k in index.points if k[0].part == "chunks" and k[1] == number) for number in (1, 2)
        )
        index.points[first] = replace(index.points[second], document=first[1], ordinal=first[2])

        assert self.said(services).state == "wrong"

    def test_another_embedders_are_not_mixed_in(self, services: Services, index: MemoryIndex) -> None:
        key = next(iter(index.points))
        index.points[key] = replace(index.points[key], end=index.points[key].end + 1)
        services = replace(services, embedder=WordEmbedder("words/other"))

        found = self.said(services, Repairer(services.catalog, index, services.embedder))

        assert found.state == "wrong"

    def test_of_many_a_sample_is_compared_unless_all_are_wanted(
        self, services: Services, tmp_path: Path, index: MemoryIndex
    ) -> None:
        write_texts(tmp_path / "more", {f"{n}.md": f"# Berth {n}\n\nIt is let.\n" for n in range(30)})
        ingester = Ingester(services.catalog, index, services.embedder, InlineParser(read))
        ingester.ingest("default", "c", [tmp_path / "more"], largest=2**20, on_progress=lambda _: None)
        documents = len(services.catalog.manifest(services.catalog.collection("default", "c")))

        assert self.said(services).detail == (
            f"{comparing.SAMPLED} documents compared, of {documents}; --deep compares all"
        )
        assert self.said(services, deep=True).detail == f"{documents} documents compared"

    def test_what_is_deleted_meanwhile_is_not_missed(self, services: Services, index: MemoryIndex) -> None:
        collection = services.catalog.collection("default", "c")
        verifier = Verifier(services.catalog, index)
        versions = verifier.comparable(collection)
        services.delete_document("default", versions[0].document)

        assert verifier.differing(collection, versions) == []


class TestTenants:
    def test_collections_of_all_tenants_are_looked_at(self, services: Services) -> None:
        for tenant, vector in (
            ("default", check_vector(services.embedder).tobytes()),
            ("acme", b"\0" * 2_048),
        ):
            services.catalog.ensure_collection(
                tenant,
                "c",
                embedder=services.embedder.identity,
                dimensions=services.embedder.dimensions,
                check_vector=vector,
            )

        said = list(diagnosis.check_collections(services, None))

        assert states(said, "embedder of c") == ["ok"]
        assert states(said, "embedder of acme/c") == ["wrong"]
        assert "gives other vectors now" in details(said, "embedder of acme/c")
        assert states(said, "index of acme/c") == ["ok"]

    def test_an_embedder_that_does_not_answer(self, services: Services) -> None:
        class Away:
            identity: ClassVar[str] = services.embedder.identity
            dimensions: ClassVar[int] = services.embedder.dimensions

            def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
                del texts
                raise EmbeddingFailed("text-embedding-3-small does not answer: status 503")

        services.catalog.ensure_collection(
            "default", "c", embedder=Away.identity, dimensions=Away.dimensions, check_vector=b""
        )

        said = list(diagnosis.check_collections(replace(services, embedder=Away()), None))

        assert states(said, "embedder of c") == ["wrong"]
        assert "status 503" in details(said, "embedder of c")
        assert states(said, "index of c") == ["ok"], "the rest is looked at all the same"


@contextmanager
def endpoint(replies: dict[str, tuple[int, Any]]) -> Generator[tuple[str, list[tuple[str, Any]]]]:
    """A server on the loopback with an answer for each path; what it was asked."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(None)

        def do_POST(self) -> None:
            self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, body: object) -> None:
            asked.append((f"{self.command} {self.path} {self.headers.get('Authorization')}", body))
            status, reply = replies.get(f"{self.command} {self.path}", (404, {}))
            content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(HTTPStatus(status))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestOnline:
    def said(self, url: str, tmp_path: Path) -> Finding:
        settings = Settings(
            data=tmp_path, llm_base_url=f"{url}/v4", llm_api_key=SecretStr("the-key"), llm_provider="zai"
        )
        [finding] = reachability.check_model(settings)
        assert "the-key" not in f"{finding.detail} {finding.advice}"
        return finding

    @pytest.mark.parametrize(
        ("reply", "state", "detail"),
        [
            ((200, {"data": [{"id": "glm-5"}]}), "ok", "asking was free"),
            ((200, {"data": [{"id": "glm-4"}]}), "note", "does not list glm-5"),
            ((200, b"<html>"), "ok", "asking was free"),
            ((401, b"{}"), "wrong", "does not accept the key"),
            ((500, b"{}"), "wrong", "status 500"),
        ],
    )
    def test_the_list_of_models_is_free(
        self, tmp_path: Path, reply: tuple[int, Any], state: str, detail: str
    ) -> None:
        with endpoint({"GET /v4/models": reply}) as (url, asked):
            finding = self.said(url, tmp_path)

        assert finding.state == state
        assert detail in finding.detail
        assert asked == [("GET /v4/models Bearer the-key", None)]

    @pytest.mark.parametrize(("status", "state"), [(200, "ok"), (403, "wrong"), (429, "wrong")])
    def test_who_has_no_list_is_asked_for_one_token(self, tmp_path: Path, status: int, state: str) -> None:
        with endpoint({"POST /v4/chat/completions": (status, {})}) as (url, asked):
            finding = self.said(url, tmp_path)

        assert finding.state == state
        assert asked[1][1]["max_tokens"] == 1

    def test_nobody_is_there(self, tmp_path: Path) -> None:
        with endpoint({}) as (url, _):
            pass

        assert self.said(url, tmp_path).state == "wrong"

    def test_each_fallback_is_asked_with_its_own_key(self, tmp_path: Path) -> None:
        listed = (200, {"data": [{"id": "house"}]})
        with (
            endpoint({"GET /v1/models": listed}) as (first, _),
            endpoint({"GET /v1/models": listed}) as (
                second,
                asked,
            ),
        ):
            with endpoint({}) as (gone, _):
                pass
            others = (
                FallbackProvider(base_url=f"{second}/v1", model="house", api_key=SecretStr("other")),
                FallbackProvider(base_url=f"{gone}/v1", model="house"),
            )
            settings = Settings(
                data=tmp_path, llm_base_url=f"{first}/v1", llm_model="house", fallbacks=others
            )
            found = list(reachability.check_model(settings))

        hosts = [url.removeprefix("http://") for url in (second, gone)]
        assert [(finding.check, finding.state) for finding in found] == [
            ("model", "ok"),
            (f"fallback openai at {hosts[0]}", "ok"),
            (f"fallback openai at {hosts[1]}", "wrong"),
        ]
        assert asked == [("GET /v1/models Bearer other", None)]
        assert f"openai at {hosts[1]} does not answer" in found[2].detail
        assert found[2].advice.startswith("see fallbacks.1.base_url")

    def test_without_a_model_nobody_is_asked(self, tmp_path: Path) -> None:
        [finding] = reachability.check_model(Settings(data=tmp_path))

        assert finding.state == "note"

    @pytest.mark.parametrize(("status", "state"), [(200, "ok"), (500, "wrong")])
    def test_a_reranker_orders_two_words(self, tmp_path: Path, status: int, state: str) -> None:
        scores = {"results": [{"index": 0, "relevance_score": 0.9}, {"index": 1, "relevance_score": 0.1}]}
        with endpoint({"POST /rerank": (status, scores)}) as (url, asked):
            settings = Settings(data=tmp_path, rerank_base_url=url, rerank_model="m")
            [finding] = reachability.check_reranker(settings)

        assert finding.state == state
        assert len(asked) == 1
        assert list(reachability.check_reranker(Settings(data=tmp_path))) == []


class TestCommand:
    def test_it_says_it_all_and_asks_nobody_unless_told_to(self, tmp_path: Path) -> None:
        with endpoint({"GET /v4/models": (200, {"data": [{"id": "glm-5"}]})}) as (url, asked):
            environment = {"LECTERN_LLM_BASE_URL": f"{url}/v4", "LECTERN_LLM_PROVIDER": "zai"}
            line = CommandLine(tmp_path / "data", tmp_path, environment)
            write_texts(tmp_path / "docs", {"lease.md": LEASE})
            line.ok("ingest", "docs")
            quiet = line.ok("doctor", "--json").json
            assert asked == []
            loud = line.ok("doctor", "--json", "--online").json

        checks = {finding["check"] for finding in quiet}
        assert {"settings", "access", "data folder", "disk", "catalog", "jobs", "sent files"} <= checks
        assert {"embedder of default", "index of default", "files of default", "tesseract"} <= checks
        assert "model" not in checks
        assert [finding["state"] for finding in loud if finding["check"] == "model"] == ["ok"]

    def test_a_contradiction_ends_it_with_status_1(self, tmp_path: Path) -> None:
        line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_RERANK": "model"})

        ran = line.run("doctor", "--json")

        assert ran.status == 1
        assert [f["check"] for f in ran.json if f["state"] == "wrong"] == ["settings"]

    def test_an_unknown_setting_too(self, tmp_path: Path) -> None:
        line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_LOG_CONTENTS": "1"})

        ran = line.run("doctor")

        assert ran.status == 1
        assert "unknown setting log_contents" in ran.out


def test_services_know_their_tenants(tmp_path: Path) -> None:
    with open_services(Settings(data=tmp_path / "data")) as services:
        for tenant in ("zeta", "acme"):
            services.catalog.ensure_collection(tenant, "c", embedder="e", dimensions=1, check_vector=b"")
        services.catalog.delete_collection("zeta", "c")

        assert services.catalog.tenants() == ("acme",)
        assert services.catalog.embedders() == ("e",)
        assert services.catalog.totals() == {"collections": 1, "documents": 0, "chunks": 0}

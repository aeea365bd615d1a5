"""What can be seen of a running service: ids of requests, metrics, who may read them."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import pytest
from pydantic import SecretStr

from ingest.errors import IndexUnavailable
from service.access.keys import make_key
from service.searching import Searcher
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, live_in_memory, passages_of, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord
    from service.services import Services
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"


def cited(request: Recorded) -> Step:
    marker, text = next((m, t) for m, t in passages_of(request).items() if "4,200 euros" in t)
    return Reply(f'The monthly rent is 4,200 euros [{marker} "{text[:40]}"].')


def figures(service: LiveService, **labels: str) -> dict[str, float]:
    """Values of all series that have these labels, by name."""
    text = service.http.get("/metrics").text
    found: dict[str, float] = {}
    for name, said, value in re.findall(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
        named = dict(re.findall(r'(\w+)="([^"]*)"', said))
        if labels.items() <= named.items():
            found[name] = found.get(name, 0.0) + float(value)
    return found


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    write_texts(tmp_path / "docs", {"lease.md": LEASE})
    return tmp_path / "docs"


def wired(tmp_path: Path, glm5: Glm5Server, **more: object) -> Settings:
    return Settings.model_validate(
        {
            "data": tmp_path / "data",
            "llm_base_url": glm5.base_url,
            "llm_provider": "zai",
            "llm_api_key": SecretStr("key"),
            **more,
        }
    )


@pytest.fixture
def service(tmp_path: Path, documents: Path) -> Iterator[LiveService]:
    with Glm5Server(cited) as glm5, live(wired(tmp_path, glm5)) as running:
        running.ingest(documents)
        yield running


class TestRequestIds:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/healthz", 200),
            ("GET", "/nowhere", 404),
            ("DELETE", "/healthz", 405),
            ("POST", "/v1/query", 422),
            ("GET", "/mcp", 400),
            ("GET", "/", 200),
        ],
    )
    def test_every_answer_has_one(self, service: LiveService, method: str, path: str, status: int) -> None:
        answered = service.http.request(method, path, headers={"X-Request-Id": "mine-1"})

        assert (answered.status_code, answered.headers["x-request-id"]) == (status, "mine-1")

    def test_so_has_one_that_nobody_foresaw(self, tmp_path: Path) -> None:
        class Broken(Searcher):
            def search(self, *_: object, **__: object) -> list[object]:  # type: ignore[override]
                raise ZeroDivisionError("an inner secret")

        with open_services(Settings(data=tmp_path / "data")) as services:
            broken = Broken(services.library, services.index, services.embedder.identity)
            make(services, "default")
            with (
                served(replace(services, searcher=broken)) as url,
                httpx2.Client(base_url=url, trust_env=False) as http,
            ):
                # The server closes a connection after such an error: it must not be the next request's.
                body, last = {"query": "x", "collection": "default"}, {"Connection": "close"}
                answered = http.post("/v1/search", json=body, headers=last)
                counted = http.get("/metrics").text

        assert answered.status_code == 500
        assert "secret" not in answered.text
        assert len(answered.headers["x-request-id"]) == 16
        assert 'lectern_http_requests_total{method="POST",route="/v1/search",status="500"} 1.0' in counted


class TestMetrics:
    def test_a_question_is_counted_from_the_request_to_the_dollars(self, service: LiveService) -> None:
        answer = service.ask(RENT, mode="retrieve")
        service.events(RENT, mode="retrieve")
        service.post("/v1/query", {"question": RENT, "collection": "nowhere", "mode": "pin"}, 404)

        assert figures(service, route="/v1/query", status="200")["lectern_http_requests_total"] == 2
        asked = figures(service, mode="retrieve")
        assert asked["lectern_questions_total"] == 2
        assert asked["lectern_first_token_seconds_count"] == 2
        assert 0 < asked["lectern_first_token_seconds_sum"] <= asked["lectern_answer_seconds_sum"]
        outcome = "grounded" if answer["grounded"] else "ungrounded"
        assert figures(service, outcome=outcome)["lectern_questions_total"] == 2
        assert figures(service, mode="pin", outcome="UnknownName")["lectern_questions_total"] == 1
        model = figures(service, provider="zai", model="glm-5", purpose="answer", outcome="ok")
        assert model["lectern_model_calls_total"] == 2
        tokens = figures(service, kind="prompt")["lectern_model_tokens_total"]
        assert tokens > answer["usage"]["prompt_tokens"]
        assert figures(service)["lectern_model_dollars_total"] > answer["cost"]["usd"]
        assert figures(service)["lectern_search_seconds_count"] == 2
        assert figures(service, what="documents")["lectern_held"] == 1
        assert figures(service)["lectern_index_processes"] == 1
        assert figures(service)["lectern_ledger_backlog"] == 0

    def test_templates_of_routes_are_labels_and_no_names(self, service: LiveService) -> None:
        (document,) = service.documents().values()
        service.get(f"/v1/documents/{document['id']}/text")
        service.http.get("/v1/collections/amber-secret")
        service.http.get("/amber-secret")
        text = service.http.get("/metrics").text

        assert 'route="/v1/documents/{document_id}/text"' in text
        assert 'route="none"' in text
        assert "amber-secret" not in text
        assert document["id"] not in text
        assert "default" not in text, "no tenant and no collection"

    def test_who_leaves_is_counted_and_so_is_the_cancelled_call(
        self, tmp_path: Path, documents: Path
    ) -> None:
        with Glm5Server([Hang(3)]) as glm5, live(wired(tmp_path, glm5)) as service:
            service.ingest(documents)
            body = {"question": RENT, "mode": "retrieve", "stream": True}
            with service.http.stream("POST", "/v1/query", json=body) as response:
                assert "event: delta" in response.iter_lines()
            assert glm5.abandoned.wait(10)
            await_value(service, "lectern_questions_total", outcome="cancelled")
            await_value(service, "lectern_http_clients_gone_total", route="/v1/query")
            await_value(service, "lectern_model_calls_total", outcome="cancelled")
            assert figures(service)["lectern_http_requests_open"] == 1, "this one"

    def test_what_a_provider_fails_is_counted_by_its_error(self, tmp_path: Path, documents: Path) -> None:
        script: Sequence[Step] = [ErrorReply(401, "1000")]
        with Glm5Server(script) as glm5, live(wired(tmp_path, glm5)) as service:
            service.ingest(documents)
            service.post("/v1/query", {"question": RENT, "mode": "retrieve"}, 502)

            failed = figures(service, provider="zai", error="KeyRejected")
            assert failed["lectern_model_attempt_failures_total"] == 1
            assert figures(service, outcome="KeyRejected")["lectern_questions_total"] == 1

    def test_jobs_and_their_files_are_counted(self, tmp_path: Path) -> None:
        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            sent = {"file": ("lease.md", LEASE.encode())}
            assert service.http.post("/v1/documents", files=sent, data={"collection": "c"}).status_code == 202
            await_value(service, "lectern_jobs", state="done")
            assert figures(service, outcome="indexed")["lectern_ingest_files_total"] == 1
            assert figures(service)["lectern_ingest_characters_total"] == len(LEASE)

    def test_they_can_be_read_while_the_catalog_is_away(self, service: LiveService) -> None:
        service.services.catalog.close()
        (service.services.settings.data / "catalog.sqlite").rename(service.services.settings.data / "gone")
        (service.services.settings.data / "catalog.sqlite").mkdir()

        assert service.http.get("/metrics").status_code == 200

    def test_a_search_that_fails_is_counted(self, tmp_path: Path) -> None:
        with open_services(Settings(data=tmp_path / "data")) as services:
            services.index.close()
            collection = make(services, "c")
            with pytest.raises(IndexUnavailable):
                services.searcher.evidence(collection, RENT)

            assert 'error="IndexUnavailable"' in services.observer.metrics.text().decode()


class TestWhoMayReadMetrics:
    @pytest.mark.parametrize(
        ("settings", "given", "status"),
        [
            ({}, "", 200),
            ({"access_key": "open-sesame"}, "", 401),
            ({"access_key": "open-sesame"}, "Bearer wrong", 401),
            ({"access_key": "open-sesame"}, "Bearer open-sesame", 200),
            ({"access_key": "open-sesame", "metrics_key": "look"}, "Bearer look", 200),
            ({"access_key": "open-sesame", "metrics_key": "look"}, "Basic look", 401),
            ({"metrics_key": "look"}, "", 200),
        ],
    )
    def test_a_key_where_one_is_needed(
        self, tmp_path: Path, settings: dict[str, str], given: str, status: int
    ) -> None:
        chosen = Settings.model_validate({"data": tmp_path / "data", **settings})
        with live_in_memory(chosen) as service:
            read = httpx2.get(f"{service.url}/metrics", headers={"Authorization": given}, trust_env=False)

        assert read.status_code == status
        assert ("lectern_" in read.text) == (status == 200)

    def test_no_tenants_own_key_opens_the_figures_of_all(self, tmp_path: Path) -> None:
        with live_in_memory(Settings(data=tmp_path / "data")) as service:
            key, _ = make_key(service.services.catalog, "acme", "all", permissions=("admin",))
            bearer = {"Authorization": f"Bearer {key}"}
            await_required(service)
            assert httpx2.get(f"{service.url}/v1/usage", headers=bearer, trust_env=False).status_code == 200
            assert httpx2.get(f"{service.url}/metrics", headers=bearer, trust_env=False).status_code == 401

    def test_the_key_of_metrics_opens_nothing_else(self, tmp_path: Path) -> None:
        chosen = Settings(
            data=tmp_path / "data", access_key=SecretStr("open-sesame"), metrics_key=SecretStr("look")
        )
        with live_in_memory(chosen) as service:
            look = {"Authorization": "Bearer look"}
            assert httpx2.get(f"{service.url}/v1/usage", headers=look, trust_env=False).status_code == 401


def await_required(service: LiveService) -> None:
    """An open server may not notice its first key at once."""
    for _ in range(100):
        if service.http.get("/v1/collections").status_code == 401:
            return
        threading.Event().wait(0.05)
    raise AssertionError("the server stays open")


def make(services: Services, name: str) -> CollectionRecord:
    embedder = services.embedder
    return services.catalog.ensure_collection(
        "default", name, embedder=embedder.identity, dimensions=embedder.dimensions, check_vector=b""
    )


def await_value(service: LiveService, name: str, **labels: str) -> None:
    """Until the series is 1."""
    for _ in range(300):
        if figures(service, **labels).get(name) == 1:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{name} is {figures(service, **labels).get(name)}")

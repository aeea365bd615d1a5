"""Who did what: every route, agents' tools and commands, without a word of what was said."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import click
import httpx2
import mcp
import pytest
from click.testing import CliRunner
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from ingest.catalog.audit_records import AuditEntry, AuditWanted
from ingest.errors import CatalogUnavailable
from service.access.keys import make_key
from service.audit import KEPT, Audit
from service.cli import COMMANDS, cli
from service.commands import auditing as commands
from service.http.app import create_app
from service.http.auditing import ACTIONS
from service.knowledge import auditing as tools
from service.knowledge.tools import knowledge_tools
from service.settings import Settings
from service.user import current_user
from service.wiring import open_services
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.glm5 import CutStream, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, live_in_memory, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.live_service import LiveService

FORGED = "x\n       9  2026-11-26 12:00:00+00:00  delete_document ok contracts\x1b[8m\x9b2J\u202e"
"""A collection's name that would be an entry of its own, and hide what follows."""
RENT = "What is the monthly rent of the warehouse?"
STREAMED: list[tuple[str, dict[str, object]]] = [
    ("/v1/query", {"question": RENT, "collection": "docs", "mode": "retrieve", "stream": True}),
    (
        "/v1/chat/completions",
        {"model": "lectern/docs", "messages": [{"role": "user", "content": RENT}], "stream": True},
    ),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    write_texts(tmp_path / "docs", TEXTS)
    with live_in_memory(Settings(data=tmp_path / "data")) as live:
        live.ingest(tmp_path / "docs", collection="docs")
        yield live


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[LiveService]:
    """The same with the index as it is: what asks needs it."""
    write_texts(tmp_path / "docs", TEXTS)
    with live(Settings(data=tmp_path / "data")) as service:
        service.ingest(tmp_path / "docs", collection="docs")
        yield service


def log(service: LiveService) -> list[AuditEntry]:
    """The oldest first."""
    lines = service.services.audit.entries("default", AuditWanted(limit=1_000))
    return [line.entry for line in reversed(lines)]


def told(service: LiveService) -> list[tuple[str, str, str, str]]:
    return [(each.action, each.collection, each.subject, each.outcome) for each in log(service)]


def outcomes(service: LiveService) -> list[str]:
    """Of questions."""
    return [each.outcome for each in log(service) if each.action == "ask"]


class TestEveryRoute:
    def test_has_its_action(self, tmp_path: Path) -> None:
        with open_services(Settings(data=tmp_path / "data")) as services:
            described = create_app(services).openapi()["paths"]
        guarded = {
            (method.upper(), path)
            for path, methods in described.items()
            for method in methods
            if path.startswith("/v1/")
        }

        assert guarded == ACTIONS.keys()

    def test_is_noted_with_who_and_what(self, whole: LiveService) -> None:
        service = whole
        document = next(iter(service.documents("docs").values()))["id"]
        answer = service.ask(RENT, collection="docs")
        session = answer["session_id"]
        service.post("/v1/search", {"query": RENT, "collection": "docs"})
        service.get(f"/v1/documents/{document}/text")
        service.get(f"/v1/sessions/{session}")
        service.http.put("/v1/collections/docs/egress", json={"egress": "none"})
        service.http.delete(f"/v1/sessions/{session}")
        service.http.delete(f"/v1/documents/{document}")
        service.get(f"/v1/documents/{document}/text", 410)
        service.http.delete("/v1/collections/docs")
        service.get("/v1/collections/docs", 404)

        assert told(service) == [
            ("list", "docs", "", "ok"),
            ("ask", "docs", answer["id"], "ok"),
            ("search", "docs", "", "ok"),
            ("read_text", "docs", document, "ok"),
            ("read_session", "docs", session, "ok"),
            ("change_egress", "docs", "", "ok"),
            ("delete_session", "docs", session, "ok"),
            ("delete_document", "docs", document, "ok"),
            ("read_text", "", document, "410"),
            ("delete_collection", "docs", "", "ok"),
            ("list", "docs", "", "404"),
        ]
        assert {(each.tenant, each.key, each.peer) for each in log(service)} == {("default", "", "127.0.0.1")}

    def test_holds_no_text_and_no_question(self, whole: LiveService) -> None:
        service = whole
        service.ask(RENT, collection="docs")
        service.http.post("/v1/query", json={"question": RENT, "collection": "docs", "stream": True})
        chat = {"model": "lectern/docs", "messages": [{"role": "user", "content": RENT}]}
        service.post("/v1/chat/completions", chat)
        document = next(iter(service.documents("docs").values()))
        service.get(f"/v1/documents/{document['id']}/text?start=0&end=20")

        kept = repr(log(service))

        assert kept.count("'ask'") == 3
        for word in ("warehouse", "rent", document["path"], document["title"], "euros"):
            assert word not in kept

    def test_what_is_wrong_with_a_request_and_what_is_not_there_is_noted_too(
        self, service: LiveService
    ) -> None:
        service.post("/v1/query", {"question": ""}, 422)
        service.post("/v1/search", {"query": RENT, "collection": "nowhere"}, 404)
        service.get("/v1/nothing", 404)
        service.http.patch("/v1/collections/docs")
        service.http.get("/healthz")

        assert told(service) == [("ask", "", "", "422"), ("search", "nowhere", "", "404")]

    def test_an_upload_and_its_job(self, service: LiveService) -> None:
        answer = service.http.post(
            "/v1/documents", files={"file": ("deed.md", b"# Deed\n")}, data={"collection": "docs"}
        )

        assert told(service) == [("upload", "docs", answer.json()["id"], "ok")]


class TestKeys:
    def test_tell_apart_who_it_was_and_who_was_refused(self, service: LiveService) -> None:
        catalog = service.services.catalog
        key, record = make_key(catalog, "default", "reader", permissions=["read"], collections=["docs"])
        admin, boss = make_key(catalog, "default", "boss", permissions=["admin"])
        foreign, _ = make_key(catalog, "elsewhere", "boss", permissions=["admin"])
        with served(service.services) as url, httpx2.Client(base_url=url, trust_env=False) as http:

            def call(method: str, path: str, given: str) -> httpx2.Response:
                return http.request(method, path, headers={"Authorization": f"Bearer {given}"})

            call("GET", "/v1/documents?collection=docs", key)
            call("GET", "/v1/documents?collection=other", key)
            call("DELETE", "/v1/collections/docs", key)
            call("GET", "/v1/collections", "wrong")
            call("POST", "/mcp", "wrong")
            refused = call("GET", "/v1/audit", key)
            seen = call("GET", "/v1/audit", admin).json()["entries"]
            theirs = call("GET", "/v1/audit", foreign).json()["entries"]

        found = [(e["key"], e["action"], e["collection"], e["outcome"]) for e in reversed(seen)]
        assert found == [
            (record.id, "list", "docs", "ok"),
            (record.id, "list", "other", "404"),
            (record.id, "delete_collection", "docs", "403"),
            ("", "refuse_access", "", "401"),
            ("", "refuse_access", "", "401"),
            (record.id, "read_audit", "", "403"),
        ]
        assert refused.status_code == 403
        assert theirs == []
        assert key not in json.dumps(seen)
        assert admin not in json.dumps(seen)
        assert log(service)[-1].key == boss.id

    def test_cannot_write_an_entry_of_their_own(self, service: LiveService) -> None:
        key, _ = make_key(
            service.services.catalog, "default", "reader", permissions=["read"], collections=["only"]
        )
        authorized = {"Authorization": f"Bearer {key}"}

        async def forge(url: str) -> None:
            async with (
                httpx2.AsyncClient(timeout=20, trust_env=False, headers=authorized) as http,
                mcp.Client(streamable_http_client(f"{url}/mcp", http_client=http)) as agent,
            ):
                await agent.call_tool("search", {"query": RENT, "collection": FORGED})
                await agent.call_tool(
                    "ask", {"question": RENT, "collection": "only", "session_id": FORGED[:60]}
                )
                await agent.call_tool("search", {"query": RENT, "collection": ["x\x1b[8m"]})

        with served(service.services) as url, httpx2.Client(base_url=url, trust_env=False) as http:
            asyncio.run(forge(url))
            for path in ("collections", "documents", "sessions"):
                http.get(f"/v1/{path}/x%1B%5B2J", headers=authorized)
            http.get(f"/v1/documents/{quote('x  9  delete_document ok')}", headers=authorized)
            http.get("/v1/documents", params={"collection": FORGED}, headers=authorized)

        assert told(service) == [
            ("search", "", "", "ValidationError"),
            ("ask", "only", "", "UnknownName"),
            ("search", "", "", "ValidationError"),
            ("list", "", "", "404"),
            ("read_document", "", "", "404"),
            ("read_session", "", "", "404"),
            ("read_document", "", "", "404"),
            ("list", "", "", "404"),
        ]

    def test_who_knocks_without_end_does_not_fill_the_log(self, service: LiveService) -> None:
        make_key(service.services.catalog, "default", "boss", permissions=["admin"])
        with served(service.services) as url, httpx2.Client(base_url=url, trust_env=False) as http:
            for _ in range(650):
                assert http.get("/v1/collections").status_code == 401

        assert [each.outcome for each in log(service)] == ["401"] * 600


class Unwritable(Audit):
    """A log whose database is away when it matters."""

    def keep(self, entry: AuditEntry) -> None:
        raise CatalogUnavailable(f"no room for {entry.action}")


class TestWhatMustBeKept:
    def test_is_in_the_log_before_it_is_acknowledged(self, service: LiveService) -> None:
        assert {"delete_document", "delete_collection", "delete_session", "delete_review"} < KEPT
        service.services.audit.close()  # the writer's thread: only what is kept at once is there now

        service.http.delete("/v1/collections/docs")

        assert told(service)[-1] == ("delete_collection", "docs", "", "ok")

    def test_is_503_where_it_cannot_be_written(self, service: LiveService) -> None:
        catalog = service.services.catalog
        services = replace(service.services, audit=Unwritable(catalog, days=1))
        with served(services) as url, httpx2.Client(base_url=url, trust_env=False) as http:
            answer = http.delete("/v1/collections/docs")

            assert answer.status_code == 503
            assert "no room for delete_collection" in answer.json()["detail"]
            assert answer.headers["content-type"] == "application/problem+json"
            assert http.get("/v1/collections").status_code == 200


class TestStreams:
    """An answer that is streamed has said 200 before anybody knows how it ends."""

    said: ClassVar[list[Step]] = []
    """What the model does next."""

    @pytest.fixture
    def glm5(self) -> Iterator[Glm5Server]:
        with Glm5Server(lambda _: self.said[0]) as server:
            yield server

    @pytest.fixture
    def answering(self, tmp_path: Path, glm5: Glm5Server) -> Iterator[LiveService]:
        write_texts(tmp_path / "docs", TEXTS)
        settings = Settings.model_validate(
            {
                "data": tmp_path / "data",
                "llm_base_url": glm5.base_url,
                "llm_provider": "zai",
                "llm_api_key": SecretStr("key"),
                "llm_attempts": 1,
            }
        )
        with live(settings) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            yield service

    @pytest.mark.parametrize(("path", "body"), STREAMED)
    def test_one_that_fails_is_not_ok(
        self, answering: LiveService, path: str, body: dict[str, object]
    ) -> None:
        self.said[:] = [CutStream(after=2)]

        response = answering.http.post(path, json=body)

        assert response.status_code == 200
        assert outcomes(answering) == ["502"]

    @pytest.mark.parametrize(("path", "body"), STREAMED)
    def test_one_that_is_left_is_not_ok(
        self, answering: LiveService, glm5: Glm5Server, path: str, body: dict[str, object]
    ) -> None:
        self.said[:] = [Hang(after=2)]
        with answering.http.stream("POST", path, json=body) as response:
            lines = response.iter_lines()  # whose end, unread, would be the connection's
            assert any("delta" in line for line in lines)
            assert outcomes(answering) == []
        assert glm5.abandoned.wait(10)

        deadline = time.monotonic() + 10
        while not outcomes(answering) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert outcomes(answering) == ["499"]

    @pytest.mark.parametrize(("path", "body"), STREAMED)
    def test_one_that_ends_well_is_noted_before_its_end_is_told(
        self, answering: LiveService, path: str, body: dict[str, object]
    ) -> None:
        self.said[:] = [Reply("Nobody knows.")]

        answering.http.post(path, json=body)

        assert outcomes(answering) == ["ok"]

    def test_an_agents_question_that_fails_is_named_by_its_error(self, answering: LiveService) -> None:
        self.said[:] = [CutStream(after=2)]

        async def use() -> None:
            async with (
                httpx2.AsyncClient(timeout=20, trust_env=False) as http,
                mcp.Client(streamable_http_client(f"{answering.url}/mcp", http_client=http)) as agent,
            ):
                await agent.call_tool("ask", {"question": RENT, "collection": "docs"})

        asyncio.run(use())

        assert outcomes(answering) == ["StreamCut"]


class TestPages:
    def test_a_list_goes_on(self, service: LiveService) -> None:
        for _ in range(5):
            service.get("/v1/collections")

        first = service.get("/v1/audit?limit=2&action=list")
        second = service.get(f"/v1/audit?limit=10&action=list&before={first['next']}")

        numbers = [entry["number"] for entry in (*first["entries"], *second["entries"])]
        assert len(numbers) == 5
        assert numbers == sorted(numbers, reverse=True)
        assert second["next"] is None

    @pytest.mark.parametrize("query", ["limit=0", "since=yesterday", "since=2026-05-04T00:00:00", "before=0"])
    def test_what_is_wrong_is_named(self, service: LiveService, query: str) -> None:
        assert service.get(f"/v1/audit?{query}", 422)["errors"][0]["field"].startswith("query.")


class TestAgents:
    def test_every_tool_has_its_action(self) -> None:
        assert {tool.name for tool in knowledge_tools()} == tools.ACTIONS.keys()

    def test_calls_are_noted_with_who_called(self, service: LiveService) -> None:
        calls: list[tuple[str, dict[str, object]]] = [
            ("search", {"query": RENT, "collection": "docs"}),
            ("read_passages", {"markers": ["D1:1", RENT], "collection": "docs"}),
            ("read_passages", {"markers": ["D1:1"], "collection": "docs"}),
            ("list_documents", {"collection": "nowhere"}),
        ]

        async def use() -> None:
            async with (
                httpx2.AsyncClient(timeout=20, trust_env=False) as http,
                mcp.Client(streamable_http_client(f"{service.url}/mcp", http_client=http)) as agent,
            ):
                for tool, arguments in calls:
                    await agent.call_tool(tool, arguments)

        asyncio.run(use())

        assert told(service) == [
            ("search", "docs", "", "ok"),
            ("read_text", "docs", "D1:1", "ValidationError"),
            ("read_text", "docs", "D1:1", "ok"),
            ("list", "nowhere", "", "UnknownName"),
        ]
        assert {each.peer for each in log(service)} == {"127.0.0.1"}


class TestCommands:
    def test_what_older_logs_hold_is_shown_harmless(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LECTERN_DATA", str(tmp_path / "data"))
        with open_services(Settings(data=tmp_path / "data")) as services:
            entry = AuditEntry("default", "", "search", FORGED, FORGED, FORGED, peer=FORGED)
            services.audit.note(entry)
            services.audit.note(entry)

        shown = CliRunner().invoke(cli, ["audit"], color=True).output
        told = json.loads(CliRunner().invoke(cli, ["audit", "--json"]).output)["entries"]

        assert len(shown.splitlines()) == 2
        assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown) == []
        assert "x\\x0a 9 2026-11-26 12:00:00+00:00" in shown
        assert {each["collection"] for each in told} == {"default", FORGED}  # the log was read

    def test_every_command_has_its_action(self) -> None:
        assert set(paths()) == commands.ACTIONS.keys()

    def test_are_noted_with_the_user(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_texts(tmp_path / "docs", TEXTS)
        monkeypatch.setenv("LECTERN_DATA", str(tmp_path / "data"))
        monkeypatch.chdir(tmp_path)

        def run(*arguments: str) -> str:
            return CliRunner().invoke(cli, list(arguments)).output

        run("ingest", "docs", "-c", "docs")
        run("ask", RENT, "-c", "docs")
        run("search", RENT, "-c", "docs")
        run("collections", "egress", "docs", "zai")
        run("collections", "egress", "docs")
        run("search", RENT, "-c", "nowhere")
        document = json.loads(run("documents", "-c", "docs", "--json"))["documents"][0]
        run("documents", "delete", document["path"], "-c", "docs")
        run("collections", "delete", "docs")
        run("usage")

        entries = json.loads(run("audit", "--json"))["entries"]

        found = [(e["action"], e["collection"], e["subject"], e["outcome"]) for e in reversed(entries)]
        assert found == [
            ("ingest", "docs", "", "ok"),
            ("ask", "docs", "", "ok"),
            ("search", "docs", "", "ok"),
            ("change_egress", "docs", "", "ok"),
            ("list", "docs", "", "ok"),
            ("search", "nowhere", "", "UnknownName"),
            ("list", "docs", "", "ok"),
            ("delete_document", "docs", document["id"], "ok"),
            ("delete_collection", "docs", "", "ok"),
        ]
        assert {entry["peer"] for entry in entries} == {current_user()}
        shown = run("audit", "--action", "ask", "-n", "1")
        assert "ask" in shown
        assert "warehouse" not in shown
        assert "read_audit" in run("audit", "-n", "1")
        assert "older ones: --before" in run("audit", "-n", "1")


def paths() -> Iterator[str]:
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from (f"{name} {below}" for below in command.commands)
            if not command.invoke_without_command:
                continue
        yield name

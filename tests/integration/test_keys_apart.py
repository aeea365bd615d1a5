"""What one access key must not learn of another one's: graves, comparisons, agents' sessions."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from service.access.keys import make_key
from service.settings import Settings
from tests.fakes.files import write_texts
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from ingest.catalog.key_records import Permission
    from tests.fakes.live_service import LiveService

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
AGENT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    with live_in_memory(Settings(data=tmp_path / "data")) as running:
        make_key(running.services.catalog, "default", "so that keys are needed from the first request on")
        yield running


@contextmanager
def holder(
    service: LiveService, tenant: str = "default", only: str | None = None
) -> Generator[httpx2.Client]:
    """A client with a key of its own, for one collection or all of a tenant."""
    permissions: list[Permission] = ["admin"] if only is None else ["read", "write"]
    collections = None if only is None else [only]
    key, _ = make_key(service.services.catalog, tenant, "", permissions=permissions, collections=collections)
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


class TestGraves:
    @pytest.mark.parametrize("only", ["mine", "theirs"])
    def test_only_who_may_know_of_a_document_learns_that_it_was_deleted(
        self, service: LiveService, tmp_path: Path, only: str
    ) -> None:
        write_texts(tmp_path / "docs", {"a.md": "# Lease\n\nThe rent is due in March.\n"})
        for collection in ("mine", "theirs"):
            service.ingest(tmp_path / "docs", collection=collection)
        buried = service.services.catalog.document_at("default", "theirs", "a.md").id
        service.services.delete_document("default", buried)
        with holder(service, only=only) as client:
            named = {"collection": only, "documents": [buried]}
            answers = [
                client.post("/v1/search", json={"query": "rent", **named}),
                client.post("/v1/query", json={"question": "rent?", **named}),
                client.put(f"/v1/collections/{only}/pinned", json={"documents": [buried]}),
                client.get(f"/v1/documents/{buried}"),
                client.get(f"/v1/documents/{buried}/text"),
                client.delete(f"/v1/documents/{buried}"),
            ]

        wanted = 410 if only == "theirs" else 404
        assert [answer.status_code for answer in answers] == [wanted] * len(answers)


class TestAgents:
    def test_a_session_serves_none_but_who_began_it(self, service: LiveService) -> None:
        with ExitStack() as clients:
            ann, ben = (clients.enter_context(holder(service, tenant)) for tenant in ("a", "b"))
            begun = ann.post("/mcp", json=INITIALIZE, headers=AGENT)
            assert begun.status_code == 200, begun.text
            inside = {**AGENT, "Mcp-Session-Id": begun.headers["mcp-session-id"]}
            nobodys = {**AGENT, "Mcp-Session-Id": "0" * 32}

            listed = ann.post("/mcp", json=LIST, headers=inside)
            stolen, unknown = (ben.post("/mcp", json=LIST, headers=h) for h in (inside, nobodys))
            ended = ben.delete("/mcp", headers=inside)

            assert (listed.status_code, stolen.status_code, ended.status_code) == (200, 404, 404)
            assert stolen.text == unknown.text
            assert ann.post("/mcp", json=LIST, headers=inside).status_code == 200

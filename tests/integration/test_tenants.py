"""Tenants and limited keys over HTTP, with a model: what each sees, spends, and learns of the others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from ingest.catalog.call_records import UsageWanted
from ingest.catalog.key_records import KeyLimits
from service.access.keys import make_key
from service.client import Client as LecternClient
from service.remote.errors import ServerRefused
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, passages_of, served

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.catalog.key_records import KeyRecord, Permission
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
QUERY = {"question": RENT, "mode": "retrieve"}
CHAT = {"model": "lectern/default", "messages": [{"role": "user", "content": RENT}]}
SECRET = "The secret rent of tenant b is 9,999 euros.\n"
TOO_LITTLE = 0.000_001


def answer(request: Recorded) -> Step:
    """Cite the passage that holds the rent."""
    marker = next((m for m, text in passages_of(request).items() if "4,200 euros" in text), "D1:1")
    return Reply(f'The rent is 4,200 euros [{marker} "a monthly rent of 4,200 euros"].')


@pytest.fixture(scope="module")
def glm5() -> Generator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveService]:
    folder, secret = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("secret")
    write_texts(folder, {"lease.md": LEASE})
    write_texts(secret, {"secret.md": SECRET})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
    )
    with live(settings) as running:
        for tenant in ("default", "a", "b"):
            running.ingest(folder, tenant=tenant)
        running.ingest(secret, tenant="b", collection="secrets")
        make_key(running.services.catalog, "default", "the first key closes the server")
        yield running


def key_of(
    service: LiveService, tenant: str, *permissions: Permission, **limits: float | None
) -> tuple[str, KeyRecord]:
    """A key and its record."""
    bounds = KeyLimits(**limits)  # pyright: ignore[reportArgumentType] — of the test's choice
    return make_key(service.services.catalog, tenant, "", permissions=permissions or ("read",), limits=bounds)


@contextmanager
def bearer(service: LiveService, key: str, **headers: str) -> Generator[httpx2.Client]:
    """A client that brings a key."""
    given = {"Authorization": f"Bearer {key}", **headers}
    with httpx2.Client(base_url=service.url, headers=given, timeout=120, trust_env=False) as client:
        yield client


def asked(client: httpx2.Client) -> Any:  # noqa: ANN401 — JSON
    answered = client.post("/v1/query", json=QUERY)
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_cached_tokens_tell_nothing_of_other_tenants(service: LiveService, glm5: Glm5Server) -> None:
    """The three hold the same document and ask the same question of the same provider."""
    keys = {tenant: key_of(service, tenant)[0] for tenant in ("default", "a", "b")}

    first: dict[str, int] = {}
    for tenant, key in keys.items():
        with bearer(service, key) as client:
            first[tenant] = asked(client)["usage"]["cached_tokens"]
    with bearer(service, keys["a"]) as client:
        again = asked(client)["usage"]

    assert first == {"default": 0, "a": 0, "b": 0}
    assert again["cached_tokens"] > 0.5 * again["prompt_tokens"]
    openings = {str(request.messages[0]["content"])[:16] for request in glm5.requests[-4:]}
    assert len(openings) == 3


class TestBudgets:
    def test_a_used_up_one_is_said_before_the_model_is_asked(
        self, service: LiveService, glm5: Glm5Server
    ) -> None:
        key, _ = key_of(service, "a", usd_per_day=0.0)
        before = len(glm5.requests)
        with bearer(service, key) as client:
            refused = client.post("/v1/query", json=QUERY)
            streamed = client.post("/v1/query", json={**QUERY, "stream": True})
            chat = client.post("/v1/chat/completions", json=CHAT)
            found = client.post("/v1/search", json={"query": RENT})

        for one in (refused, streamed, chat):
            assert one.status_code == 429, one.text
            assert 1 <= int(one.headers["retry-after"]) <= 86_400
        assert refused.json()["code"] == "insufficient_quota"
        told = chat.json()["error"]
        assert (told["code"], told["type"]) == ("insufficient_quota", "insufficient_quota")
        assert chat.headers["x-should-retry"] == "false"
        assert len(found.json()["hits"]) > 0
        assert len(glm5.requests) == before

    def test_many_at_once_do_not_overshoot(self, service: LiveService) -> None:
        budget = 0.02
        key, record = key_of(service, "a", usd_per_day=budget)

        def ask(_: int) -> int:
            with bearer(service, key) as client:
                return client.post("/v1/query", json=QUERY).status_code

        with ThreadPoolExecutor(20) as threads:
            statuses = list(threads.map(ask, range(20)))

        assert set(statuses) == {200, 429}
        spent = service.services.ledger.usage("a", UsageWanted(key=record.id)).total
        assert spent.answers == statuses.count(200)
        assert spent.usd is not None
        assert 0 < spent.usd <= budget

    def test_a_review_is_paid_for_by_the_key_that_began_it(self, service: LiveService) -> None:
        order = {"collection": "default", "questions": [{"question": RENT}]}
        key, record = key_of(service, "a", "read", "write", usd_per_day=5.0)
        poor, _ = key_of(service, "a", "read", "write", usd_per_day=TOO_LITTLE)
        with bearer(service, key) as client:
            done = finished(client, client.post("/v1/reviews", json={**order, "name": "paid"}))
        with bearer(service, poor) as client:
            failed = finished(client, client.post("/v1/reviews", json={**order, "name": "unpaid"}))

        assert done["state"] == "done"
        assert (failed["state"], "a day does not suffice" in failed["reason"]) == ("failed", True)
        spent = service.services.ledger.usage("a", UsageWanted(key=record.id)).total
        assert spent.calls == 1


def finished(client: httpx2.Client, begun: httpx2.Response) -> Any:  # noqa: ANN401 — JSON
    """The review as it ended."""
    assert begun.status_code == 202, begun.text
    while True:
        review = client.get(f"/v1/reviews/{begun.json()['id']}").json()
        if review["state"] not in {"queued", "running"}:
            return review


class TestAgents:
    def test_they_see_what_their_key_opens(self, service: LiveService) -> None:
        key_a, key_b = key_of(service, "a")[0], key_of(service, "b")[0]

        assert tool(service, key_a, "list_collections") == ["default"]
        assert tool(service, key_b, "list_collections") == ["default", "secrets"]
        foreign = failure(service, key_a, "search", query="secret rent", collection="secrets")
        nobodys = failure(service, key_a, "search", query="secret rent", collection="nothing")
        assert foreign.replace("secrets", "nothing") == nobodys

    def test_a_session_answers_none_but_the_key_that_began_it(self, service: LiveService) -> None:
        opening = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "a test", "version": "1"},
            },
        }
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
        first, second = key_of(service, "a")[0], key_of(service, "a")[0]
        with bearer(service, first, **accept) as client:
            session = client.post("/mcp", json=opening).headers["mcp-session-id"]
            client.post(
                "/mcp",
                json={"jsonrpc": "2.0", "method": "notifications/initialized"},
                headers={"Mcp-Session-Id": session},
            )
            own = client.post("/mcp", json=listing, headers={"Mcp-Session-Id": session})
        with bearer(service, second, **accept) as client:
            foreign = client.post("/mcp", json=listing, headers={"Mcp-Session-Id": session})
            nobodys = client.post("/mcp", json=listing, headers={"Mcp-Session-Id": "0" * 32})

        assert own.status_code == 200
        assert (foreign.status_code, foreign.text) == (nobodys.status_code, nobodys.text)
        assert foreign.status_code == 404

    def test_a_key_that_only_writes_reads_nothing_by_a_tool(self, service: LiveService) -> None:
        with bearer(service, key_of(service, "a", "write")[0]) as client:
            assert client.post("/mcp", json={}).status_code == 403


def tool(service: LiveService, key: str, name: str) -> list[str]:
    result = called(service, key, name, {})
    assert not result.is_error
    return [one["name"] for one in result.structured_content["collections"]]


def failure(service: LiveService, key: str, name: str, **arguments: object) -> str:
    result = called(service, key, name, arguments)
    assert result.is_error
    return result.content[0].text


def called(service: LiveService, key: str, name: str, arguments: dict[str, object]) -> Any:  # noqa: ANN401 — the protocol's
    async def run() -> Any:  # noqa: ANN401 — likewise
        async with (
            httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
            ) as http,
            Client(streamable_http_client(f"{service.url}/mcp", http_client=http)) as agent,
        ):
            return await agent.call_tool(name, arguments)

    return asyncio.run(run())


class TestOwnServer:
    def test_commands_of_the_machine_work_as_any_tenant(self, service: LiveService) -> None:
        with served(service.services, own_token="of-this-run") as url:
            names = {
                tenant: [one.name for one in LecternClient(url, "of-this-run", tenant=tenant).collections()]
                for tenant in ("a", "b")
            }
            with pytest.raises(ServerRefused):
                LecternClient(url, "of-another-run", tenant="b").collections()

        assert names == {"a": ["default"], "b": ["default", "secrets"]}

    def test_nobody_else_chooses_a_tenant(self, service: LiveService) -> None:
        key, _ = key_of(service, "a", "admin")
        with bearer(service, key, **{"Lectern-Tenant": "b"}) as client:
            listed = client.get("/v1/collections").json()["collections"]
        assert [one["name"] for one in listed] == ["default"]


class TestKeys:
    def test_an_admin_makes_lists_and_revokes_those_of_its_tenant(self, service: LiveService) -> None:
        admin, _ = key_of(service, "a", "admin")
        wanted = {
            "name": "the intranet",
            "permissions": ["read"],
            "collections": ["default"],
            "usd_per_day": 2,
        }
        with bearer(service, admin) as client:
            made = client.post("/v1/keys", json=wanted)
            assert made.status_code == 201, made.text
            assert made.headers["cache-control"] == "no-store"
            new = made.json()
            listed = client.get("/v1/keys")
            assert new["key"] not in listed.text
            assert "digest" not in listed.text
            assert {one["tenant"] for one in listed.json()["keys"]} == {"a"}
            with bearer(service, new["key"]) as holder:
                assert holder.get("/v1/collections").status_code == 200
                assert holder.get("/v1/keys").status_code == 403
                revoked = client.delete(f"/v1/keys/{new['id']}").json()
                assert (revoked["live"], revoked["tenant"]) == (False, "a")
                assert holder.get("/v1/collections").status_code == 401

    def test_another_tenants_keys_are_not_there(self, service: LiveService) -> None:
        admin, _ = key_of(service, "a", "admin")
        _, foreign = key_of(service, "b")
        with bearer(service, admin) as client:
            refused = client.delete(f"/v1/keys/{foreign.id}")
            nobodys = client.delete("/v1/keys/000000000000")
            assert client.post("/v1/keys", json={"tenant": "b"}).status_code == 422
        assert refused.status_code == nobodys.status_code == 404
        assert refused.text.replace(foreign.id, "000000000000") == nobodys.text

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"permissions": []}, "permissions"),
            ({"permissions": ["admin"], "collections": ["default"]}, "collections"),
            ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
            ({"usd_per_day": -1}, "usd_per_day"),
            ({"requests_per_minute": 0}, "requests_per_minute"),
            ({"name": "x" * 201}, "name"),
        ],
    )
    def test_what_is_wrong_is_named(self, service: LiveService, wanted: object, field: str) -> None:
        with bearer(service, key_of(service, "a", "admin")[0]) as client:
            refused = client.post("/v1/keys", json=wanted)
        assert refused.status_code == 422
        assert any(field in one["field"] for one in refused.json()["errors"])


def test_an_address_that_tries_keys_is_turned_away_and_no_other(service: LiveService) -> None:
    good, _ = key_of(service, "a")
    with bearer(service, "wrong", **{"X-Forwarded-For": "203.0.113.77"}) as client:
        statuses = [client.get("/v1/collections").status_code for _ in range(30)]
        refused = client.get("/v1/collections")
        right = client.get("/v1/collections", headers={"Authorization": f"Bearer {good}"})
    with bearer(service, good, **{"X-Forwarded-For": "203.0.113.78"}) as client:
        other = client.get("/v1/collections")

    assert statuses == [401] * 30
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    # A right one has 256 random bits, which nobody finds by trying; turning it away would lock offices out.
    assert (right.status_code, other.status_code) == (200, 200)


def test_no_page_of_another_site_is_let_in(service: LiveService) -> None:
    key, _ = key_of(service, "a")
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with bearer(service, key, **asking) as client:
        answers = [
            client.request(method, path)
            for method in ("OPTIONS", "GET", "POST")
            for path in ("/", "/v1/collections", "/v1/query", "/mcp", "/healthz", "/openapi.json", "/nothing")
        ]
    assert len(answers) == 21
    assert not {name for one in answers for name in one.headers if name.startswith("access-control-")}

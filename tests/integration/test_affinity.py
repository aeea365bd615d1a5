"""What a router before several servers of one's own is told, at the wire."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from service.access.keys import make_key
from service.models.assembling import Upstreams
from service.models.contract import Message, ModelRequest, complete
from service.observing import Observer
from service.settings import Settings, SettingsError
from tests.fakes.egress import EverythingMayLeave
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

GLOSSARY = "# Glossary\n\n" + "\n\n".join(
    f"Term {number} means the berth of number {number} at the northern quay." for number in range(300)
)
RENT = "What is the monthly rent?"
TENANT = "acme-shipping"


@pytest.fixture(scope="module")
def server() -> Generator[Glm5Server]:
    with Glm5Server(lambda _: Reply("The documents do not say.")) as running:
        yield running


@pytest.fixture(scope="module")
def service(server: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveService]:
    """Both tenants have the same documents; in the collection `pinned` the long one is pinned."""
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE, "glossary.md": GLOSSARY})
    data = tmp_path_factory.mktemp("data")
    with live(Settings(data=data, llm_base_url=server.base_url, llm_provider="vllm")) as running:
        catalog = running.services.catalog
        for tenant in ("default", TENANT):
            running.ingest(folder, tenant=tenant, collection="pinned")
            glossary = catalog.document_at(tenant, "pinned", "glossary.md").version.document
            catalog.set_pinned(catalog.collection(tenant, "pinned"), [glossary])
        running.ingest(folder, tenant=TENANT, collection="plain")
        make_key(catalog, "default", "the first key closes the server")
        yield running


def key_of(service: LiveService, tenant: str) -> dict[str, str]:
    key, _ = make_key(service.services.catalog, tenant, "", permissions=("read", "write"))
    return {"Authorization": f"Bearer {key}"}


def ask(
    service: LiveService, key: dict[str, str], collection: str = "pinned", session: str | None = None
) -> str:
    """The conversation's id."""
    body = {"question": RENT, "mode": "retrieve", "collection": collection}
    answered = service.http.post(
        "/v1/query", json=body | ({"session_id": session} if session else {}), headers=key
    )
    assert answered.status_code == 200, answered.text
    return answered.json()["session_id"]


def places(requests: Iterable[Recorded]) -> list[str]:
    return [request.headers["x-session-id"] for request in requests]


def test_who_asks_about_a_pinned_document_is_sent_to_one_server(
    service: LiveService, server: Glm5Server
) -> None:
    key, before = key_of(service, TENANT), len(server.requests)
    warmed = service.http.post("/v1/collections/pinned/warm", json={}, headers=key)
    assert warmed.status_code == 200, warmed.text
    sessions = [ask(service, key) for _ in range(2)]
    for session in sessions:
        ask(service, key, session=session)

    told = places(server.requests[before:])

    assert len(set(sessions)) == 2
    assert len(told) == 5
    assert len(set(told)) == 1


def test_conversations_without_one_are_spread_and_each_stays(
    service: LiveService, server: Glm5Server
) -> None:
    key = key_of(service, TENANT)
    told: dict[str, set[str]] = {}
    for _ in range(3):
        session = ask(service, key, "plain")
        ask(service, key, "plain", session)
        told[session] = set(places(server.requests[-2:]))

    assert [len(names) for names in told.values()] == [1, 1, 1]
    assert len(set[str]().union(*told.values())) == 3
    assert not told.keys() & set[str]().union(*told.values())


def test_neither_tenant_nor_conversation_can_be_read_and_caches_are_apart(
    service: LiveService, server: Glm5Server
) -> None:
    """Both hold the same pinned document and ask the same."""
    for tenant in ("default", TENANT):
        ask(service, key_of(service, tenant))
    asked = server.requests[-2:]
    salts = [str(request.body["cache_salt"]) for request in asked]
    sent = " ".join(f"{request.headers} {request.body}" for request in asked)

    assert all(re.fullmatch("[0-9a-f]{16,}", name) for name in (*salts, *places(asked)))
    assert len({*salts, *places(asked)}) == 4
    assert TENANT not in sent


def test_the_header_may_have_another_name(tmp_path: Path) -> None:
    asked = ModelRequest((Message("user", "Who signs?"),), max_tokens=10, session="here")

    async def ask_at(address: str) -> None:
        told = {"data": tmp_path, "llm_base_url": address, "llm_session_header": "X-User-Id"}
        made = Upstreams(Settings.model_validate(told), EverythingMayLeave(), Observer()).connect()
        await complete(made.model, asked)
        await made.close()

    with Glm5Server([Reply("Ann Lee.")]) as own:
        asyncio.run(ask_at(own.base_url))
    assert own.requests[0].headers["x-user-id"] == "here"


def test_a_company_is_told_by_no_header_of_ones_own(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": tmp_path, "llm_api_key": "k", "llm_session_header": "X-User"})
    with pytest.raises(SettingsError, match="llm_session_header: zai is no server of your own"):
        Upstreams(settings, EverythingMayLeave(), Observer())


def test_nor_is_a_company_behind_ones_own(tmp_path: Path) -> None:
    others = [{"provider": "vllm", "base_url": "http://gpu/v1", "session_header": "X-Place"}]
    told = {"data": tmp_path, "llm_api_key": "k", "fallbacks": others}
    settings = Settings.model_validate(told)
    zai, vllm = Upstreams(settings, EverythingMayLeave(), Observer()).endpoints
    assert (zai.session_header, vllm.session_header) == (None, "X-Place")
    refused = Settings.model_validate(
        told | {"fallbacks": [{"provider": "openrouter", "session_header": "X-Place"}]}
    )
    with pytest.raises(SettingsError, match=r"fallbacks\.0\.session_header: openrouter is no server"):
        Upstreams(refused, EverythingMayLeave(), Observer())


@pytest.mark.parametrize("name", ["", "X Place", "X-Place: 1\r\nX-Other", "Ключ"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="llm_session_header"):
        Settings.model_validate({"llm_session_header": name})

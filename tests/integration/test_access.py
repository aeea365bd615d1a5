"""Access keys over HTTP: who gets in, and what they find there."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx2
import pytest

from ingest.catalog.catalog import open_catalog
from service.access.caller import Caller
from service.access.keys import BadKeyRequest, Doorkeeper, make_key
from service.settings import Settings
from tests.fakes.live_service import live_in_memory

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.key_records import Permission
    from tests.fakes.live_service import LiveService

NDA = b"This agreement ends on 5 May 2027.\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with open_catalog(tmp_path / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    with live_in_memory(Settings(data=tmp_path / "data")) as running:
        yield running


@contextmanager
def holder(
    service: LiveService,
    *permissions: Permission,
    tenant: str = "default",
    collections: frozenset[str] | None = None,
) -> Generator[httpx2.Client]:
    """A client with a key of its own."""
    catalog = service.services.catalog
    key, _ = make_key(catalog, tenant, "of a test", permissions=permissions, collections=collections)
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def upload(client: httpx2.Client, collection: str, path: str = "nda.txt") -> httpx2.Response:
    files = {"file": (path, NDA)}
    return client.post("/v1/documents", files=files, data={"collection": collection})


class TestKeys:
    def test_a_key_is_not_kept_but_known_again(self, catalog: Catalog) -> None:
        key, record = make_key(catalog, "acme", "the intranet", permissions=["read", "write"])

        caller = Doorkeeper(catalog).caller(key)

        assert caller is not None
        assert (caller.tenant, caller.key, caller.may("write"), caller.is_admin) == (
            "acme",
            record.id,
            True,
            False,
        )
        assert key not in repr(catalog.access_keys())
        assert record.digest not in key

    def test_what_was_made_for_a_time_or_taken_back_opens_nothing(self, catalog: Catalog) -> None:
        soon = datetime.now(UTC) + timedelta(days=1)
        short, expiring = make_key(catalog, "acme", "a visitor", expires_at=soon)
        taken, revoked = make_key(catalog, "acme", "somebody who left")
        door = Doorkeeper(catalog)
        assert door.caller(short)
        assert door.caller(taken)

        catalog.revoke_key("acme", revoked.id)

        assert door.caller(taken) is None
        assert expiring.is_live(soon - timedelta(seconds=1))
        assert not expiring.is_live(soon)

    @pytest.mark.parametrize("changed", ["", "x", "lectern_", "lectern_000000000000_" + "A" * 43])
    def test_anything_else_opens_nothing(self, catalog: Catalog, changed: str) -> None:
        key, record = make_key(catalog, "acme", "")
        door = Doorkeeper(catalog)

        assert door.caller(changed) is None
        assert door.caller(None) is None
        assert door.caller(key + changed if changed else key[:-1]) is None
        assert door.caller(key.replace(record.id, "0" * 12)) is None

    def test_where_no_key_was_made_nobody_needs_one(self, catalog: Catalog) -> None:
        door = Doorkeeper(catalog)
        assert door.caller(None) == door.caller("anything") != None  # noqa: E711 — they are equal callers

        _, record = make_key(catalog, "acme", "")
        assert door.caller(None) is None

        catalog.revoke_key("acme", record.id)
        assert door.caller(None) is None  # its holder would else be let in as everybody

    def test_a_tenant_does_not_take_back_another_ones_key(self, catalog: Catalog) -> None:
        key, record = make_key(catalog, "acme", "")

        with pytest.raises(Exception, match="no key named"):
            catalog.revoke_key("other", record.id)

        assert Doorkeeper(catalog).caller(key) is not None

    def test_a_key_that_would_open_nothing_or_too_much_is_not_made(self, catalog: Catalog) -> None:
        with pytest.raises(BadKeyRequest, match="permissions"):
            make_key(catalog, "acme", "", permissions=[])
        with pytest.raises(BadKeyRequest, match="collections"):
            make_key(catalog, "acme", "", permissions=["admin"], collections=["a"])
        with pytest.raises(BadKeyRequest, match="collections"):
            make_key(catalog, "acme", "", collections=[])
        with pytest.raises(BadKeyRequest, match="expires_at"):
            make_key(catalog, "acme", "", expires_at=datetime.now(UTC))
        with pytest.raises(BadKeyRequest, match="tenant"):
            make_key(catalog, " ", "")
        assert catalog.access_keys() == ()

    def test_a_salt_is_the_tenants_own_and_stays(self, catalog: Catalog) -> None:
        salts = {tenant: catalog.tenant_salt(tenant) for tenant in ("acme", "other")}

        assert len(set(salts.values())) == 2
        assert {tenant: catalog.tenant_salt(tenant) for tenant in salts} == salts


class TestTenants:
    def test_each_sees_its_own(self, service: LiveService) -> None:
        with holder(service, "admin", tenant="a") as ann, holder(service, "admin", tenant="b") as ben:
            assert upload(ann, "contracts").status_code == upload(ben, "contracts").status_code == 202
            job = ann.get("/v1/jobs").json()["jobs"][0]["id"]

            assert [one["id"] for one in ann.get("/v1/jobs").json()["jobs"]] == [job]
            assert ben.get(f"/v1/jobs/{job}").status_code == 404
            assert ben.get("/v1/jobs").json()["jobs"][0]["id"] != job

    def test_without_a_key_nothing_is_told_any_more(self, service: LiveService) -> None:
        assert httpx2.get(f"{service.url}/v1/collections", trust_env=False).status_code == 200
        with holder(service, "read"):
            assert httpx2.get(f"{service.url}/v1/collections", trust_env=False).status_code == 401


class TestPermissions:
    def test_reading_does_not_write_nor_writing_read(self, service: LiveService) -> None:
        with holder(service, "read") as reader, holder(service, "write") as writer:
            assert upload(reader, "contracts").status_code == 403
            job = upload(writer, "contracts")
            assert job.status_code == 202
            assert writer.get(f"/v1/jobs/{job.json()['id']}").status_code == 200
            assert writer.post("/v1/search", json={"query": "x"}).status_code == 403
            assert writer.get("/v1/documents?collection=contracts").status_code == 403
            refused = reader.post("/v1/ingests", json={"paths": ["/tmp"]})
            assert refused.status_code == 403
            assert refused.headers["content-type"] == "application/problem+json"

    def test_a_key_for_some_collections_finds_no_others(self, service: LiveService) -> None:
        with holder(service, "admin") as admin:
            assert upload(admin, "mine").status_code == upload(admin, "theirs").status_code == 202
        only = frozenset(["mine"])
        with holder(service, "read", "write", collections=only) as limited:
            assert {job["collection"] for job in limited.get("/v1/jobs").json()["jobs"]} == {"mine"}
            assert limited.get("/v1/jobs?collection=theirs").status_code == 404
            foreign, nobodys = (limited.get(f"/v1/collections/{name}") for name in ("theirs", "nothing"))
            assert foreign.status_code == nobodys.status_code == 404
            assert foreign.text.replace("theirs", "nothing") == nobodys.text
            assert upload(limited, "theirs").status_code == 404
            for body in ({"query": "x", "collection": "theirs"},):
                assert limited.post("/v1/search", json=body).status_code == 404
            asked = limited.post("/v1/query", json={"question": "x", "collection": "theirs"})
            assert asked.status_code == 404

    def test_every_route_asks_for_a_permission(self, service: LiveService) -> None:
        catalog, key = service.services.catalog, f"lectern_{'0' * 12}_{'A' * 43}"
        _, other = make_key(catalog, "default", "")
        digest = sha256(key.encode()).hexdigest()
        catalog.add_key(replace(other, id="0" * 12, digest=digest, permissions=frozenset()))
        assert Doorkeeper(catalog).caller(key) == Caller("default", "0" * 12, frozenset())

        paths = service.get("/openapi.json")["paths"]
        asked = [
            (method, re.sub(r"\{[^}]+\}", "1", path))
            for path, methods in paths.items()
            for method in methods
            if path.startswith("/v1/")
        ]
        with httpx2.Client(
            base_url=service.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
        ) as nobody:
            answers = {(method, path): nobody.request(method, path).status_code for method, path in asked}

        assert len(answers) > 30
        assert {place: status for place, status in answers.items() if status != 403} == {}


def test_readers_do_not_wait_for_a_writer(catalog: Catalog, tmp_path: Path) -> None:
    """Another process holds the catalog's lock: that a key was used cannot be noted, and need not be."""
    text, record = make_key(catalog, "acme", "reader")
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(Doorkeeper(catalog).caller, text).result(timeout=20)
        other.execute("ROLLBACK")
    assert found is not None
    assert found.key == record.id

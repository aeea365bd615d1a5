"""A catalog over SQLite, and one over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import os
import secrets
from array import array
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.catalog.database import sqlite_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord

SERVER = os.environ.get("LECTERN_TEST_DATABASE_URL", "")
needs_server = pytest.mark.skipif(not SERVER, reason="LECTERN_TEST_DATABASE_URL names no PostgreSQL server")
CHECK = array("f", [0.6, 0.8]).tobytes()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=needs_server)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "postgresql":
        return SERVER
    return sqlite_url(tmp_path_factory.mktemp("catalog") / "catalog.sqlite")


@pytest.fixture(scope="module")
def catalog(url: str) -> Iterator[Catalog]:
    with open_catalog(url) as opened:
        yield opened


@pytest.fixture
def tenant() -> str:
    """Its own for every test: nobody needs to clean up."""
    return secrets.token_hex(4)


@pytest.fixture
def contracts(catalog: Catalog, tenant: str) -> CollectionRecord:
    return catalog.ensure_collection(tenant, "contracts", embedder="use/3", dimensions=2, check_vector=CHECK)

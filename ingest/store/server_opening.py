"""A Qdrant server is reached, and what it holds looked at before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from ingest.errors import UnsupportedStore
from ingest.proxies import may_be_proxied
from ingest.store.payload import DENSE, DOCUMENT, OPENINGS, SCOPE, SPARSE
from ingest.store.server_layout import changes, creation, quantization_of

if TYPE_CHECKING:
    from ingest.store.layout import Layout

OLDEST_SERVER = (1, 19)
"""The first that counts IDF over a part of the collection; older ones ignore the wish in silence."""

_INDEXES: dict[str, models.KeywordIndexParams | models.IntegerIndexParams] = {
    SCOPE: models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    DOCUMENT: models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=False),
}


def client_of(url: str, key: str | None, seconds: int) -> QdrantClient:
    """A client that says nothing yet; ``key`` is the server's API key."""
    proxied = may_be_proxied(url)
    return QdrantClient(url=url, api_key=key, timeout=seconds, check_compatibility=False, trust_env=proxied)


def prepare(client: QdrantClient, name: str, dimensions: int, layout: Layout) -> bool:
    """Make the Qdrant collection, or bring it to the layout; returns whether its vectors are quantised.

    Each step leaves alone what is there.
    """
    check_version(client.info().version)
    if not client.collection_exists(name):
        _create(client, name, dimensions, layout)
    found = client.get_collection(name)
    _require_ours(name, found.config.params, dimensions)
    for field, schema in _INDEXES.items():
        if field not in found.payload_schema:
            client.create_payload_index(name, field, schema, wait=True)
    if changed := changes(layout, found.config):
        client.update_collection(name, **changed)
    return (layout.quantization or quantization_of(found.config)) == "int8"


def check_version(version: str) -> None:
    """Raise `UnsupportedStore` for a server that is too old."""
    release, _, _ = version.partition("-")
    numbers = tuple(int(part) for part in release.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise UnsupportedStore(f"Qdrant {version} is too old: {oldest} or later is needed")


def _create(client: QdrantClient, name: str, dimensions: int, layout: Layout) -> None:
    try:
        client.create_collection(name, **creation(layout, dimensions))
    except UnexpectedResponse:
        # Another process was faster: what it made is checked like any other.
        if not client.collection_exists(name):
            raise


def _require_ours(name: str, params: models.CollectionParams, dimensions: int) -> None:
    vectors, sparse = params.vectors, params.sparse_vectors or {}
    dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
    if dense is None or SPARSE not in sparse or sparse[SPARSE].modifier != models.Modifier.IDF:
        raise UnsupportedStore(f"the Qdrant collection {name!r} was not made by Lectern")
    if OPENINGS not in sparse:
        raise UnsupportedStore(
            f"the Qdrant collection {name!r} was made by an earlier version of Lectern: delete it, and "
            "`lectern doctor --repair` writes it anew"
        )
    if dense.size != dimensions:
        raise UnsupportedStore(
            f"the Qdrant collection {name!r} holds vectors of {dense.size} dimensions, not {dimensions}"
        )

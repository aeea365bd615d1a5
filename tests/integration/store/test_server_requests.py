"""What goes to a Qdrant server, and what its refusals become."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import numpy as np
import pytest

from ingest.errors import IndexUnavailable, UnsupportedStore
from ingest.model import Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.retrying import AT_ONCE, Retrying
from ingest.store.server import BATCH_BYTES, connect
from tests.fakes.qdrant_rest import Failure, QdrantRest
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SCOPE = Scope("acme", "договоры")
QUESTION = SparseVector(np.array([3, 9], np.uint32), np.ones(2, np.float32))
DIRECTION = np.array([0.1, -0.7, 0.3], dtype=np.float32)


@pytest.fixture
def server(tmp_path: Path) -> Generator[QdrantRest]:
    with QdrantRest(tmp_path) as running:
        yield running


def chunk(document: int, ordinal: int, dense: np.ndarray[Any, np.dtype[np.float32]] = DIRECTION) -> Point:
    return Point(document, ordinal, 0, 9, 1, 1, QUESTION, dense)


def use_everything(server: QdrantRest) -> None:
    with closing(connect(server.url, None, dimensions=3)) as store:
        store.upsert(SCOPE, [chunk(1, 0), chunk(2, 0)])
        store.search_sparse(SCOPE, QUESTION, documents=None, limit=5)
        store.search_sparse(SCOPE, QUESTION, documents=[1, 2], limit=5)
        store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
        store.search_dense(SCOPE, DIRECTION, documents=[2], limit=5)
        store.counts(SCOPE)
        store.delete_documents(SCOPE, [1])
        store.delete_scope(SCOPE)
        store.flush()


def test_indexes_are_made_before_the_first_point_and_only_once(server: QdrantRest) -> None:
    for _ in range(2):
        use_everything(server)
    steps = [request.path for request in server.requests if request.method == "PUT"]
    made, index, points = (
        "/collections/{collection_name}",
        "/collections/{collection_name}/index",
        "/collections/{collection_name}/points",
    )
    assert steps == [made, index, index, points, points]
    schemas = [json.loads(request.body) for request in server.requests if request.path == index]
    assert [schema["field_name"] for schema in schemas] == ["scope", "document"]
    assert schemas[0]["field_schema"] == {"type": "keyword", "is_tenant": True}


def test_an_index_that_is_missing_is_made_at_the_next_opening(server: QdrantRest) -> None:
    with closing(connect(server.url, None, dimensions=3)):
        pass
    server.forget_index("lectern", "document")
    with closing(connect(server.url, None, dimensions=3)):
        pass
    made = [json.loads(r.body)["field_name"] for r in server.requests if r.path.endswith("/index")]
    assert made == ["scope", "document", "document"]


def test_every_question_and_every_deletion_stays_inside_the_scope(server: QdrantRest) -> None:
    use_everything(server)
    filters = [json.loads(request.body)["filter"] for request in server.requests if request.method == "POST"]
    assert len(filters) == 7
    conditions = [within["must"][0] for within in filters]
    assert all(condition == conditions[0] for condition in conditions)
    assert conditions[0]["key"] == "scope"


def test_every_write_waits_until_it_is_applied(server: QdrantRest) -> None:
    use_everything(server)
    writes = [r for r in server.requests if r.path.endswith(("/points", "/index", "/delete"))]
    assert len(writes) == 5
    assert {request.query for request in writes} == {"wait=true"}


@needs_shared
def test_every_body_is_what_the_published_interface_describes(server: QdrantRest) -> None:
    use_everything(server)
    bodies = [request for request in server.requests if request.body]
    assert {request.path.rpartition("}")[2] for request in bodies} == {
        "",
        "/index",
        "/points",
        "/points/query",
        "/points/delete",
        "/facet",
    }
    for request in bodies:
        validate(request.method, request.path, json.loads(request.body))


@needs_shared
def test_the_published_interface_catches_a_wrong_body() -> None:
    wrong = {"filter": {"must": [{"key": "scope", "matched": {"value": "x"}}]}}
    with pytest.raises(jsonschema.ValidationError):
        validate("POST", "/collections/{collection_name}/points/delete", wrong)


def validate(method: str, path: str, body: object) -> None:
    interface = _interface()
    content = interface["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    schema = content["schema"] | {"components": interface["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)  # pyright: ignore[reportUnknownMemberType] — an open keyword in its stub


@cache
def _interface() -> dict[str, Any]:
    return _strict(json.loads(shared("qdrant/openapi.json").read_text(encoding="utf-8")))


def _strict(node: Any) -> Any:  # noqa: ANN401 — any part of a JSON document
    """OpenAPI 3.0's ``nullable`` as JSON Schema says it, and no field beyond those that are named."""
    if isinstance(node, list):
        return [_strict(part) for part in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    made = {key: _strict(value) for key, value in cast("dict[str, Any]", node).items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if made.pop("nullable", False) is True:
        other = [made] if set(made) - {"description"} else []
        return {"anyOf": [*other, {"type": "null"}]}
    return made


def test_bodies_stay_below_the_limit_of_a_gateway(server: QdrantRest) -> None:
    numbers = np.random.default_rng(0).normal(size=(600, 512)).astype(np.float32) * 1e-5
    with closing(connect(server.url, None, dimensions=512)) as store:
        store.upsert(SCOPE, [chunk(1, ordinal, row) for ordinal, row in enumerate(numbers)])
        assert store.counts(SCOPE) == {1: 600}
    sizes = [len(request.body.encode()) for request in server.requests if request.path.endswith("/points")]
    assert len(sizes) > 1
    assert BATCH_BYTES / 2 < max(sizes) < BATCH_BYTES


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_unavailable(server: QdrantRest, status: int) -> None:
    with closing(connect(server.url, None, dimensions=3, retrying=Retrying(AT_ONCE))) as store:
        server.failures.append(Failure(status))
        with pytest.raises(IndexUnavailable):
            store.counts(SCOPE)
        server.failures.append(Failure(status, headers=(("Retry-After", "3"),)))
        with pytest.raises(IndexUnavailable):
            store.upsert(SCOPE, [chunk(1, 0)])
        assert store.counts(SCOPE) == {}


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_request_is_a_wrong_value(server: QdrantRest, status: int) -> None:
    with closing(connect(server.url, None, dimensions=3)) as store:
        server.failures.append(Failure(status))
        with pytest.raises(ValueError, match=str(status)):
            store.search_sparse(SCOPE, QUESTION, documents=None, limit=5)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_a_lost_collection_is_permanent(server: QdrantRest, status: int) -> None:
    with closing(connect(server.url, None, dimensions=3)) as store:
        server.failures.append(Failure(status))
        with pytest.raises(UnsupportedStore, match=str(status)):
            store.delete_scope(SCOPE)
    server.failures.append(Failure(status))
    with pytest.raises(UnsupportedStore, match=str(status)):
        connect(server.url, None, dimensions=3)


def test_a_connection_that_breaks_is_unavailable(server: QdrantRest) -> None:
    with closing(connect(server.url, None, dimensions=3, retrying=Retrying(AT_ONCE))) as store:
        server.failures.append(Failure(0))
        with pytest.raises(IndexUnavailable):
            store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
        assert store.counts(SCOPE) == {}


def test_a_server_that_stays_silent_is_given_up(server: QdrantRest) -> None:
    with closing(
        connect(server.url, None, dimensions=3, timeout_seconds=1, retrying=Retrying(AT_ONCE))
    ) as store:
        server.failures.append(Failure(500, seconds=1.5))
        with pytest.raises(IndexUnavailable, match="timed out"):
            store.counts(SCOPE)


def test_no_server_at_all_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(IndexUnavailable):
        connect(f"http://127.0.0.1:{port}", None, dimensions=3, retrying=Retrying(AT_ONCE))


def test_an_old_server_is_refused(tmp_path: Path) -> None:
    with (
        QdrantRest(tmp_path, version="1.18.9") as old,
        pytest.raises(UnsupportedStore, match=r"1\.19 or later"),
    ):
        connect(old.url, None, dimensions=3)
    with QdrantRest(tmp_path, version="2.0.0-dev") as new:
        connect(new.url, None, dimensions=3).close()


def test_other_dimensions_are_refused(server: QdrantRest) -> None:
    connect(server.url, None, dimensions=3).close()
    with pytest.raises(UnsupportedStore, match="3 dimensions, not 4"):
        connect(server.url, None, dimensions=4)


def test_a_collection_of_someone_else_is_refused(server: QdrantRest) -> None:
    server.respond(
        "PUT", "/collections/lectern", '{"vectors": {"dense": {"size": 3, "distance": "Cosine"}}}', None
    )
    with pytest.raises(UnsupportedStore, match="not made by Lectern"):
        connect(server.url, None, dimensions=3)


def test_two_that_make_the_collection_at_once_share_it(server: QdrantRest) -> None:
    connect(server.url, None, dimensions=3).close()
    server.denied.append("lectern")
    with closing(connect(server.url, None, dimensions=3)) as store:
        assert store.counts(SCOPE) == {}
    created = [r for r in server.requests if (r.method, r.path) == ("PUT", "/collections/{collection_name}")]
    assert len(created) == 2


def test_the_key_goes_with_every_request(server: QdrantRest) -> None:
    with pytest.warns(UserWarning, match="insecure connection"):
        store = connect(server.url, "sesame", dimensions=3)
    with closing(store):
        store.counts(SCOPE)
    assert {request.key for request in server.requests} == {"sesame"}

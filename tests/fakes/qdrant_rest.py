"""A loopback server that speaks the part of Qdrant's REST interface that Lectern uses, with Edge behind it.

with QdrantRest(tmp_path) as server:
    store = connect(server.url, None, dimensions=512)

The real client talks to it over a real socket; scores come from the real engine. It answers 501 to what it
does not translate, so that nothing passes by being ignored.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self, TypeAlias
from uuid import UUID

import qdrant_edge as edge
from qdrant_client import models

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from pydantic import BaseModel

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | list[Json] | None"

COLLECTION = "/collections/{collection_name}"
_PARAMETERS = {
    *("vectors", "sparse_vectors", "on_disk_payload"),
    *("shard_number", "replication_factor", "write_consistency_factor"),
}
"""Of a collection, that it is made with and shows again."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came; ``path`` is the template that Qdrant's published interface names it by."""

    method: str
    path: str
    query: str
    body: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What the next request gets instead of an answer; status 0 closes the connection."""

    status: int
    seconds: float = 0.0
    """Silence before it."""
    headers: tuple[tuple[str, str], ...] = ()


class HttpError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Collection:
    shard: edge.EdgeShard
    made: models.CreateCollection
    indexes: dict[str, str] = field(default_factory=dict[str, str])

    def require_strict(
        self, within: models.Filter | None = None, limit: int | None = None, points: int = 0
    ) -> None:
        """Refuse what Qdrant refuses where strict mode is on, as its sources and manual say."""
        strict = self.made.strict_mode_config
        if strict is None or not strict.enabled:
            return
        conditions = within.must if within and isinstance(within.must, list) else []
        keys = {condition.key for condition in conditions if isinstance(condition, models.FieldCondition)}
        if strict.unindexed_filtering_retrieve is False and keys - self.indexes.keys():
            raise HttpError(400, f"Index required but not found for {keys - self.indexes.keys()}")
        for name, found, most in (
            ("limit", limit or 0, strict.max_query_limit),
            ("batch", points, strict.upsert_max_batchsize),
            ("conditions", len(conditions), strict.filter_max_conditions),
        ):
            if most is not None and found > most:
                raise HttpError(400, f"{name}: {found} is more than {most}")


class QdrantRest:
    """The server, from ``with`` to its end."""

    def __init__(self, folder: Path, *, version: str = "1.19.0") -> None:
        self.requests: list[Recorded] = []
        self.failures: deque[Failure] = deque()
        self.lost = 0
        """Requests that are done next, and whose answers are lost."""
        self.dies_after: int | None = None
        """Requests that are done before all others get no answer, as if whoever asks had been killed."""
        self.denied: list[str] = []
        """Collections that the next question for them says are not there."""
        self._folder = folder
        self._version = version
        self._collections: dict[str, Collection] = {}
        self.aliases: dict[str, str] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        for collection in self._collections.values():
            collection.shard.close()

    def answer(self, method: str, target: str, body: str, key: str | None) -> Json:
        """The ``result`` of a request."""
        path, _, query = target.partition("?")
        for (wanted, template), action in self._routes().items():
            pattern = re.escape(template).replace(r"\{collection_name\}", "([^/]+)")
            if method == wanted and (match := re.fullmatch(pattern, path)):
                self.requests.append(Recorded(method, template, query, body, key))
                return action(*match.groups(), body)
        raise HttpError(501, f"{method} {path} is not translated")

    def _routes(self) -> dict[tuple[str, str], Callable[..., Json]]:
        return {
            ("GET", f"{COLLECTION}/exists"): self._exists,
            ("GET", "/collections"): self._list,
            ("GET", COLLECTION): self._describe,
            ("PUT", COLLECTION): self._create,
            ("PUT", f"{COLLECTION}/index"): self._index,
            ("PUT", f"{COLLECTION}/points"): self._upsert,
            ("POST", f"{COLLECTION}/points/query"): self._query,
            ("POST", f"{COLLECTION}/points"): self._retrieve,
            ("POST", f"{COLLECTION}/points/scroll"): self._scroll,
            ("POST", f"{COLLECTION}/points/delete"): self._delete,
            ("POST", f"{COLLECTION}/facet"): self._facet,
            ("PATCH", COLLECTION): self._update,
            ("DELETE", COLLECTION): self._drop,
            ("GET", "/aliases"): self._list_aliases,
            ("POST", "/collections/aliases"): self._alias,
        }

    def _collection(self, name: str) -> Collection:
        name = self.aliases.get(name, name)
        if name not in self._collections:
            raise HttpError(404, f"Collection `{name}` doesn't exist!")
        return self._collections[name]

    @property
    def names(self) -> set[str]:
        """Of the collections, aliases left out."""
        return {*self._collections}

    def made(self, name: str) -> models.CreateCollection:
        """How a collection was made, with all changes since."""
        return self._collection(name).made

    def forget_index(self, name: str, field_name: str) -> None:
        """As if whoever made the collection had been killed before."""
        collection = self._collection(name)
        collection.shard.update(edge.UpdateOperation.delete_field_index(field_name))
        del collection.indexes[field_name]

    def _exists(self, name: str, _body: str) -> Json:
        if name in self.denied:
            self.denied.remove(name)
            return {"exists": False}
        return {"exists": self.aliases.get(name, name) in self._collections}

    def _list(self, _body: str) -> Json:
        return {"collections": [{"name": name} for name in self._collections]}

    def _describe(self, name: str, _body: str) -> Json:
        return _information(self._collection(name))

    def _create(self, name: str, body: str) -> Json:
        if name in self._collections or name in self.aliases:
            raise HttpError(409, f"Collection `{name}` already exists!")
        made = models.CreateCollection.model_validate_json(body)
        folder = self._folder / name
        folder.mkdir(parents=True)
        self._collections[name] = Collection(edge.EdgeShard.load(str(folder), _configuration(made)), made)
        return True

    def _update(self, name: str, body: str) -> Json:
        request = models.UpdateCollection.model_validate_json(body)
        made = self._collection(name).made
        if request.params:
            for key, value in request.params.model_dump(exclude_none=True).items():
                setattr(made, key, value)
        for vector, diff in (request.vectors or {}).items():
            assert isinstance(made.vectors, dict)
            made.vectors[vector].on_disk = diff.on_disk
        if request.quantization_config:
            off = request.quantization_config == models.Disabled.DISABLED
            made.quantization_config = None if off else request.quantization_config  # pyright: ignore[reportAttributeAccessIssue] — the other one is excluded
        if request.strict_mode_config:
            made.strict_mode_config = request.strict_mode_config
        return True

    def _drop(self, name: str, _body: str) -> Json:
        """Aliases of the collection go with it."""
        dropped = self._collections.pop(self.aliases.get(name, name), None)
        if dropped is None:
            return False
        dropped.shard.close()
        shutil.rmtree(self._folder / self.aliases.get(name, name))
        self.aliases = {alias: held for alias, held in self.aliases.items() if held in self._collections}
        return True

    def _list_aliases(self, _body: str) -> Json:
        shown: list[Json] = [
            {"alias_name": alias, "collection_name": name} for alias, name in self.aliases.items()
        ]
        return {"aliases": shown}

    def _alias(self, body: str) -> Json:
        aliases = dict(self.aliases)
        for action in models.ChangeAliasesOperation.model_validate_json(body).actions:
            match action:
                case models.CreateAliasOperation(create_alias=asked):
                    if asked.collection_name not in self._collections:
                        raise HttpError(404, f"Collection `{asked.collection_name}` doesn't exist!")
                    if asked.alias_name in self._collections:
                        raise HttpError(409, f"Collection `{asked.alias_name}` already exists!")
                    aliases[asked.alias_name] = asked.collection_name
                case models.DeleteAliasOperation(delete_alias=asked):
                    del aliases[asked.alias_name]
                case _:
                    raise HttpError(501, "renamed aliases are not translated")
        self.aliases = aliases
        return True

    def _index(self, name: str, body: str) -> Json:
        request = models.CreateFieldIndex.model_validate_json(body)
        kinds = {
            models.KeywordIndexParams: ("keyword", edge.PayloadSchemaType.Keyword),
            models.IntegerIndexParams: ("integer", edge.PayloadSchemaType.Integer),
        }
        kind, schema = kinds[type(request.field_schema)]  # pyright: ignore[reportArgumentType] — others: 501
        collection = self._collection(name)
        collection.shard.update(edge.UpdateOperation.create_field_index(request.field_name, schema))
        collection.indexes[request.field_name] = kind
        return _completed()

    def _upsert(self, name: str, body: str) -> Json:
        points = [_point(point) for point in models.PointsList.model_validate_json(body).points]
        self._collection(name).require_strict(points=len(points))
        self._collection(name).shard.update(edge.UpdateOperation.upsert_points(points))
        return _completed()

    def _delete(self, name: str, body: str) -> Json:
        within = models.FilterSelector.model_validate_json(body).filter
        self._collection(name).require_strict(within)
        self._collection(name).shard.update(edge.UpdateOperation.delete_points_by_filter(_filter(within)))
        return _completed()

    def _query(self, name: str, body: str) -> Json:
        request = models.QueryRequest.model_validate_json(body)
        if not isinstance(request.with_payload, list) or request.limit is None or request.prefetch:
            raise HttpError(501, "only plain queries with named fields are translated")
        self._collection(name).require_strict(request.filter, request.limit)
        if request.params and isinstance(request.params.idf, models.IdfCorpusParams):
            self._collection(name).require_strict(request.params.idf.corpus)
        found = self._collection(name).shard.query(
            edge.QueryRequest(
                request.limit,
                query=_nearest(request),
                filter=_filter(request.filter),
                params=_parameters(request.params),
                with_payload=request.with_payload,
            )
        )
        return {
            "points": [
                {"id": str(p.id), "version": p.version, "score": p.score, "payload": p.payload} for p in found
            ]
        }

    def _retrieve(self, name: str, body: str) -> Json:
        request = models.PointRequest.model_validate_json(body)
        if request.with_payload is not False or not isinstance(request.with_vector, list):
            raise HttpError(501, "only named vectors without a payload are translated")
        ids: list[edge.PointId] = [UUID(str(identity)) for identity in request.ids]
        found = self._collection(name).shard.retrieve(
            ids, with_payload=False, with_vector=request.with_vector
        )
        return [_record(record) for record in found]

    def _scroll(self, name: str, body: str) -> Json:
        request = models.ScrollRequest.model_validate_json(body)
        fields, vectors = request.with_payload, request.with_vector
        if not isinstance(fields, list) or not isinstance(vectors, list):
            raise HttpError(501, "only named vectors and fields are translated")
        self._collection(name).require_strict(request.filter, request.limit)
        found, following = self._collection(name).shard.scroll(
            edge.ScrollRequest(
                limit=request.limit,
                filter=_filter(request.filter),
                with_payload=fields,
                with_vector=vectors,
                offset=None if request.offset is None else UUID(str(request.offset)),
            )
        )
        points: list[Json] = [_record(record) for record in found]
        return {"points": points, "next_page_offset": None if following is None else str(following)}

    def _facet(self, name: str, body: str) -> Json:
        request = models.FacetRequest.model_validate_json(body)
        self._collection(name).require_strict(request.filter, request.limit)
        response = self._collection(name).shard.facet(
            edge.FacetRequest(
                request.key,
                request.limit or 10,
                exact=bool(request.exact),
                filter=request.filter and _filter(request.filter),
            )
        )
        return {"hits": [{"value": hit.value, "count": hit.count} for hit in response.hits]}

    def respond(self, method: str, target: str, body: str, key: str | None) -> tuple[int, Json]:
        """Status and body of a response."""
        if target == "/":
            return 200, {"title": "qdrant - vector search engine", "version": self._version}
        try:
            return 200, {"result": self.answer(method, target, body, key), "status": "ok", "time": 0.0}
        except HttpError as error:
            return error.status, {"status": {"error": str(error)}, "time": 0.0}
        except Exception as error:  # noqa: BLE001 — as the server does: whatever the engine refuses is a 400
            return 400, {"status": {"error": str(error)}, "time": 0.0}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers: tuple[tuple[str, str], ...] = ()
                if server.dies_after is not None:
                    if server.dies_after == 0:
                        self.close_connection = True
                        return
                    server.dies_after -= 1
                if server.failures:
                    failure = server.failures.popleft()
                    time.sleep(failure.seconds)
                    if failure.status == 0:
                        self.close_connection = True
                        return
                    status, headers = failure.status, failure.headers
                    answer: Json = {"status": {"error": "as the test asked"}, "time": 0.0}
                else:
                    status, answer = server.respond(
                        self.command, self.path, body, self.headers.get("api-key")
                    )
                if server.lost:
                    server.lost -= 1
                    self.close_connection = True
                    return
                with suppress(ConnectionError):  # whoever asked was killed
                    self._send(status, headers, json.dumps(answer).encode())

            def _send(self, status: int, headers: tuple[tuple[str, str], ...], content: bytes) -> None:
                self.send_response(status)
                for name, value in (*headers, ("Content-Length", str(len(content)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 — names that the base class looks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
                del format, args

        return Handler


def _configuration(made: models.CreateCollection) -> edge.EdgeConfig:
    if not isinstance(made.vectors, dict):
        raise HttpError(501, "only named vectors are translated")
    datatypes = {models.Datatype.FLOAT16: edge.VectorStorageDatatype.Float16, None: None}
    distances = {models.Distance.COSINE: edge.Distance.Cosine}
    modifiers = {models.Modifier.IDF: edge.Modifier.Idf, None: None}
    return edge.EdgeConfig(
        vectors={
            name: edge.EdgeVectorParams(
                vector.size, distances[vector.distance], datatype=datatypes[vector.datatype]
            )
            for name, vector in made.vectors.items()
        },
        sparse_vectors={
            name: edge.EdgeSparseVectorParams(modifier=modifiers[vector.modifier])
            for name, vector in (made.sparse_vectors or {}).items()
        },
    )


def _record(record: edge.Record) -> Json:
    vectors = record.vector if isinstance(record.vector, dict) else {}
    shown: dict[str, Json] = {
        name: {"indices": list(vector.indices), "values": list(vector.values)}
        for name, vector in vectors.items()
        if isinstance(vector, edge.SparseVector)
    }
    for name, vector in vectors.items():
        if isinstance(vector, list):
            shown[name] = [number for number in vector if isinstance(number, float)]
    return {"id": str(record.id), "payload": record.payload, "vector": shown}


def _information(collection: Collection) -> Json:
    made = collection.made
    points = collection.shard.info().points_count
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": 1,
        "points_count": points,
        "config": {
            "params": made.model_dump(mode="json", include=_PARAMETERS, exclude_none=True),
            "quantization_config": _shown(made.quantization_config),
            "strict_mode_config": _shown(made.strict_mode_config),
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        },
        "payload_schema": {
            name: {"data_type": kind, "points": points} for name, kind in collection.indexes.items()
        },
    }


def _shown(config: BaseModel | None) -> Json:
    return None if config is None else config.model_dump(mode="json", exclude_none=True)


def _completed() -> Json:
    return {"operation_id": 1, "status": "completed"}


def _point(point: models.PointStruct) -> edge.Point:
    if not isinstance(point.vector, dict):
        raise HttpError(501, "only named vectors are translated")
    vectors: dict[str, list[float] | edge.SparseVector | list[list[float]]] = {}
    for name, vector in point.vector.items():
        if isinstance(vector, models.SparseVector):
            vectors[name] = edge.SparseVector(vector.indices, vector.values)
        elif isinstance(vector, list):
            vectors[name] = [float(number) for number in vector if isinstance(number, float)]
        else:
            raise HttpError(501, f"a vector of {type(vector)} is not translated")
    return edge.Point(str(point.id), vectors, point.payload)


def _nearest(request: models.QueryRequest) -> edge.Query:
    if not isinstance(request.query, models.NearestQuery):
        raise HttpError(501, "only queries for the nearest are translated")
    vector = request.query.nearest
    if isinstance(vector, models.SparseVector):
        return edge.Query.Nearest(edge.SparseVector(vector.indices, vector.values), using=request.using)
    if isinstance(vector, list):
        numbers = [float(number) for number in vector if isinstance(number, float)]
        return edge.Query.Nearest(numbers, using=request.using)
    raise HttpError(501, f"a query by {type(vector)} is not translated")


def _parameters(params: models.SearchParams | None) -> edge.SearchParams | None:
    if params is None:
        return None
    if params.quantization is not None and params.idf is None:
        return None  # Edge holds no quantised copies: it scores by the vectors, as rescoring does
    if not isinstance(params.idf, models.IdfCorpusParams) or params.exact or params.hnsw_ef:
        raise HttpError(501, "only an IDF corpus is translated")
    return edge.SearchParams(idf=edge.IdfParams(corpus=_filter(params.idf.corpus)))


def _filter(within: models.Filter | None) -> edge.Filter:
    if within is None or not isinstance(within.must, list) or within.should or within.must_not:
        raise HttpError(501, "only filters with `must` are translated")
    return edge.Filter(must=[_condition(condition) for condition in within.must])


def _condition(condition: models.Condition) -> edge.FieldCondition:
    if isinstance(condition, models.FieldCondition):
        if isinstance(condition.match, models.MatchValue):
            return edge.FieldCondition(condition.key, edge.MatchValue(condition.match.value))
        if isinstance(condition.match, models.MatchAny):
            numbers = [number for number in condition.match.any if isinstance(number, int)]
            return edge.FieldCondition(condition.key, edge.MatchAny(numbers))
    raise HttpError(501, f"the condition {condition} is not translated")

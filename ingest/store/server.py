"""The store on a Qdrant server or cluster: all scopes in one Qdrant collection, apart by an indexed field.

Two things differ from the embedded store. A collection of several shards counts IDF in each shard for
itself, so scores vary a little with the shard; and a large scope is searched through a graph, so a dense
ranking may miss a hit. Every write returns when the server has applied it; how soon that reaches its disk
is the server's setting.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ingest.errors import IndexUnavailable, UnsupportedStore
from ingest.proxies import may_be_proxied
from ingest.store.identity import ids_of, point_ids, scope_id
from ingest.store.lengths import StoreOfLengths
from ingest.store.payload import DENSE, DOCUMENT, HIT_FIELDS, SCOPE, SPARSE, hit_of, payloads
from ingest.store.points import Points
from ingest.store.ranking import best
from ingest.store.vectors import batches, check_sparse, directions, stored

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray
    from qdrant_client.conversions.common_types import PointId

    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector, Store

COLLECTION_NAME = "lectern"
"""Of the Qdrant collection; ours are fields of its points."""
TIMEOUT_SECONDS = 30
BATCH_BYTES = 4_500_000
"""Of JSON; cloud gateways refuse much more."""
NUMBER_BYTES = 24
"""At most, for a float32 in JSON with its comma."""
OLDEST_SERVER = (1, 19)
"""The first that counts IDF over a part of the collection; older ones ignore the wish in silence."""
_AT_ONCE = 500
"""Points that are read at a time."""
FACETS = 10_000
"""Documents counted by one request, unless there are more."""

_INDEXES: dict[str, models.KeywordIndexParams | models.IntegerIndexParams] = {
    SCOPE: models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    DOCUMENT: models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=False),
}


def connect_all(url: str, key: str | None, *, dimensions: int) -> StoreOfLengths:
    """The Qdrant collections of a server, one for each length of vectors; ``key`` is its API key.

    The first is ``lectern``, of whatever length its vectors are; another is ``lectern-<length>``.

    Raises:
        IndexUnavailable: no answer, or none in time.
        UnsupportedStore: the server is too old, or refuses the key.
    """

    def make(length: int) -> ServerStore:
        return connect(url, key, dimensions=length, collection_name=f"{COLLECTION_NAME}-{length}")

    client = _client(url, key, TIMEOUT_SECONDS)
    try:
        with _server():
            lengths = _lengths(client)
    finally:
        client.close()
    first = lengths.get(COLLECTION_NAME, dimensions)
    stores: dict[int, Store] = {first: connect(url, key, dimensions=first)}
    for name, length in lengths.items():
        if name == f"{COLLECTION_NAME}-{length}" and length not in stores:
            stores[length] = make(length)
    return StoreOfLengths(stores, make)


def _client(url: str, key: str | None, seconds: int) -> QdrantClient:
    proxied = may_be_proxied(url)
    return QdrantClient(url=url, api_key=key, timeout=seconds, check_compatibility=False, trust_env=proxied)


def _lengths(client: QdrantClient) -> dict[str, int]:
    """The length of the vectors in each Qdrant collection of ours."""
    lengths: dict[str, int] = {}
    for found in client.get_collections().collections:
        if found.name == COLLECTION_NAME or found.name.startswith(f"{COLLECTION_NAME}-"):
            vectors = client.get_collection(found.name).config.params.vectors
            if isinstance(vectors, dict) and DENSE in vectors:
                lengths[found.name] = vectors[DENSE].size
    return lengths


def connect(
    url: str,
    key: str | None,
    *,
    dimensions: int,
    collection_name: str = COLLECTION_NAME,
    timeout_seconds: int = TIMEOUT_SECONDS,
) -> ServerStore:
    """The store at ``url``; ``key`` is the server's API key.

    Raises:
        IndexUnavailable: no answer, or none in time.
        UnsupportedStore: the server is too old, refuses the key, or holds other vectors.
    """
    client = _client(url, key, timeout_seconds)
    try:
        return ServerStore.open(client, collection_name=collection_name, dimensions=dimensions)
    except BaseException:
        client.close()
        raise


class ServerStore:
    """A `Store` over the network."""

    def __init__(self, client: QdrantClient, *, collection_name: str, dimensions: int) -> None:
        self._client = client
        self._name = collection_name
        self._dimensions = dimensions

    @classmethod
    def open(cls, client: QdrantClient, *, collection_name: str, dimensions: int) -> Self:
        """Use the Qdrant collection, or make it with its indexes.

        Raises:
            IndexUnavailable: no answer, or none in time.
            UnsupportedStore: the server is too old, refuses the key, or holds other vectors.
        """
        store = cls(client, collection_name=collection_name, dimensions=dimensions)
        with _server():
            _check_version(client.info().version)
            if not client.collection_exists(collection_name):
                store._create()
            store._prepare()
        return store

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points in requests below `BATCH_BYTES`."""
        columns = Points.of(points)
        units, directed = directions(columns.dense, self._dimensions)
        check_sparse(columns.indices, columns.values, columns.borders)
        dense = [unit.tolist() if some else None for unit, some in zip(units, directed, strict=True)]
        ids = point_ids(scope, columns)
        overhead = 512 + 12 * (len(scope.tenant) + len(scope.collection))
        for batch in batches(
            columns, limit_bytes=BATCH_BYTES, number_bytes=NUMBER_BYTES, point_bytes=overhead
        ):
            part = columns[batch]
            made = map(
                _point, ids[batch], dense[batch], part.sparse_lists(), payloads(scope, part, named=True)
            )
            with _server():
                self._client.upsert(self._name, list(made), wait=True)

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by BM25; no terms, no hits."""
        check_sparse(vector.indices, vector.values)
        if len(vector.indices) == 0:
            return []
        corpus = models.SearchParams(idf=models.IdfCorpusParams(corpus=_inside(scope)))
        return self._search(_sparse(vector), SPARSE, scope, documents, limit, params=corpus)

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by cosine; a zero vector is near nothing."""
        units, directed = directions(vector[None], self._dimensions)
        if not directed[0]:
            return []
        return self._search(units[0].tolist(), DENSE, scope, documents, limit)

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        """What is stored at these places, in no order."""
        ids = [str(identity) for identity in dict.fromkeys(ids_of(scope, places))]
        if not ids:
            return []
        with _server():
            found = self._client.retrieve(self._name, ids, with_payload=False, with_vectors=[SPARSE])
        return [_stored(record) for record in found]

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """What is stored of a document, in no order."""
        found: list[tuple[Hit, SparseVector]] = []
        offset: PointId | None = None
        while True:
            with _server():
                records, offset = self._client.scroll(
                    self._name,
                    scroll_filter=_inside(scope, [document]),
                    limit=_AT_ONCE,
                    offset=offset,
                    with_payload=list(HIT_FIELDS),
                    with_vectors=[SPARSE],
                )
            found += [(hit_of(record.payload, 0.0), _stored(record)) for record in records]
            if offset is None:
                return found

    def sample(self, scope: Scope, limit: int) -> list[tuple[int, SparseVector]]:
        """The points of the lowest ids: those are hashes, so nothing else about them is alike."""
        with _server():
            found, _ = self._client.scroll(
                self._name,
                scroll_filter=_inside(scope),
                limit=limit,
                with_payload=[DOCUMENT],
                with_vectors=[SPARSE],
            )
        return [((record.payload or {})[DOCUMENT], _stored(record)) for record in found]

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        limit = FACETS
        while len(hits := self._facet(scope, limit)) == limit:
            limit *= 10
        return {int(hit.value): hit.count for hit in hits}

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        if documents:
            self._delete(_inside(scope, documents))

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        self._delete(_inside(scope))

    def flush(self) -> None:
        """Nothing is left to do: each write waited for the server."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _create(self) -> None:
        dense = models.VectorParams(
            size=self._dimensions, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16
        )
        # No search crosses scopes, so there is a graph for each scope and none over all of them.
        graphs = models.HnswConfigDiff(m=0, payload_m=16)
        try:
            self._client.create_collection(
                self._name,
                vectors_config={DENSE: dense},
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                hnsw_config=graphs,
            )
        except UnexpectedResponse:
            # Another process was faster: what it made is checked like any other.
            if not self._client.collection_exists(self._name):
                raise

    def _prepare(self) -> None:
        found = self._client.get_collection(self._name)
        vectors, sparse = found.config.params.vectors, found.config.params.sparse_vectors or {}
        dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
        if dense is None or SPARSE not in sparse or sparse[SPARSE].modifier != models.Modifier.IDF:
            raise UnsupportedStore(f"the Qdrant collection {self._name!r} was not made by Lectern")
        if dense.size != self._dimensions:
            raise UnsupportedStore(
                f"the Qdrant collection {self._name!r} holds vectors of {dense.size} dimensions, "
                f"not {self._dimensions}"
            )
        for field, schema in _INDEXES.items():
            if field not in found.payload_schema:
                self._client.create_payload_index(self._name, field, schema, wait=True)

    def _search(
        self,
        query: list[float] | models.SparseVector,
        using: str,
        scope: Scope,
        documents: Sequence[int] | None,
        limit: int,
        *,
        params: models.SearchParams | None = None,
    ) -> list[Hit]:
        if documents is not None and not documents:
            return []
        within = _inside(scope, documents)

        def fetch(count: int) -> list[Hit]:
            with _server():
                response = self._client.query_points(
                    self._name,
                    query=query,
                    using=using,
                    query_filter=within,
                    search_params=params,
                    limit=count,
                    with_payload=list(HIT_FIELDS),
                )
            return [hit_of(point.payload, point.score) for point in response.points]

        return best(fetch, limit)

    def _facet(self, scope: Scope, limit: int) -> list[models.FacetValueHit]:
        with _server():
            return self._client.facet(
                self._name, DOCUMENT, facet_filter=_inside(scope), limit=limit, exact=True
            ).hits

    def _delete(self, within: models.Filter) -> None:
        with _server():
            self._client.delete(self._name, models.FilterSelector(filter=within), wait=True)


@contextmanager
def _server() -> Generator[None]:
    """Name the client's errors for what the caller does next."""
    try:
        yield
    except ResponseHandlingException as error:
        raise IndexUnavailable(f"the Qdrant server does not answer: {error.source}") from error
    except UnexpectedResponse as error:
        raise _refusal(error.status_code or 0, str(error)) from error
    except QdrantException as error:
        raise IndexUnavailable(f"the Qdrant server asks to wait: {error}") from error


def _refusal(status: int, detail: str) -> IndexUnavailable | UnsupportedStore | ValueError:
    if status in {408, 429} or status >= 500:  # noqa: PLR2004 — HTTP's own numbers
        return IndexUnavailable(f"the Qdrant server is busy or broken: {detail}")
    if status in {400, 413, 422}:
        return ValueError(f"the Qdrant server refuses the request: {detail}")
    return UnsupportedStore(f"the Qdrant server refuses: {detail}")


def _check_version(version: str) -> None:
    release, _, _ = version.partition("-")
    numbers = tuple(int(part) for part in release.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise UnsupportedStore(f"Qdrant {version} is too old: {oldest} or later is needed")


def _inside(scope: Scope, documents: Sequence[int] | None = None) -> models.Filter:
    must = [models.FieldCondition(key=SCOPE, match=models.MatchValue(value=str(scope_id(scope))))]
    if documents is not None:
        must.append(models.FieldCondition(key=DOCUMENT, match=models.MatchAny(any=list(documents))))
    return models.Filter(must=[*must])


def _point(
    identity: UUID,
    direction: list[float] | None,
    terms: tuple[list[int], list[float]],
    payload: dict[str, str | int],
) -> models.PointStruct:
    vectors: dict[str, list[float] | models.SparseVector] = {}
    if direction is not None:
        vectors[DENSE] = direction
    if terms[0]:
        vectors[SPARSE] = models.SparseVector(indices=terms[0], values=terms[1])
    return models.PointStruct(id=str(identity), vector={**vectors}, payload=payload)


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=vector.indices.tolist(), values=vector.values.tolist())


def _stored(record: models.Record) -> SparseVector:
    """The terms of a point; one of a text without words has none."""
    vector = record.vector.get(SPARSE) if isinstance(record.vector, dict) else None
    known = isinstance(vector, models.SparseVector)
    return stored(vector.indices, vector.values) if known else stored([], [])

"""The store on a Qdrant server or cluster: all scopes in one Qdrant collection, apart by an indexed field.

Two things differ from the embedded store. A collection of several shards counts IDF in each shard for
itself, so scores vary a little with the shard; and a large scope is searched through a graph, so a dense
ranking may miss a hit. Every write returns when the server has applied it; how soon that reaches its disk
is the server's setting.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from qdrant_client import models

from ingest.errors import UnsupportedStore
from ingest.store.contract import PointPage
from ingest.store.identity import ids_of, point_ids
from ingest.store.layout import AS_IT_IS
from ingest.store.payload import DENSE, DOCUMENT, HIT_FIELDS, hit_of, payloads, words_of
from ingest.store.points import Points
from ingest.store.ranking import best
from ingest.store.reading import Read, columns
from ingest.store.retrying import Retrying
from ingest.store.server_errors import named
from ingest.store.server_layout import MOST_AT_ONCE, OVERSAMPLING
from ingest.store.server_opening import client_of, prepare
from ingest.store.server_points import direction_of, inside, point_of, sparse_of, terms_of
from ingest.store.vectors import batches, check_sparse, directions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from qdrant_client import QdrantClient
    from qdrant_client.conversions.common_types import PointId

    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector
    from ingest.store.layout import Layout

Result = TypeVar("Result")

COLLECTION_NAME = "lectern"
"""Of the Qdrant collection; ours are fields of its points."""
TIMEOUT_SECONDS = 30
BATCH_BYTES = 4_500_000
"""Of JSON; cloud gateways refuse much more."""
NUMBER_BYTES = 24
"""At most, for a float32 in JSON with its comma."""
_AT_ONCE = 500
"""Points that are read at a time."""
_WHOLE_AT_ONCE = 250
"""Those with their dense vectors: some 3 MB."""
FACETS = 10_000
"""Documents counted by one request, unless there are more."""

_RESCORING = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)


def connect(
    url: str,
    key: str | None,
    *,
    dimensions: int,
    collection_name: str = COLLECTION_NAME,
    timeout_seconds: int = TIMEOUT_SECONDS,
    layout: Layout = AS_IT_IS,
    retrying: Retrying | None = None,
) -> ServerStore:
    """The store at ``url``; ``key`` is the server's API key.

    Raises:
        IndexUnavailable: no answer, or none in time.
        UnsupportedStore: the server is too old, refuses the key, or holds other vectors.
    """
    client = client_of(url, key, timeout_seconds)
    try:
        return ServerStore.open(
            client,
            collection_name=collection_name,
            dimensions=dimensions,
            layout=layout,
            retrying=retrying,
        )
    except BaseException:
        client.close()
        raise


class ServerStore:
    """A `Store` over the network."""

    def __init__(
        self,
        client: QdrantClient,
        *,
        collection_name: str,
        dimensions: int,
        layout: Layout,
        retrying: Retrying,
    ) -> None:
        self._client = client
        self._name = collection_name
        self._dimensions = dimensions
        self._layout = layout
        self._retrying = retrying
        self._is_quantized = False

    @classmethod
    def open(
        cls,
        client: QdrantClient,
        *,
        collection_name: str,
        dimensions: int,
        layout: Layout = AS_IT_IS,
        retrying: Retrying | None = None,
    ) -> Self:
        """Use the Qdrant collection, or make it with its indexes; the name may be an alias.

        One that is there is brought to the ``layout``, as far as Qdrant can change it.

        Raises:
            IndexUnavailable: no answer, or none in time.
            UnsupportedStore: the server is too old, refuses the key, or holds other vectors.
        """
        store = cls(
            client,
            collection_name=collection_name,
            dimensions=dimensions,
            layout=layout,
            retrying=retrying or Retrying(),
        )
        store._is_quantized = store._ask(partial(prepare, client, collection_name, dimensions, layout))
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
                partial(point_of, words=words_of(scope)),
                ids[batch],
                dense[batch],
                part.sparse_lists(),
                payloads(scope, part, named=True),
            )
            self._ask(partial(self._client.upsert, self._name, list(made), wait=True), writes=True)

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by BM25; no terms, no hits."""
        check_sparse(vector.indices, vector.values)
        if len(vector.indices) == 0:
            return []
        corpus = models.SearchParams(idf=models.IdfCorpusParams(corpus=inside(scope)))
        return self._search(sparse_of(vector), words_of(scope), scope, documents, limit, params=corpus)

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by cosine; a zero vector is near nothing."""
        units, directed = directions(vector[None], self._dimensions)
        if not directed[0]:
            return []
        rescored = models.SearchParams(quantization=_RESCORING) if self._is_quantized else None
        return self._search(units[0].tolist(), DENSE, scope, documents, limit, params=rescored)

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        """What is stored at these places, in no order."""
        ids = [str(identity) for identity in dict.fromkeys(ids_of(scope, places))]
        if not ids:
            return []
        words = [words_of(scope)]
        asked = partial(self._client.retrieve, self._name, ids, with_payload=False, with_vectors=words)
        return [terms_of(record) for record in self._ask(asked)]

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """What is stored of a document, in no order."""
        found: list[tuple[Hit, SparseVector]] = []
        offset: PointId | None = None
        while True:
            records, offset = self._scroll(scope, [document], _AT_ONCE, offset=offset)
            found += [(hit_of(record.payload, 0.0), terms_of(record)) for record in records]
            if offset is None:
                return found

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents."""
        records, following = self._scroll(scope, documents, _WHOLE_AT_ONCE, offset=after, whole=True)
        read = [Read(record.payload, direction_of(record), terms_of(record)) for record in records]
        return PointPage(columns(read, self._dimensions), None if following is None else str(following))

    def sample(self, scope: Scope, limit: int) -> list[tuple[Hit, SparseVector]]:
        """The points of the lowest ids: those are hashes, so nothing else about them is alike."""
        found, _ = self._scroll(scope, None, limit)
        return [(hit_of(record.payload, 0.0), terms_of(record)) for record in found]

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        limit = FACETS
        while len(hits := self._facet(scope, limit)) == limit:
            if limit == MOST_AT_ONCE:
                raise UnsupportedStore(f"a collection of {limit:,} documents or more cannot be counted")
            limit = min(10 * limit, MOST_AT_ONCE)
        return {int(hit.value): hit.count for hit in hits}

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        if documents:
            self._delete(inside(scope, documents))

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        self._delete(inside(scope))

    def flush(self) -> None:
        """Nothing is left to do: each write waited for the server."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, call: Callable[[], Result], *, writes: bool = False) -> Result:
        """The one way to the server: what may pass is asked again, all else is named."""

        def attempt() -> Result:
            with named():
                return call()

        return self._retrying.ask(attempt, writes=writes)

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
        within = inside(scope, documents)

        def fetch(count: int) -> list[Hit]:
            asked = partial(
                self._client.query_points,
                self._name,
                query=query,
                using=using,
                query_filter=within,
                search_params=params,
                limit=min(count, MOST_AT_ONCE),
                with_payload=list(HIT_FIELDS),
            )
            return [hit_of(point.payload, point.score) for point in self._ask(asked).points]

        return best(fetch, limit)

    def _facet(self, scope: Scope, limit: int) -> list[models.FacetValueHit]:
        within = inside(scope)
        asked = partial(
            self._client.facet, self._name, DOCUMENT, facet_filter=within, limit=limit, exact=True
        )
        return self._ask(asked).hits

    def _scroll(
        self,
        scope: Scope,
        documents: Sequence[int] | None,
        limit: int,
        *,
        offset: PointId | None = None,
        fields: Sequence[str] = HIT_FIELDS,
        whole: bool = False,
    ) -> tuple[list[models.Record], PointId | None]:
        """Points with their words and, if they are wanted ``whole``, their directions."""
        vectors = [DENSE, words_of(scope)] if whole else [words_of(scope)]
        asked = partial(
            self._client.scroll,
            self._name,
            scroll_filter=inside(scope, documents),
            limit=limit,
            offset=offset,
            with_payload=list(fields),
            with_vectors=vectors,
        )
        return self._ask(asked)

    def _delete(self, within: models.Filter) -> None:
        chosen = models.FilterSelector(filter=within)
        self._ask(partial(self._client.delete, self._name, chosen, wait=True), writes=True)

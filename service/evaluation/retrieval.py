"""Measures retrieval on a labelled set, through the code that serves questions."""

from __future__ import annotations

import tempfile
from hashlib import blake2b
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ingest import chunks
from ingest.catalog.records import FileFacts
from ingest.errors import UnreadableFile
from ingest.publishing import ReadDocument
from ingest.reading import read_text
from service.answers import DEFAULT_TENANT
from service.evaluation.dataset import BadDataset
from service.evaluation.measures import BUDGETS, FILES, Found, measure
from service.evaluation.runs import Ran
from service.ingesting import open_ingester
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.catalog.records import CollectionRecord
    from service.evaluation.dataset import LabelledDocument, LabelledQuery
    from service.services import Services
    from service.settings import Settings

Scope = Literal["collection", "document"]
DEPTH = 400
"""Hits asked for: enough for 16,000 code points, and for ten files."""
_AT_ONCE = 32
"""Documents between two times that the index is flushed, which takes the longer the more it holds."""


def evaluate(
    settings: Settings,
    documents: Sequence[LabelledDocument],
    queries: Sequence[LabelledQuery],
    *,
    scope: Scope,
    on_progress: Callable[[str, int, int], None],
    on_unread: Callable[[LabelledDocument], None],
) -> Iterator[Ran]:
    """Ingest the documents into a directory of their own, then search for every query.

    Documents of one ``repo`` make one collection, and their queries search it; all others share one. A
    document may stand in several of them. With scope ``document``, a query searches inside its own document
    and leaves the document's name out. ``on_unread`` gets each document that nothing can be read of, blank or
    binary: searches do without it.

    Raises:
        BadDataset: a query's repository, or with scope ``document`` its document, is not among the documents.
    """
    _check(documents, queries, scope)
    with (
        tempfile.TemporaryDirectory(prefix="lectern-eval-") as folder,
        open_services(_apart(settings, Path(folder))) as services,
    ):
        numbers = _ingest(services, documents, on_progress, on_unread)
        texts = {document.id: document.text for document in documents}
        names = {(collection, number): name for (collection, name), number in numbers.items()}
        for done, query in enumerate(queries, start=1):
            hits = tuple(_search(services, query, scope, numbers, names))
            yield Ran(query, hits, measure(query, hits, texts))
            on_progress("search", done, len(queries))


def _check(documents: Sequence[LabelledDocument], queries: Sequence[LabelledQuery], scope: Scope) -> None:
    """What is found missing after an hour of ingesting was missing before it."""
    repositories = {document.repo for document in documents}
    known = {(document.repo, document.id) for document in documents}
    for query in queries:
        if query.repo not in repositories:
            raise BadDataset(f"query {query.id!r}: no document has its repo, {query.repo!r}")
        if scope == "document" and (query.repo, query.document) not in known:
            raise BadDataset(f"query {query.id!r}: no document has its doc_id, {query.document!r}")


def _apart(settings: Settings, folder: Path) -> Settings:
    """The same settings over a directory that is thrown away, whatever servers are configured."""
    return settings.model_copy(update={"data": folder, "database_url": None, "qdrant_url": None})


def _ingest(
    services: Services,
    documents: Sequence[LabelledDocument],
    on_progress: Callable[[str, int, int], None],
    on_unread: Callable[[LabelledDocument], None],
) -> dict[tuple[str, str], int]:
    """Version number of every document that could be read, by its collection and its id."""
    numbers: dict[tuple[str, str], int] = {}
    with open_ingester(services) as ingester:
        collections = {
            repo: ingester.ensure_collection(DEFAULT_TENANT, repo or "all")
            for repo in dict.fromkeys(document.repo for document in documents)
        }
        done = 0
        for repo, alike in groupby(documents, lambda document: document.repo):
            collection = collections[repo]
            while batch := [*islice(alike, _AT_ONCE)]:
                read: list[ReadDocument] = []
                for document in batch:
                    try:
                        read.append(_read(collection, document))
                    except UnreadableFile:
                        on_unread(document)
                versions = ingester.publisher.add_all(collection, read)
                numbers |= {
                    (collection.name, each.facts.path): version.number
                    for each, version in zip(read, versions, strict=True)
                    if version
                }
                done += len(batch)
                on_progress("ingest", done, len(documents))
    return numbers


def _read(collection: CollectionRecord, document: LabelledDocument) -> ReadDocument:
    read = read_text(document.text, document.path)
    data = document.text.encode("utf-8", "surrogatepass")
    facts = FileFacts(
        path=document.id,
        content_hash=blake2b(data, digest_size=16).hexdigest(),
        size=len(data),
        modified_ns=0,
        media_type="text/plain",
        reader=read.reader,
        chunker=chunks.VERSION,
        embedder=collection.embedder,
    )
    return ReadDocument(facts, read)


def _search(
    services: Services,
    query: LabelledQuery,
    scope: Scope,
    numbers: dict[tuple[str, str], int],
    names: dict[tuple[str, int], str],
) -> Iterator[Found]:
    """Hits down to the largest budget and the files that are measured."""
    collection = services.library.collection(DEFAULT_TENANT, query.repo or "all")
    inside = scope == "document"
    own = (collection.name, query.document)
    if inside and own not in numbers:
        return
    found = services.searcher.evidence(
        collection,
        query.short if inside else query.text,
        history=query.history,
        documents=[numbers[own]] if inside else None,
        limit=DEPTH,
    )
    taken, files = 0, set[str]()
    for evidence in found:
        if taken >= BUDGETS[-1] and len(files) >= FILES:
            return
        name = names[collection.name, evidence.hit.document]
        yield Found(name, evidence.hit.start, evidence.hit.end, evidence.hit.score)
        taken += evidence.hit.end - evidence.hit.start
        files.add(name)

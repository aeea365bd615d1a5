"""Everything that commands and routes call, and what all of it must forget together."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from ingest.catalog.job_records import UNFINISHED
from ingest.errors import TransientError, UnknownName
from service.ending import Ending
from service.jobs.controlling import cancel_all
from service.jobs.forgetting import forget_unowned, forget_unread
from service.loading import forget_delivered, forget_sources

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.embedding import Embedder
    from ingest.index import Index
    from service.access.budgets import Budgets
    from service.answering import Answerer
    from service.audit import Audit
    from service.chores import Chores
    from service.egress import Egress
    from service.generation import Generation
    from service.jobs.originals import Originals
    from service.ledger import Ledger
    from service.library import Library
    from service.models.assembling import Upstreams
    from service.observing import Observer
    from service.page_images import PageImages
    from service.searching import Searcher
    from service.settings import Settings
    from service.warming import Warmer


@dataclass(frozen=True, slots=True)
class Services:
    """All of one process."""

    settings: Settings
    catalog: Catalog
    index: Index
    embedder: Embedder
    library: Library
    searcher: Searcher
    answerer: Answerer
    generation: Generation | None
    originals: Originals
    ledger: Ledger
    warmer: Warmer
    page_images: PageImages
    chores: Chores
    audit: Audit
    egress: Egress
    observer: Observer
    budgets: Budgets
    ending: Ending = field(default_factory=Ending)
    upstreams: Upstreams | None = None
    """The providers' state, and the queue in front of them."""
    untidy: Event = field(default_factory=Event)
    """Set where a deletion did not reach the index: what it left there is to be looked for."""

    def delete_document(self, tenant: str, identity: str) -> None:
        """Forget a document everywhere.

        Raises:
            UnknownName, Gone: it is not there, or not any more.
            IndexUnavailable: it is deleted, and what the index holds of it goes once that answers.
        """
        version = self.catalog.document(tenant, identity).version
        location = self.catalog.location(tenant, identity)
        numbers = self.catalog.delete_document(tenant, identity)
        for number in numbers:
            self.page_images.forget(tenant, version.collection, number)
            self.library.forget(tenant, version.collection, number)
        with self.originals.locked():
            unfinished = self.catalog.jobs(tenant, collections=[version.collection], states=UNFINISHED)
            self.originals.forget_document(tenant, version.collection, version.path, unfinished)
        forget_delivered(self.settings.data, [location])
        # Asked afterwards: a re-index that ends in between has not taken the document over any more.
        try:
            for scope in self.catalog.collection(tenant, version.collection).scopes:
                self.index.delete_documents(scope, numbers)
            self.index.flush()
        except TransientError:
            self.untidy.set()
            raise

    def delete_collection(self, tenant: str, name: str) -> None:
        """Forget a collection and all it holds.

        Raises:
            UnknownName: it is not there.
            IndexUnavailable: the index does not answer; the collection is still there to be deleted.
        """
        scopes = self.catalog.collection(tenant, name).scopes
        locations = self.catalog.locations(tenant, name).values()
        cancel_all(self.catalog, tenant, name)
        for scope in scopes:
            self.index.delete_scope(scope)
        with self.originals.locked():  # killed from here on, it is there to be deleted again
            self.originals.forget_collection(tenant, name)
        forgotten = self.catalog.delete_collection(tenant, name)
        for scope in forgotten.scopes:  # what an ingest wrote in between; from here on it can publish nothing
            self.index.delete_scope(scope)
        self.index.flush()
        self.page_images.forget(tenant, name)
        self.library.forget(tenant, name)
        with self.originals.locked():  # and what a job moved there in between
            self.originals.forget_collection(tenant, name)
        forget_delivered(self.settings.data, locations)
        forget_sources(self.settings.data, tenant, name)

    def delete_failure(self, tenant: str, collection: str, path: str) -> None:
        """Forget that a file could not be read, and the file itself where it was sent.

        Raises:
            UnknownName: there is no such collection, or no such failure in it.
        """
        record = self.catalog.collection(tenant, collection)
        failure = self.catalog.failures(record).get(path)
        if failure is None:
            raise UnknownName("failure", path)
        forget_unread(self.catalog, self.originals, record, path)
        self.catalog.forget_failures(record, [path])
        if path not in {known.path for known in self.catalog.ready_versions(record)}:
            forget_delivered(self.settings.data, [failure.location])

    def purge(self, collection: CollectionRecord) -> tuple[int, ...]:
        """Forget the versions of a collection that newer ones have replaced, and the files they were sent as.

        Returns:
            Their numbers.
        """
        numbers = self.catalog.purge_superseded(collection)
        for number in numbers:
            self.page_images.forget(collection.tenant, collection.name, number)
            self.library.forget(collection.tenant, collection.name, number)
        forget_unowned(self.catalog, self.originals, collection)
        self.index.compact()
        return numbers

    async def close_model(self) -> None:
        """Let go of the model's connections, in the event loop that used them."""
        if self.generation is not None:
            await self.generation.close()

"""The services as one caller sees them: what is not theirs is not there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.call_records import UsageWanted
    from ingest.catalog.job_records import JobRecord, JobState
    from ingest.catalog.records import CollectionRecord, DocumentRecord, SessionRecord, VersionRecord
    from ingest.catalog.review_records import ReviewRecord
    from service.access.caller import Caller
    from service.answers import Query
    from service.explaining import Explanation
    from service.ledger import Used
    from service.services import Services


@dataclass(slots=True)
class Touched:
    """What a caller has named or reached, for the audit log, which checks that they are names and ids."""

    collection: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Every look-up by name or id that a route makes goes through here.

    What belongs to another tenant, or to a collection that the caller's key does not open, raises the very
    `UnknownName` that a name raises which nobody ever gave. Of their tenant's conversations and calls of
    models, callers who do not administer see those of their own key.
    """

    services: Services
    caller: Caller
    touched: Touched = field(default_factory=Touched)

    @property
    def tenant(self) -> str:
        """Whose data it is."""
        return self.caller.tenant

    @property
    def own_key(self) -> str | None:
        """The label by which conversations and calls are chosen; None chooses all of the tenant's."""
        return None if self.caller.is_admin else self.caller.key

    def chosen(self, collection: str | None) -> Sequence[str] | None:
        """The collections that a list is about: the one that is named, else all; None sets no bounds."""
        if collection is not None:
            self.require(collection)
            return (collection,)
        return None if self.caller.collections is None else sorted(self.caller.collections)

    def require(self, collection: str) -> None:
        """Raises `UnknownName` where no collection of this name may exist for the caller."""
        self.touched.collection = collection
        if not self.caller.sees(collection):
            raise UnknownName("collection", collection)

    def require_budget(self) -> None:
        """Raises `BudgetUsedUp` where the caller's key may not spend any more today, and a model would."""
        if self.services.generation is not None:
            self.services.budgets.require(self.tenant, self.caller.key)

    def admit(self, query: Query) -> Query:
        """The query as this caller's.

        Raises:
            UnknownName: its collection or session is not theirs.
            BudgetUsedUp: their key may not spend any more today.
        """
        self.require(query.collection)
        self.require_budget()
        if query.session is not None:
            self.session(query.session)
        return replace(query, tenant=self.tenant, key=self.caller.key)

    def collection(self, name: str) -> CollectionRecord:
        """One collection; raises `UnknownName`."""
        self.require(name)
        return self.services.library.collection(self.tenant, name)

    def collections(self) -> tuple[CollectionRecord, ...]:
        """All that the caller may know of, by name."""
        found = self.services.catalog.collections(self.tenant)
        return tuple(record for record in found if self.caller.sees(record.name))

    def document(self, identity: str) -> DocumentRecord:
        """One document.

        Raises:
            UnknownName: there is none.
            Gone: it has been deleted.
        """
        try:
            found = self.services.catalog.document(self.tenant, identity)
        except Gone:
            if not self._has_buried(identity):
                raise UnknownName("document", identity) from None
            raise
        if not self.caller.sees(found.version.collection):
            raise UnknownName("document", identity)
        self.touched.collection = found.version.collection
        return found

    def version_of(
        self, document: str, *, ordinal: int | None = None, number: int | None = None
    ) -> VersionRecord:
        """A version of a document, as `Library.version_of`; raises as `document` does, too."""
        self.document(document)
        return self.services.library.version_of(self.tenant, document, ordinal=ordinal, number=number)

    def session(self, identity: str) -> SessionRecord:
        """One conversation; raises `UnknownName`."""
        found = self.services.catalog.session(self.tenant, identity)
        is_own = self.own_key is None or found.key == self.own_key
        if not is_own or not self.caller.sees(found.collection):
            raise UnknownName("session", identity)
        self.touched.collection = found.collection
        return found

    def sessions(self, collection: str | None, *, limit: int) -> tuple[SessionRecord, ...]:
        """Conversations, the newest first; raises `UnknownName` for a collection that is not there."""
        if collection is not None:
            self.collection(collection)
        chosen = self.chosen(collection)
        return self.services.catalog.sessions(self.tenant, collections=chosen, key=self.own_key, limit=limit)

    def job(self, identity: str) -> JobRecord:
        """One job; raises `UnknownName`."""
        found = self.services.catalog.job(self.tenant, identity)
        if not self.caller.sees(found.collection):
            raise UnknownName("job", identity)
        self.touched.collection = found.collection
        return found

    def jobs(
        self, collection: str | None, *, states: Sequence[JobState] = (), limit: int
    ) -> tuple[JobRecord, ...]:
        """Jobs, the newest first."""
        chosen = self.chosen(collection)
        return self.services.catalog.jobs(self.tenant, collections=chosen, states=states, limit=limit)

    def review(self, identity: str) -> ReviewRecord:
        """One review; raises `UnknownName`."""
        found = self.services.catalog.review(self.tenant, identity)
        if not self.caller.sees(found.collection):
            raise UnknownName("review", identity)
        self.touched.collection = found.collection
        return found

    def reviews(self, collection: str | None, *, limit: int) -> tuple[ReviewRecord, ...]:
        """Reviews, the newest first."""
        chosen = self.chosen(collection)
        return self.services.catalog.reviews(self.tenant, collections=chosen, limit=limit)

    def usage(self, wanted: UsageWanted) -> Used:
        """What calls of models took: all of the tenant's for who administers, else those of the own key."""
        if self.own_key is not None:
            if wanted.key not in {None, self.own_key}:
                raise UnknownName("key", wanted.key or "")
            wanted = replace(wanted, key=self.own_key)
        found = self.services.ledger.usage(self.tenant, wanted)
        if wanted.collection is not None and not found.rows:
            self.collection(wanted.collection)  # raises where it never was one
        return found

    def explanation(self, answer: str) -> Explanation:
        """Of what the prompt of an answer was made; raises `UnknownName`."""
        return self.services.ledger.explanation(self.tenant, answer, key=self.own_key)

    def _has_buried(self, document: str) -> bool:
        collection = self.services.catalog.buried_in(self.tenant, document)
        return collection is not None and self.caller.sees(collection)

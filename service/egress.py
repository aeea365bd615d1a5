"""What may leave: the one place that says whether text of a collection may go to a recipient.

`service.guards` puts it in front of every client that sends text of documents, or questions about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from ingest.catalog.audit_records import AuditEntry
from ingest.errors import EgressRefused
from service.egress_policy import EgressPolicy
from service.request_id import current_request_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from service.egress_policy import Recipient

SENT = "send"
"""Action of the first text of a collection that goes to a recipient on a day."""
REFUSED = "refuse_egress"
_MOST_KEPT = 10_000
"""Sendings of a day that are remembered as noted; further ones are noted once more."""


class Noting(Protocol):
    """Keeps entries of the audit log, in the log or in the list of a test."""

    def note(self, entry: AuditEntry) -> None:
        """Take note. Neither waits nor fails."""
        ...


@dataclass(frozen=True, slots=True)
class _Sending:
    tenant: str
    collection: str
    recipient: str
    day: date


class Egress:
    """Asks the catalog before anything is sent: a change of policy holds for the very next sending."""

    def __init__(
        self,
        catalog: Catalog,
        default: EgressPolicy,
        audit: Noting,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``default`` is the policy of collections of which nobody has ever said anything."""
        self._catalog = catalog
        self._default = default
        self._audit = audit
        self._now = now
        self._noted: set[_Sending] = set()
        self._noting = Lock()

    def policy(self, record: CollectionRecord) -> EgressPolicy:
        """The policy of a collection. One that cannot be read allows nothing."""
        if record.egress is None:
            return self._default
        try:
            return EgressPolicy.parse(record.egress)
        except ValueError:
            return EgressPolicy(frozenset())

    def permits(self, tenant: str, collection: str, recipient: Recipient) -> bool:
        """Whether the recipient may be shown the collection; for those who can do without it.

        Raises:
            UnknownName: there is no such collection.
        """
        return self.policy(self._catalog.collection(tenant, collection)).permits(recipient)

    def require(self, tenant: str, collection: str, recipient: Recipient) -> None:
        """To be called before each sending; both outcomes are noted, what is sent once a day.

        Raises:
            EgressRefused: the recipient may not be shown the collection, or none was named.
            UnknownName: there is no such collection.
        """
        if not (tenant and collection) or not self.permits(tenant, collection, recipient):
            self.note_refusal(tenant, collection, recipient)
            raise EgressRefused(collection, recipient.name)
        sending = _Sending(tenant, collection, recipient.name, self._now().date())
        with self._noting:
            if sending in self._noted:
                return
            if len(self._noted) >= _MOST_KEPT or any(noted.day != sending.day for noted in self._noted):
                self._noted.clear()
            self._noted.add(sending)
        self._note(SENT, tenant, collection, recipient)

    def note_refusal(self, tenant: str, collection: str, recipient: Recipient) -> None:
        """Take note of what was not even tried."""
        self._note(REFUSED, tenant, collection, recipient, "refused")

    def _note(
        self, action: str, tenant: str, collection: str, recipient: Recipient, outcome: str = "ok"
    ) -> None:
        request = current_request_id()
        self._audit.note(AuditEntry(tenant, "", action, collection, recipient.name, outcome, request))


@dataclass(frozen=True, slots=True)
class Audience:
    """The recipients of one kind of request: a model's provider, and those that it falls back to."""

    egress: Egress
    recipients: tuple[Recipient, ...]

    def refusal(self, tenant: str, collection: str) -> EgressRefused | None:
        """Why none of them may be shown the collection, which is noted; None where one may.

        Raises:
            UnknownName: there is no such collection.
        """
        if any(self.egress.permits(tenant, collection, recipient) for recipient in self.recipients):
            return None
        for recipient in self.recipients:
            self.egress.note_refusal(tenant, collection, recipient)
        return EgressRefused(collection, ", ".join(recipient.name for recipient in self.recipients))

    def require(self, tenant: str, collection: str) -> None:
        """Raises `EgressRefused` where none may be shown it, `UnknownName` where it is not there."""
        refused = self.refusal(tenant, collection)
        if refused is not None:
            raise refused

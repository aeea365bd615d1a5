"""Egress where nothing is kept back from anybody, and no catalog is needed to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.egress import Egress

if TYPE_CHECKING:
    from service.egress_policy import Recipient


class EverythingMayLeave(Egress):
    """Permits what nobody has asked for, requests without a tenant included."""

    def __init__(self) -> None:
        pass

    def permits(self, tenant: str, collection: str, recipient: Recipient) -> bool:
        del tenant, collection, recipient
        return True

    def require(self, tenant: str, collection: str, recipient: Recipient) -> None:
        del tenant, collection, recipient

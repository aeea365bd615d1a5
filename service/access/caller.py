"""Who asks, and what they may touch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.catalog.key_records import PERMISSIONS, KeyLimits
from ingest.errors import PermanentError
from service.answers import DEFAULT_TENANT

if TYPE_CHECKING:
    from ingest.catalog.key_records import Permission


class Forbidden(PermanentError):
    """The key is known, and does not allow this."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose key has been looked at, or who needs none."""

    tenant: str = DEFAULT_TENANT
    key: str = ""
    """Public label of the access key; empty where none is needed."""
    permissions: frozenset[Permission] = field(default=frozenset(PERMISSIONS))
    collections: frozenset[str] | None = None
    """All that they may know of; None stands for every one of the tenant's."""
    limits: KeyLimits = field(default_factory=KeyLimits)

    @property
    def is_admin(self) -> bool:
        """Whether they see what others of their tenant have asked, and manage its keys."""
        return "admin" in self.permissions

    def may(self, permission: Permission) -> bool:
        """Administering includes the rest; writing alone does not include reading."""
        return permission in self.permissions or self.is_admin

    def sees(self, collection: str) -> bool:
        """Whether the collection may exist for them."""
        return self.collections is None or collection in self.collections

    def require(self, *permissions: Permission) -> None:
        """Raises `Forbidden` where the key allows none of these."""
        if not any(map(self.may, permissions)):
            if permissions == ("admin",):
                raise Forbidden("this access key does not administer")
            raise Forbidden(f"this access key has no permission to {' or '.join(permissions)}")


LOCAL = Caller()
"""Whoever works on the machine itself."""

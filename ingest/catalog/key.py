"""Access keys and tenants: who may come in."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.key_records import PERMISSIONS, KeyLimits, KeyRecord
from ingest.catalog.schema import access_keys, tenants
from ingest.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.key_records import Permission

_LIMITS = tuple(KeyLimits.__slots__)
_SALT_BYTES = 8

_NOTING_SECONDS = 0.1
"""That a request waits for the time of its key to be noted."""


class Keys(CatalogPart):
    """The calls about access keys. Which tenant a key opens, the key alone says."""

    def add_key(self, key: KeyRecord) -> None:
        """Keep a new key."""
        with self._database.write() as connection:
            connection.execute(insert(access_keys).values(_row(key)))

    def access_key(self, identity: str) -> KeyRecord | None:
        """The key of this public id, live or not; None where there is none."""
        with self._database.read() as connection:
            found = rows(connection, select(access_keys).where(access_keys.c.id == identity))
        return _record(found[0]) if found else None

    def access_keys(self, tenant: str | None = None) -> tuple[KeyRecord, ...]:
        """Keys of a tenant, or of all, the newest first, with those that open nothing any more."""
        query = select(access_keys).order_by(access_keys.c.created_at.desc(), access_keys.c.id)
        if tenant is not None:
            query = query.where(access_keys.c.tenant == tenant)
        with self._database.read() as connection:
            return tuple(_record(row) for row in rows(connection, query))

    def has_access_keys(self) -> bool:
        """Whether a key was ever made: from then on callers are told apart, should all be revoked, too."""
        query = select(access_keys.c.id).limit(1)
        with self._database.read() as connection:
            return bool(rows(connection, query))

    def revoke_key(self, tenant: str, identity: str) -> KeyRecord:
        """From now on it opens nothing; once revoked it stays as it is.

        Raises:
            UnknownName: this tenant has none of this id.
        """
        chosen = _named(tenant, identity)
        with self._database.write() as connection:
            live = chosen & access_keys.c.revoked_at.is_(None)
            connection.execute(update(access_keys).where(live).values(revoked_at=datetime.now(UTC)))
            found = rows(connection, select(access_keys).where(chosen))
        if not found:
            raise UnknownName("key", identity)
        return _record(found[0])

    def note_key_used(self, key: KeyRecord, at: datetime) -> None:
        """It was seen; `CatalogUnavailable` where another writer does not let this one on at once."""
        with self._database.write(patience=_NOTING_SECONDS) as connection:
            chosen = _named(key.tenant, key.id)
            connection.execute(update(access_keys).where(chosen).values(used_at=at))

    def tenant_salt(self, tenant: str) -> str:
        """Random characters that set this tenant's prompts apart from all others', the same for good."""
        try:
            return self._salt(tenant)
        except IntegrityError:  # another process made it in this moment
            return self._salt(tenant)

    def _salt(self, tenant: str) -> str:
        query = select(tenants.c.salt).where(tenants.c.tenant == tenant)
        with self._database.read() as connection:
            found = rows(connection, query)
        if found:
            return found[0]["salt"]
        salt = secrets.token_hex(_SALT_BYTES)
        fresh = {"tenant": tenant, "salt": salt, "created_at": datetime.now(UTC)}
        with self._database.write() as connection:
            connection.execute(insert(tenants).values(fresh))
        return salt


def _named(tenant: str, identity: str) -> ColumnElement[bool]:
    return (access_keys.c.tenant == tenant) & (access_keys.c.id == identity)


def _row(key: KeyRecord) -> dict[str, Any]:
    collections = None if key.collections is None else json.dumps(sorted(key.collections))
    return {
        "id": key.id,
        "tenant": key.tenant,
        "name": storable(key.name),
        "digest": key.digest,
        "permissions": " ".join(one for one in PERMISSIONS if one in key.permissions),
        "collections": collections,
        **{name: getattr(key.limits, name) for name in _LIMITS},
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "used_at": key.used_at,
    }


def _record(row: Mapping[str, Any]) -> KeyRecord:
    values = dict(row)
    limits = KeyLimits(**{name: values.pop(name) for name in _LIMITS})
    permissions = cast("list[Permission]", values.pop("permissions").split())
    only = values.pop("collections")
    collections = None if only is None else frozenset[str](json.loads(only))
    return KeyRecord(**values, permissions=frozenset(permissions), collections=collections, limits=limits)

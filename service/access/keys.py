"""Access keys: made at random, shown once, kept as digests, compared in constant time."""

from __future__ import annotations

import contextlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from ingest.catalog.key_records import PERMISSIONS, KeyLimits, KeyRecord
from ingest.errors import CatalogUnavailable, LecternError, PermanentError
from service.access.caller import LOCAL, Caller

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.key_records import Permission

SETTINGS_KEY = "settings"
"""Label of the one key that the settings may hold; it opens all of the settings' tenant."""
_PREFIX = "lectern"
_ID_BYTES = 6
_SECRET_BYTES = 32
_KEY = re.compile(r"lectern_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_USED_EVERY = timedelta(minutes=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_LONGEST_NAME = 200
_NOBODYS = "0" * 64
"""Digest that an unknown key is compared with: it takes the same work as a known one."""


class BadKeyRequest(PermanentError):
    """No key can be made as it was asked for; ``field`` says what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def make_key(
    catalog: Catalog,
    tenant: str,
    name: str,
    *,
    permissions: Iterable[Permission] = ("read",),
    collections: Collection[str] | None = None,
    limits: KeyLimits | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, KeyRecord]:
    """A new key, which only its receiver will ever know, and its record.

    Raises:
        BadKeyRequest: it would open nothing, or all in spite of its collections.
    """
    given, now = frozenset(permissions), datetime.now(UTC)
    if not given or not given <= frozenset(PERMISSIONS):
        raise BadKeyRequest("permissions", f"must be some of {', '.join(PERMISSIONS)}")
    if not tenant.strip() or not tenant.isprintable() or len(tenant) > _LONGEST_NAME:
        raise BadKeyRequest("tenant", f"must be a printable name of at most {_LONGEST_NAME} characters")
    if len(name) > _LONGEST_NAME:
        raise BadKeyRequest("name", f"must be at most {_LONGEST_NAME} characters")
    if collections is not None and (not collections or "admin" in given):
        raise BadKeyRequest("collections", "must not be empty, nor limit a key that administers")
    if expires_at is not None and expires_at <= now:
        raise BadKeyRequest("expires_at", "must lie in the future")
    identity = secrets.token_hex(_ID_BYTES)
    key = f"{_PREFIX}_{identity}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    only = None if collections is None else frozenset(collections)
    record = KeyRecord(
        identity, tenant, name, _digest(key), given, only, limits or KeyLimits(), now, expires_at, None, None
    )
    catalog.add_key(record)
    return key, record


class KeyStore(Protocol):
    """Where a doorkeeper looks keys up: the catalog, or the list of a test."""

    def access_key(self, identity: str) -> KeyRecord | None:
        """The key of this public id, live or not; None where there is none."""
        ...

    def has_access_keys(self) -> bool:
        """Whether a key was ever made."""
        ...

    def note_key_used(self, key: KeyRecord, at: datetime) -> None:
        """It was seen."""
        ...


class KeyEnded(PermanentError):
    """Work goes on for an access key that opens nothing any more."""

    def __init__(self) -> None:
        super().__init__("the access key that asked for it was revoked or has expired: another one can go on")


def require_live(keys: KeyStore, label: str) -> None:
    """Ask before work is done for a key while its holder is away; it blocks.

    Args:
        keys: what was made so far.
        label: a caller's key; those of no key and of the settings' one are live for good.

    Raises:
        KeyEnded: it was revoked, has expired, or is not known here.
        CatalogUnavailable: the database does not answer.
    """
    if label in {"", SETTINGS_KEY}:
        return
    record = keys.access_key(label)
    if record is None or not record.is_live(datetime.now(UTC)):
        raise KeyEnded


class Doorkeeper:
    """Tells callers apart. Its calls block: make them in a thread.

    Args:
        keys: what was made so far.
        settings_key: the one of the settings, if there is one.
        tenant: whose the settings' key is, and callers without a key where none is needed.
        own_token: what commands on the server's own machine bring, who may read its data folder.
        exposed: whether others than this machine reach the server: then a key is needed, come what may.
        defaults: limits of keys that have none of their own.
    """

    def __init__(
        self,
        keys: KeyStore,
        settings_key: str | None = None,
        *,
        tenant: str = LOCAL.tenant,
        own_token: str | None = None,
        exposed: bool = False,
        defaults: KeyLimits | None = None,
    ) -> None:
        self._keys = keys
        self._settings_key = settings_key
        self._tenant = tenant
        self._own_token = own_token
        self._exposed = exposed
        self._defaults = defaults or KeyLimits()
        self._was_required: bool | None = None
        self._noted: dict[str, datetime] = {}

    def caller(self, given: str | None, tenant: str | None = None) -> Caller | None:
        """Who gives this key, or none; None where a key is needed and this is none that opens anything.

        Args:
            given: the key.
            tenant: as whom a command works; looked at where it brings the server's own token, only there.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        if given is not None and self._own_token is not None and _same(given, self._own_token):
            return Caller(tenant or self._tenant)
        if not self._requires():
            return Caller(self._tenant)
        if given is None:
            return None
        if self._settings_key is not None and _same(given, self._settings_key):
            return Caller(self._tenant, SETTINGS_KEY)
        return self._holder(given)

    @property
    def is_surely_required(self) -> bool:
        """Whether a key is needed whatever the database says: asked without a thread."""
        return self._exposed or self._settings_key is not None or self._was_required is True

    def is_required(self) -> bool:
        """Whether a key is needed: one of the settings, or any that was ever made.

        While the database does not answer, it is as it was; what nobody could ever tell is closed.
        """
        try:
            return self._requires()
        except CatalogUnavailable:
            return self._was_required is not False

    def _requires(self) -> bool:
        if self.is_surely_required:  # once a key was made, one is needed for good
            return True
        self._was_required = self._keys.has_access_keys()
        return self._was_required

    def _holder(self, given: str) -> Caller | None:
        found = _KEY.fullmatch(given)
        record = self._keys.access_key(found[1]) if found else None
        now = datetime.now(UTC)
        is_right = _same(_digest(given), _NOBODYS if record is None else record.digest)
        if record is None or not is_right or not record.is_live(now):
            return None
        self._note_used(record, now)
        limits = record.limits.within(self._defaults)
        return Caller(record.tenant, record.id, record.permissions, record.collections, limits)

    def _note_used(self, record: KeyRecord, now: datetime) -> None:
        last = max(record.used_at or _NEVER, self._noted.get(record.id, _NEVER))
        if now - last < _USED_EVERY:
            return
        self._noted[record.id] = now
        # Who may read while nothing can be written waits a moment for this, and not with every request.
        with contextlib.suppress(LecternError):
            self._keys.note_key_used(record, now)


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())

"""The shapes of access keys: never the key itself, but once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from ingest.catalog.key_records import KeyLimits, Permission
from service.http.requests import CollectionName, Moment, Request
from service.http.shapes import Response

if TYPE_CHECKING:
    from ingest.catalog.key_records import KeyRecord

_MOST = 2**31 - 1
_LONGEST_NAME = 200


class KeyRequest(Request):
    """A key to be made."""

    name: Annotated[str, Field(max_length=_LONGEST_NAME)] = Field(
        default="", description="For people: who has it, what it is for."
    )
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=3)] = Field(
        default=["read"],
        description="`read` searches, asks and reads; `write` uploads, reviews, warms and deletes documents; "
        "`admin` does all of it, deletes collections, manages keys and sees what others have asked.",
    )
    collections: Annotated[list[CollectionName], Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="That it opens, whether they are there yet or not; null opens all."
    )
    expires_at: Moment = Field(default=None, description="When it ends; null never does.")
    requests_per_minute: Annotated[int, Field(gt=0, le=_MOST)] | None = Field(
        default=None, description="Null leaves it to the settings, as with the next two."
    )
    concurrent_requests: Annotated[int, Field(gt=0, le=_MOST)] | None = Field(
        default=None, description="At a time; a stream counts until it ends."
    )
    usd_per_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Dollars that its calls of models may cost between two midnights, in UTC."
    )

    @property
    def limits(self) -> KeyLimits:
        """The limits of its own."""
        return KeyLimits(self.requests_per_minute, self.concurrent_requests, self.usd_per_day)


class KeyShape(Response):
    """An access key, without what opens anything."""

    id: str = Field(description="Its public label: in usage, in logs, and to revoke it by.")
    tenant: str
    name: str
    permissions: list[Permission]
    collections: list[str] | None = Field(description="That it opens; null for all.")
    requests_per_minute: int | None
    concurrent_requests: int | None
    usd_per_day: float | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="About when it was last seen, to the minute.")
    live: bool = Field(description="Whether it still opens anything.")

    @classmethod
    def of(cls, key: KeyRecord) -> Self:
        """A key as it stands now."""
        return cls.model_validate(_fields(key))


class NewKeyShape(KeyShape):
    """A key that was just made."""

    key: str = Field(description="To be sent as `Authorization: Bearer …`. It is not told again.")

    @classmethod
    def made(cls, key: str, record: KeyRecord) -> Self:
        """The key with its record."""
        return cls.model_validate({**_fields(record), "key": key})


class KeyList(Response):
    """Keys, the newest first."""

    keys: list[KeyShape]


def _fields(key: KeyRecord) -> dict[str, object]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "collections": None if key.collections is None else sorted(key.collections),
        **{name: getattr(key.limits, name) for name in KeyLimits.__slots__},
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "used_at": key.used_at,
        "live": key.is_live(datetime.now(UTC)),
    }

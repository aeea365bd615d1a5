from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.key_records import KeyLimits, KeyRecord, Permission
from ingest.errors import CatalogUnavailable
from service.access.caller import Caller
from service.access.keys import SETTINGS_KEY, Doorkeeper

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime.now(UTC)
KEY = f"lectern_{'a' * 12}_{'B' * 43}"
RECORD = KeyRecord(
    *("a" * 12, "acme", "a test", sha256(KEY.encode()).hexdigest()),
    frozenset[Permission]({"read"}),
    None,
    KeyLimits(None, 3, None),
    *(NOW, None, None, None),
)
OWN = "token-of-this-run"


class Keys:
    """Keys in a list."""

    def __init__(self, *records: KeyRecord) -> None:
        self.records: Sequence[KeyRecord] = records
        self.used: list[str] = []

    def access_key(self, identity: str) -> KeyRecord | None:
        return next((one for one in self.records if one.id == identity), None)

    def has_access_keys(self) -> bool:
        return any(one.revoked_at is None for one in self.records)

    def note_key_used(self, key: KeyRecord, at: datetime) -> None:
        assert at.tzinfo is UTC
        self.used.append(key.id)


@pytest.mark.parametrize("keys", [Keys(), Keys(RECORD)])
@pytest.mark.parametrize("tenant", [None, "acme"])
def test_commands_on_the_machine_work_as_the_tenant_they_name(keys: Keys, tenant: str | None) -> None:
    door = Doorkeeper(keys, tenant="home", own_token=OWN)
    assert door.caller(OWN, tenant) == Caller(tenant or "home")


@pytest.mark.parametrize("given", [None, KEY, "the settings' key", "something else"])
def test_no_other_key_names_a_tenant(given: str | None) -> None:
    door = Doorkeeper(Keys(RECORD), "the settings' key", tenant="home", own_token=OWN)
    caller = door.caller(given, "victim")
    assert caller is None or caller.tenant in {"acme", "home"}
    assert (caller is None) == (given in {None, "something else"})


def test_without_a_token_nothing_is_one() -> None:
    assert Doorkeeper(Keys(RECORD)).caller("", "victim") is None


def test_an_exposed_server_needs_a_key_whatever_becomes_of_its_keys() -> None:
    revoked = replace(RECORD, revoked_at=NOW)
    assert Doorkeeper(Keys(revoked), exposed=True).caller(None) is None
    assert Doorkeeper(Keys(), exposed=True).is_required()
    assert Doorkeeper(Keys(revoked)).caller(None) == Caller()


def test_an_ended_key_closes_the_server_as_a_live_one_does() -> None:
    ended = replace(RECORD, expires_at=NOW)
    door = Doorkeeper(Keys(ended))
    assert (door.caller(KEY), door.caller(None)) == (None, None)


def test_limits_are_the_keys_own_over_the_defaults() -> None:
    door = Doorkeeper(Keys(RECORD), defaults=KeyLimits(60, 10, 1.5))
    caller = door.caller(KEY)
    assert caller is not None
    assert caller.limits == KeyLimits(60, 3, 1.5)


def test_the_settings_key_has_no_limits_and_all_permissions() -> None:
    door = Doorkeeper(Keys(RECORD), "the settings' key", tenant="home", defaults=KeyLimits(1, 1, 0.0))
    assert door.caller("the settings' key") == Caller("home", SETTINGS_KEY)


def test_a_key_is_noted_as_used_once_a_minute() -> None:
    keys = Keys(RECORD)
    door = Doorkeeper(keys)
    door.caller(KEY)
    keys.records = (replace(RECORD, used_at=datetime.now(UTC)),)
    door.caller(KEY)
    assert keys.used == [RECORD.id]


def test_where_nothing_can_be_written_it_is_not_tried_with_every_request() -> None:
    class Unwritable(Keys):
        def note_key_used(self, key: KeyRecord, at: datetime) -> None:
            super().note_key_used(key, at)
            raise CatalogUnavailable("locked")

    keys = Unwritable(RECORD)
    door = Doorkeeper(keys)
    for _ in range(5):
        assert door.caller(KEY) is not None
    assert keys.used == [RECORD.id]

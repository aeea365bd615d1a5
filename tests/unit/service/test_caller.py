"""What a key does not allow is said in words."""

from __future__ import annotations

import pytest

from ingest.catalog.key_records import Permission
from service.access.caller import Caller, Forbidden


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("admin",), "this access key does not administer"),
        (("write",), "this access key has no permission to write"),
    ],
)
def test_what_a_key_does_not_allow(asked: tuple[Permission, ...], told: str) -> None:
    with pytest.raises(Forbidden) as refused:
        Caller(permissions=frozenset[Permission]({"read"})).require(*asked)
    assert str(refused.value) == told

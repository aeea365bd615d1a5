"""One thing, and several."""

from __future__ import annotations

import pytest

from service.wording import counted


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 documents"), (1, "1 document"), (2, "2 documents"), (1_234, "1,234 documents")],
)
def test_a_noun_follows_its_number(number: int, told: str) -> None:
    assert counted(number, "document") == told

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.request_id import current_request_id, request_id_of, working_for


@pytest.mark.parametrize("own", ["a", "7f3a-1", "req_1:2.3", "x" * 64])
def test_a_sane_id_of_the_clients_is_kept(own: str) -> None:
    assert request_id_of(own) == own


@pytest.mark.parametrize("given_id", [None, "", "x" * 65, "a b", "a\n", 'a"', "ä", "٣", "a\x00", "a,b"])
def test_any_other_becomes_a_new_one(given_id: str | None) -> None:
    made = request_id_of(given_id)

    assert made not in {given_id, request_id_of(given_id)}
    assert len(made) == 16


@given(st.text())
def test_an_id_never_needs_quoting(text: str) -> None:
    made = request_id_of(text)

    assert json.dumps(made) == f'"{made}"'
    assert len(made) <= 64


def test_it_is_current_in_the_block_and_in_what_begins_there() -> None:
    async def work() -> tuple[str, str]:
        with working_for("one"):
            other = asyncio.create_task(asyncio.to_thread(current_request_id))
            return current_request_id(), await other

    assert asyncio.run(work()) == ("one", "one")
    assert current_request_id() == ""

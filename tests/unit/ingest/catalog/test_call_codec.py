from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.call_codec import decode_plan, encode_plan
from ingest.catalog.call_records import CallPlan, CallSegment
from ingest.errors import UnsupportedStore

COUNTS = st.integers(0, 10**6)
SEGMENTS = st.builds(
    CallSegment,
    st.text(max_size=9),
    st.sampled_from(["rules", "fresh"]),
    COUNTS,
    COUNTS,
    COUNTS,
    st.text(alphabet="0123456789abcdef", max_size=16),
    st.lists(COUNTS, max_size=4).map(tuple),
)
PLANS = st.builds(
    CallPlan,
    st.text(max_size=20),
    st.lists(SEGMENTS, max_size=4).map(tuple),
    st.lists(st.text(max_size=9), max_size=3).map(tuple),
)


@given(st.none() | PLANS)
def test_a_plan_comes_back_as_it_was(plan: CallPlan | None) -> None:
    text = encode_plan(plan)

    assert text.isascii()
    assert decode_plan(text) == plan


def test_what_a_newer_version_adds_is_passed_over() -> None:
    plan = CallPlan("why", (CallSegment("rules", "rules", 0, 5, 5, "aa"),), ("m",))
    newer = json.loads(encode_plan(plan)) | {"more": 1}
    newer["segments"][0].append("more")

    assert decode_plan(json.dumps(newer)) == plan


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"reason":"","messages":[],"segments":[3]}'])
def test_what_is_no_plan_is_named(text: str) -> None:
    with pytest.raises(UnsupportedStore, match="a call that this version cannot read"):
        decode_plan(text)

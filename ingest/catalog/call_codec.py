"""The plan of a call as JSON, for the catalog alone."""

from __future__ import annotations

import json
from dataclasses import astuple, fields
from typing import Any, cast

from ingest.catalog.call_records import CallPlan, CallSegment
from ingest.errors import UnsupportedStore

_FIELDS = tuple(field.name for field in fields(CallSegment))


def encode_plan(plan: CallPlan | None) -> str:
    """ASCII; none is the empty text. Segments are lists: their names would be half of the ledger."""
    if plan is None:
        return ""
    segments = [astuple(segment) for segment in plan.segments]
    kept = {"reason": plan.reason, "segments": segments, "messages": plan.messages}
    return json.dumps(kept, separators=(",", ":"))


def decode_plan(text: str) -> CallPlan | None:
    """What `encode_plan` was given; what a newer version adds at the end of a segment is passed over.

    Raises:
        UnsupportedStore: it is no plan.
    """
    if not text:
        return None
    try:
        found = cast("dict[str, Any]", json.loads(text))
        segments = tuple(_segment(segment) for segment in found["segments"])
        return CallPlan(str(found["reason"]), segments, tuple(map(str, found["messages"])))
    except (ValueError, TypeError, KeyError) as error:
        raise UnsupportedStore("the catalog holds a call that this version cannot read") from error


def _segment(found: list[Any]) -> CallSegment:
    known = dict(zip(_FIELDS, found, strict=False))
    known["documents"] = tuple(known.get("documents", ()))
    return CallSegment(**known)

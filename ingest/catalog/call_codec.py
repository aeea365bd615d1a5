"""The plan of a call as JSON, for the catalog alone."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, cast

from ingest.catalog.call_records import CallPlan, CallSegment
from ingest.errors import UnsupportedStore

_KNOWN = frozenset(field.name for field in fields(CallSegment))


def encode_plan(plan: CallPlan | None) -> str:
    """ASCII; none is the empty text."""
    return "" if plan is None else json.dumps(asdict(plan), separators=(",", ":"))


def decode_plan(text: str) -> CallPlan | None:
    """What `encode_plan` was given; fields of a newer version are passed over. Raises `UnsupportedStore`."""
    if not text:
        return None
    try:
        found = cast("dict[str, Any]", json.loads(text))
        segments = tuple(_segment(segment) for segment in found["segments"])
        return CallPlan(str(found["reason"]), segments, tuple(map(str, found["messages"])))
    except (ValueError, TypeError, KeyError) as error:
        raise UnsupportedStore("the catalog holds a call that this version cannot read") from error


def _segment(found: dict[str, Any]) -> CallSegment:
    known = {name: value for name, value in found.items() if name in _KNOWN}
    known["documents"] = tuple(known.get("documents", ()))
    return CallSegment(**known)

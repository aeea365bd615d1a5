"""Calls as the ledger keeps them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ingest.catalog.call_records import CallRecord

if TYPE_CHECKING:
    from service.recording import Owed

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def call(tenant: str = "default", **fields: Any) -> CallRecord:  # noqa: ANN401 — the fields of a record
    """An answer's own call that went well, with these fields otherwise."""
    made = CallRecord(
        id=secrets.token_hex(8),
        tenant=tenant,
        created_at=NOON,
        answer=f"ans_{secrets.token_hex(4)}",
        session="s1",
        collection="contracts",
        key="",
        provider="zai",
        model="glm-5",
        purpose="answer",
        mode="retrieve",
        planned_tokens=340,
        predicted_cached_tokens=300,
        prompt_tokens=350,
        cached_tokens=256,
        completion_tokens=20,
        reasoning_tokens=5,
        usd=0.25,
        saved_usd=0.125,
        milliseconds=812.5,
    )
    return replace(made, **fields)


@dataclass
class CallList:
    """A recorder that a test can read."""

    calls: list[CallRecord] = field(default_factory=list[CallRecord])

    def due(self, call: CallRecord, longest: int) -> None:
        """Nothing is."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """All may be made."""

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: none was kept."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:  # noqa: ARG002 — of the protocol
        self.calls.append(call)

"""Leases: who alone may do something, for as long as they give signs of life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

LeaseKind = Literal["ingest", "maintenance", "server"]


@dataclass(frozen=True, slots=True)
class LeaseName:
    """What is held: of what kind, whose, and which."""

    kind: LeaseKind
    tenant: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A lease and its holder."""

    name: LeaseName
    owner: str
    work: str
    """What for, in words for people."""
    since: datetime
    heartbeat: datetime
    """By the database's clock."""

"""What the process that speaks with Ray, and the one that it works for, tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.cluster.build import Build
    from ingest.cluster.stages import Order

LOCAL = "local"
READY = b"ready"
"""Comes first: the cluster has been looked at, and what is sent will be read."""
DONE = b""
"""Follows the last bundle of a task."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which cluster works."""

    address: str
    """``local`` for one that is started on this machine."""
    workers: int | None
    """Of each stage; None for one each core."""
    folder: str
    """For what Ray keeps while it runs."""
    build: Build
    """Which Lectern its machines must have."""

    @property
    def is_local(self) -> bool:
        """Whether it is started, and ended, with this process."""
        return self.address == LOCAL


@dataclass(frozen=True, slots=True)
class Task:
    """Bundles of files, each pickled."""

    order: Order
    bundles: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there will be no more; the process ends."""

    reason: str
    permanent: bool

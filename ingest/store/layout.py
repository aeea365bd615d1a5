"""Where a Qdrant server is, and how it lays collections out: on how many machines, in how many bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ingest.store.retrying import Retrying

Quantization = Literal["none", "int8"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is None stays as it is where a collection exists, and is the default in a new one."""

    shards: int | None = None
    """Else one, or one a node of a cluster. Only a new collection can have another number."""
    replicas: int | None = None
    """Copies of each shard, else one. Likewise."""
    consistency: int | None = None
    """Replicas that must have a write before it counts; else one."""
    quantization: Quantization | None = None
    """``int8`` searches small copies of the vectors and scores the best again by the vectors; else none."""
    vectors_on_disk: bool | None = None
    """Else in memory."""
    payload_on_disk: bool | None = None
    """Else as the server is configured."""
    strict: bool | None = None
    """Whether the server refuses what Lectern never asks, see `server_layout.LIMITS`; else yes."""


AS_IT_IS = Layout()
"""Leaves what there is alone, and makes what is new as a server makes it, but strict."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server, and how patient its callers are."""

    url: str
    key: str | None = None
    """Its API key."""
    retrying: Retrying | None = None

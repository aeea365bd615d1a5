"""A Qdrant server in place of the embedded index, and how it keeps what it is given."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from service.setting_groups.group import SettingGroup


class QdrantSettings(SettingGroup):
    """Qdrant server."""

    qdrant_url: str | None = Field(
        default=None, description="A Qdrant server; without it Qdrant Edge is embedded."
    )
    qdrant_api_key: SecretStr | None = Field(default=None, description="Key of the Qdrant server.")
    qdrant_shards: int | None = Field(
        default=None,
        ge=1,
        description="Shards of a new Qdrant collection; by default one, or one a node of a cluster. One that "
        "exists keeps its number until `lectern migrate --rebuild`.",
    )
    qdrant_replicas: int | None = Field(
        default=None,
        ge=1,
        description="Copies of each shard of a new Qdrant collection, on different nodes; by default one. "
        "One that exists keeps its number until `lectern migrate --rebuild`.",
    )
    qdrant_consistency: int | None = Field(
        default=None,
        ge=1,
        description="Replicas that must have a write before it counts; by default one. With more, writes "
        "fail while fewer are up.",
    )
    qdrant_quantization: Literal["none", "int8"] | None = Field(
        default=None,
        description="`int8` searches copies of the dense vectors of half the size, in memory, and scores the "
        "best again by the vectors themselves; `none`, the default of a new collection, the vectors alone.",
    )
    qdrant_vectors_on_disk: bool | None = Field(
        default=None,
        description="Whether dense vectors are read from the disk instead of being held in memory; by "
        "default they are held.",
    )
    qdrant_payload_on_disk: bool | None = Field(
        default=None,
        description="Whether what stands beside the vectors is read from the disk; by default as the server "
        "is configured.",
    )
    qdrant_strict: bool | None = Field(
        default=None,
        description="Whether the server refuses costly requests that Lectern never makes: filters without an "
        "index, limits beyond a million. By default new Qdrant collections do.",
    )

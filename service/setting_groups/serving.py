"""The server: whom it lets in, what it takes, and what it tells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from service.setting_groups.group import SettingGroup, said

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ServerSettings(SettingGroup):
    """Server."""

    host: str = Field(default="127.0.0.1", description="Address that `lectern serve` binds.")
    port: int = Field(default=8_421, ge=0, le=65_535, description="0 takes a free one.")
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+/?$")] | None = Field(
        default=None,
        description="Address that people reach the server by, which links to sources begin with, without a "
        "path; by default the one that a request came to.",
    )
    access_key: SecretStr | None = Field(
        default=None,
        description="A key that opens all of `tenant`, required as `Authorization: Bearer …`. Beyond "
        "loopback the server needs it, or keys that `lectern keys create` has made.",
    )
    key_requests_per_minute: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Requests a minute of access keys made without a limit of their own.",
    )
    key_concurrent_requests: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Likewise, requests at a time; a stream counts until it ends."
    )
    key_usd_per_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Likewise, dollars that calls of models may cost in a day, by UTC."
    )
    ingest_roots: tuple[Path, ...] = Field(
        default=(),
        description="Folders of the server's machine that `POST /v1/ingests` may read; in the environment "
        "separated as in PATH.",
    )
    largest_upload_mb: int = Field(
        default=4_096, gt=0, description="All files that one request may send, together."
    )
    grace_seconds: float = Field(
        default=20.0,
        ge=0,
        description="Seconds that answers under way may take to end once the server is told to stop; new "
        "questions are turned away meanwhile.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="Seconds that a server which is to end goes on answering, `/readyz` excepted, so that "
        "a load balancer sends it nothing more.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Of the server's log on standard error; `json` is one object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="The least that is logged; `info` adds a line for every request."
    )
    log_content: bool = Field(
        default=False,
        description="Let the log hold questions, answers, what errors quote and what libraries "
        "say, which may be text of documents and keys. For searching a fault, never for every day.",
    )
    metrics_key: SecretStr | None = Field(
        default=None,
        description="Opens `/metrics`, and nothing else, as `Authorization: Bearer …`, where access keys are "
        "needed.",
    )
    telemetry_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = Field(
        default=None,
        description="OTLP address of a collector of traces, such as `http://127.0.0.1:4318`; needs the extra "
        "`telemetry`. Other `OTEL_*` variables say how it is spoken to; none of them switches it on.",
    )

    @field_validator("ingest_roots", mode="before")
    @classmethod
    def _separate_paths(cls, roots: object) -> object:
        return roots.split(os.pathsep) if isinstance(roots, str) else roots

    @field_validator("access_key")
    @classmethod
    def _read_access_key(cls, key: SecretStr | None) -> SecretStr | None:
        return said(key)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_this_machine(self.host)


def is_this_machine(host: str) -> bool:
    """Whether only this machine can be meant."""
    return host in _LOOPBACK

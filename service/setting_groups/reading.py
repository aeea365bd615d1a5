"""How files are read."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from service.setting_groups.group import SettingGroup

_CLUSTER = re.compile(r"local|auto|[\w.:\[\]-]+:\d+")


class ReadingSettings(SettingGroup):
    """Reading."""

    ocr_languages: str = Field(
        default="eng+rus+chi_sim",
        pattern=r"^\w+(\+\w+)*$",
        description="Languages of scanned pages, by tesseract's names, the likeliest first.",
    )
    ocr_threads: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Pages that each reading process recognises at a time; by default the cores shared out.",
    )
    parse_seconds: float = Field(
        default=120.0, gt=0, description="Time that parsing one file may take without progress."
    )
    parse_memory_mb: int = Field(default=4_096, gt=0, description="Address space of each parsing process.")
    parse_workers: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processes that read files; by default one a core, at most 8."
    )
    embed_workers: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processes that embed with the embedded encoder; by default the same."
    )
    largest_file_mb: int = Field(default=512, gt=0, description="Larger files are refused by name.")
    ray_address: str | None = Field(
        default=None,
        description="Ray reads, cuts and embeds (extra `ray`): `local` for Ray on this machine; `auto`, "
        "or host:port of its head, for a cluster that this machine is part of.",
    )
    ray_workers: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Ray's workers of each stage; by default one for each core that it has."
    )

    @field_validator("ray_address")
    @classmethod
    def _join_first(cls, address: str | None) -> str | None:
        """Files are read where this machine's disk is seen, so it has to be part of the cluster."""
        if address is not None and not _CLUSTER.fullmatch(address):
            raise ValueError(
                "must be local, auto or host:port; a machine outside of a cluster (ray://) joins it with "
                "`ray start --address=HOST:PORT --num-cpus=0` and takes auto"
            )
        return address

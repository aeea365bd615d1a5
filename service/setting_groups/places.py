"""Where things are kept, for whom, and for how long."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from ingest.user_folders import data_folder
from service.answers import DEFAULT_TENANT
from service.egress_policy import ANY, EgressPolicy
from service.setting_groups.group import SettingGroup


class PlaceSettings(SettingGroup):
    """Data."""

    data: Path = Field(
        default_factory=data_folder,
        description="Folder of the index, the catalog and everything else that Lectern keeps.",
    )
    collection: str = Field(
        default="default", min_length=1, description="Collection where a command names none."
    )
    tenant: str = Field(
        default=DEFAULT_TENANT,
        min_length=1,
        max_length=200,
        description="Whose collections commands work on, and whose the key of `access_key` opens. Other "
        "tenants of the same data folder are reached by their access keys, or by commands with their name.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL; without it SQLite in the data folder."
    )
    uploads: Path | None = Field(
        default=None,
        description="Folder of the files that were sent, which several servers over one database share; "
        "without it `uploads` in the data folder.",
    )
    egress: str = Field(
        default=ANY,
        description="Who may be shown the text of new collections, and questions to them: `any`, `none` for "
        "extracts alone, or names between commas: of presets (zai, vllm, …), of hosts, or `local` "
        "for servers on this machine. `lectern collections egress` says it of one collection.",
    )
    audit_days: int = Field(default=400, ge=1, description="Days that the audit log is kept.")
    ledger_days: int = Field(
        default=400, ge=1, description="Days that the calls of language models are kept for bills."
    )

    @field_validator("data")
    @classmethod
    def _whole_path(cls, data: Path) -> Path:
        """Commands that are given elsewhere must find the same place."""
        return data.expanduser().absolute()

    @field_validator("uploads")
    @classmethod
    def _whole_folder(cls, uploads: Path | None) -> Path | None:
        return None if uploads is None else uploads.expanduser().absolute()

    @field_validator("tenant")
    @classmethod
    def _name_somebody(cls, tenant: str) -> str:
        if not tenant.strip() or not tenant.isprintable():
            raise ValueError("must be a printable name")
        return tenant

    @field_validator("egress")
    @classmethod
    def _read_egress(cls, said: str) -> str:
        return str(EgressPolicy.parse(said))

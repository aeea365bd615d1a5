"""What all settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr


class SettingGroup(BaseModel):
    """Settings about one subject, which the docstring names; see `service.settings`.

    No two groups may have validators of one name: together they are one class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


def said(key: SecretStr | None) -> SecretStr | None:
    """White space around a key is nobody's intention; an empty one would open everything."""
    if key is None:
        return None
    text = key.get_secret_value().strip()
    if not text:
        raise ValueError("an access key must not be empty")
    return SecretStr(text)

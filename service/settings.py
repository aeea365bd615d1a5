"""Settings from the environment (``LECTERN_*``) over ``lectern.toml``; an unknown name is an error."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ingest.errors import PermanentError
from service.setting_groups.answering import AnswerSettings, SearchSettings
from service.setting_groups.bots import BotSettings
from service.setting_groups.models import ModelSettings
from service.setting_groups.places import PlaceSettings
from service.setting_groups.qdrant import QdrantSettings
from service.setting_groups.reading import ReadingSettings
from service.setting_groups.serving import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from service.setting_groups.group import SettingGroup

PREFIX = "LECTERN_"
TEST_PREFIX = "LECTERN_TEST_"
"""Read by the test suite only."""
FILE = "lectern.toml"
GROUPS: tuple[type[SettingGroup], ...] = (
    PlaceSettings,
    QdrantSettings,
    ModelSettings,
    SearchSettings,
    AnswerSettings,
    ServerSettings,
    BotSettings,
    ReadingSettings,
)
"""In the order in which people read about them."""


class SettingsError(PermanentError):
    """A setting has an unknown name or a value that it cannot have; the message names it."""


class Settings(
    ReadingSettings,
    BotSettings,
    ServerSettings,
    AnswerSettings,
    SearchSettings,
    ModelSettings,
    QdrantSettings,
    PlaceSettings,
):
    """Everything that can be set, with its default. In the environment: ``LECTERN_LLM_MODEL=glm-5``."""


def load_settings(environment: Mapping[str, str], directory: Path) -> Settings:
    """Read ``directory/lectern.toml``, if it is there, then the environment, which wins.

    Raises:
        SettingsError: an unknown name or a bad value.
    """
    values = _from_file(directory / FILE) | _from_environment(environment)
    unknown = sorted(values.keys() - Settings.model_fields.keys())
    if unknown:
        known = ", ".join(sorted(Settings.model_fields))
        raise SettingsError(f"unknown setting {', '.join(unknown)}; the settings are {known}")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"setting {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Empty values count as absent: compose files cannot leave a variable out."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX) and value
    }

"""Where a user's files belong by the customs of the system."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_OURS = "lectern"


def data_folder() -> Path:
    """For what nobody else has."""
    return Path(platformdirs.user_data_dir(_OURS, appauthor=False))


def cache_folder() -> Path:
    """For what can be made again."""
    return Path(platformdirs.user_cache_dir(_OURS, appauthor=False))

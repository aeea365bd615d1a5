"""Options that commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.settings import load_settings

if TYPE_CHECKING:
    from service.settings import Settings


collection = click.option(
    "--collection", "-c", metavar="NAME", help="Which collection; by default the settings'."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as HTTP gives it.")


def settings() -> Settings:
    """What the environment and ``lectern.toml`` of this folder say."""
    return load_settings(os.environ, Path.cwd())

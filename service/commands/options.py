"""Options that commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from pydantic import BaseModel, ValidationError

from service.http.wrong_fields import in_one_line, wrong_fields
from service.naming import LONGEST_NAME
from service.settings import load_settings

if TYPE_CHECKING:
    from service.settings import Settings

Body = TypeVar("Body", bound=BaseModel)


def _check_name(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name is not None and not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise click.BadParameter(f"must have 1 to {LONGEST_NAME} printable characters")
    return name


collection = click.option(
    "--collection",
    "-c",
    metavar="NAME",
    callback=_check_name,
    help="Which collection; by default the settings'.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as HTTP gives it.")


def settings() -> Settings:
    """What the environment and ``lectern.toml`` of this folder say."""
    return load_settings(os.environ, Path.cwd())


def body(kind: type[Body], **fields: object) -> Body:
    """What HTTP would take, under the same rules.

    Raises:
        click.UsageError: it would be refused; names every field that is wrong.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        raise click.UsageError(in_one_line(wrong_fields(wrong), len(wrong))) from error

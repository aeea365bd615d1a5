"""The reference of commands and settings, from click's commands and the fields of `Settings`."""  # noqa: INP001 — imported by a script

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, get_args

import click
from pydantic import SecretStr

from service.cli import cli
from service.settings import FILE, GROUPS, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

OPENING = f"""\
# Commands and settings

Written by `docs/generate.py` from the code; CI compares the two.

A command that fails on purpose prints one line to standard error and ends with status 1.
Settings come from `{FILE}` in the folder where a command is called, and from `{PREFIX}*` in the
environment, which wins. An unknown name is an error.
"""


def commands_page() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="lectern")
    parts = [OPENING]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts += _command(command, context, name)
    return "\n".join([*parts, *_settings()])


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, parent=parent, info_name=name)
    if isinstance(command, click.Group):
        if command.invoke_without_command:
            yield from _described(command, context)
        for part in command.list_commands(context):
            found = command.get_command(context, part)
            assert found is not None
            yield from _command(found, context, part)
        return
    yield from _described(command, context)


def _described(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]")
    yield f"## {context.command_path}\n"
    yield f"`{' '.join(filter(None, [context.command_path, usage, '[OPTIONS]']))}`\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    records = (option.get_help_record(context) for option in command.params)
    rows = [f"| `{_cell(names)}` | {_cell(words)} |" for names, words in filter(None, records) if words]
    if rows:
        yield "\n".join(["| option | |\n|---|---|", *rows, ""])


def _settings() -> Iterator[str]:
    yield "## Settings\n"
    yield f"In `{FILE}` the name is the same without `{PREFIX}` and in lower case.\n"
    for group in GROUPS:
        yield f"### {(group.__doc__ or '').rstrip('.')}\n"
        yield "| variable | default | |\n|---|---|---|"
        for name, field in group.model_fields.items():
            yield f"| `{PREFIX}{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |"
        yield ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the user's data folder"
    if field.default is None:
        return "none, secret" if SecretStr in get_args(field.annotation) else "none"
    if field.default in ((), {}):
        return "none"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

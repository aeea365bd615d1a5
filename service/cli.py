"""The command line: names, help and options; each command's work is imported when it is called."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from ingest.errors import LecternError
from ingest.leaving import leave_without_collecting
from service.collecting import without_collecting
from service.commands.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterable

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Said before numpy loads: its small products take four times the CPU when several threads share them."""
COMMANDS = {
    "ask": "Answer a question, with every claim cited and checked.",
    "audit": "Show who read, asked, changed and deleted what.",
    "backup": "Write all that is kept into one file, while it serves.",
    "bot": "Answer in Telegram or Slack, from a running server.",
    "collections": "List the collections; pin, limit egress, or delete.",
    "demo": "Ingest the example corpus and ask it five questions.",
    "doctor": "Check data folder, catalog and index; repair them.",
    "documents": "List the documents of a collection, or delete some.",
    "eval": "Measure retrieval on a labelled set, and answers to your own questions.",
    "explain": "Explain what an answer's prompt held, and what the cache served of it.",
    "ingest": "Read files and folders into a collection.",
    "jobs": "List what is being ingested; show, cancel, or try again.",
    "keys": "Make, list and revoke access keys.",
    "mcp": "Let coding agents and assistants ask, over stdio.",
    "migrate": "Copy the index to a Qdrant server, or back.",
    "reindex": "Build a collection's index anew from what is stored.",
    "restore": "Make the data folder from a backup.",
    "review": "Put the same questions to many documents, into a table.",
    "search": "Find the passages that answer a query.",
    "serve": "Run the HTTP service.",
    "usage": "Show what answers took: tokens, the cache's share, dollars.",
    "warm": "Have the provider's cache hold what prompts begin with.",
}
"""Each lives in ``service.commands.<name>`` as ``command``; the words are its short help."""


class LazyGroup(click.Group):
    """Lists its commands without importing them: ``lectern --help`` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        with without_collecting():
            command = import_module(f"service.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list that ``--help`` shows."""
        rows: Iterable[tuple[str, str]] = ((name, COMMANDS[name]) for name in self.list_commands(ctx))
        with formatter.section("Commands"):
            formatter.write_dl(list(rows))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lectern")
def cli() -> None:
    """Ask long contracts and code repositories; every answer is cited and checked."""


def main() -> None:
    """Run a command; what fails on purpose is one line on standard error and exit status 1."""
    leave_without_collecting()
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow code page must not end an answer half way
    try:
        cli.main(prog_name="lectern")
    except (LecternError, OSError) as error:
        say(f"lectern: {error}", err=True)
        sys.exit(1)

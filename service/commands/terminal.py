"""The one way to standard output and standard error: nothing that is printed steers the terminal but us.

What documents, models, callers and files say goes through `say`, which writes control characters as numbers;
a line of columns takes each through `shown_line`, so that none of them begins a line of its own.
"""

from __future__ import annotations

import re

import click

from ingest.showing import shown_text

_BARE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What JSON may hold as it is; the other controls it writes as numbers anyway."""


def say(
    text: str = "",
    *,
    nl: bool = True,
    err: bool = False,
    fg: str | None = None,
    bold: bool = False,
    dim: bool = False,
) -> None:
    """Print a text without what steers terminals, in this style; ``nl`` ends the line."""
    shown = shown_text(text)
    if fg or bold or dim:
        shown = click.style(shown, fg=fg, bold=bold or None, dim=dim or None)
    click.echo(shown, nl=nl, err=err)


def say_json(encoded: str) -> None:
    """Print JSON exactly: what would steer a terminal is escaped in it as JSON escapes characters."""
    click.echo(_BARE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded))


def say_over(text: str) -> None:
    """Print a text on standard error over the line that stands there."""
    click.echo(f"\r{shown_text(text)}", nl=False, err=True)

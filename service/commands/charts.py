"""Usage as a chart of the terminal: what was read fresh, and what the cache served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from service.http.usage_shapes import UsageGroup, UsageList, UsageTotals

_WIDTH = 24
"""Cells of the longest bar."""
_FRESH, _CACHED = "█", "░"


def print_usage(usage: UsageList) -> None:
    """A line for each row, and their sum."""
    if not usage.total.calls:
        click.echo("no calls of a language model are on record")
        return
    longest = max(row.prompt_tokens for row in usage.rows)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(usage.by, overflow="fold")
    for name in ("answers", "read", "", "cached", "written", "cost", "saved"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for row in usage.rows:
        table.add_row(_name(row), *_cells(row, bar(row, longest)))
    if len(usage.rows) > 1:
        table.add_row("in all", *_cells(usage.total, Text()), style="bold")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        Text(f"{_FRESH} tokens read fresh  {_CACHED} served from the provider's cache", style="dim")
    )
    for sentence in _asides(usage.total):
        console.print(Text(sentence, style="dim"))


def bar(row: UsageTotals, longest: int) -> Text:
    """Fresh tokens, then cached ones, to the scale of the row that read most."""
    whole = round(_WIDTH * row.prompt_tokens / longest) if longest else 0
    cached = round(whole * row.cached_ratio)
    return Text.assemble((_FRESH * (whole - cached), "yellow"), (_CACHED * cached, "green"))


def dollars(amount: float | None) -> str:
    """In as many digits as a cheap answer needs."""
    if amount is None:
        return "unknown"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.5f}"


def _name(row: UsageGroup) -> str:
    found = row.day or row.collection or row.key or row.model
    return str(found) if found else "(none)"


def _cells(row: UsageTotals, drawn: Text) -> tuple[str | Text, ...]:
    return (
        f"{row.answers:,}",
        f"{row.prompt_tokens:,}",
        drawn,
        f"{row.cached_ratio:.0%}",
        f"{row.completion_tokens:,}",
        dollars(row.usd),
        dollars(row.saved_usd),
    )


def _asides(total: UsageTotals) -> list[str]:
    said: list[str] = []
    if total.prompt_tokens:
        foretold = total.predicted_cached_tokens / total.prompt_tokens
        said.append(f"foretold from the cache: {foretold:.0%}")
    if total.failed:
        said.append(f"{total.failed:,} of {total.calls:,} calls failed or were left before their end")
    if total.unpriced:
        said.append(f"the cost of {total.unpriced:,} calls is not known, and not in these sums")
    return said

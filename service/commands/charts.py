"""Usage as a chart of the terminal: what was read fresh, and what the cache served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.showing import shown_line
from service.commands.terminal import say

if TYPE_CHECKING:
    from service.http.usage_shapes import UsageGroup, UsageList, UsageTotals

_WIDTH = 24
"""Cells of the longest bar."""
_SHORTEST = 8
"""Cells of a name; it goes on in the next line."""
_GAP = 2
"""Cells between columns."""
_FRESH, _CACHED = "█", "░"
_FIGURES = ("answers", "read", "", "cached", "written", "cost", "saved")
"""Columns beside the name; the one without a name is the bar."""
_SUM = "in all"


def print_usage(usage: UsageList) -> None:
    """A line for each row, and their sum."""
    if not usage.total.calls:
        say("no calls of a language model are on record")
        return
    console = Console(highlight=False)
    console.print(_table(usage, console.width))
    console.print(
        Text(f"{_FRESH} tokens read fresh  {_CACHED} served from the provider's cache", style="dim")
    )
    for sentence in _asides(usage.total):
        console.print(Text(sentence, style="dim"))


def bar(row: UsageTotals, longest: int, width: int = _WIDTH) -> Text:
    """Fresh tokens, then cached ones, to the scale of the row that read most, whose bar has this width."""
    whole = round(width * row.prompt_tokens / longest) if longest else 0
    cached = round(whole * row.cached_ratio)
    return Text.assemble((_FRESH * (whole - cached), "yellow"), (_CACHED * cached, "green"))


def _table(usage: UsageList, width: int) -> Table:
    """In so many cells: where they are few the bars give way, then the names are folded."""
    named, drawn = _room(usage, width)
    longest = max(row.prompt_tokens for row in usage.rows)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(usage.by, overflow="fold", width=named)
    for name in _FIGURES:
        if name:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, no_wrap=True, width=drawn)
    for row in usage.rows:
        table.add_row(_name(row), *_cells(row, bar(row, longest, drawn)))
    if len(usage.rows) > 1:
        table.add_row(_SUM, *_cells(usage.total, Text()), style="bold")
    return table


def _room(usage: UsageList, width: int) -> tuple[int, int]:
    """Cells of the names and of the longest bar beside the figures."""
    rows = [_FIGURES, *(map(str, _cells(row, Text())) for row in (*usage.rows, usage.total))]
    figures = sum(max(map(len, column)) for column in zip(*rows, strict=True))
    left = width - figures - _GAP * len(_FIGURES)
    longest = max(map(cell_len, (usage.by, _SUM, *map(_name, usage.rows))))
    named = min(longest, max(left, _SHORTEST))
    return named, min(max(left - named, 0), _WIDTH)


def dollars(amount: float | None) -> str:
    """In as many digits as a cheap answer needs."""
    if amount is None:
        return "unknown"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.5f}"


def _name(row: UsageGroup) -> str:
    found = row.day or row.collection or row.key or row.model
    return shown_line(str(found)) if found else "(none)"


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

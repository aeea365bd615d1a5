"""``lectern eval``: figures instead of impressions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.commands import options
from service.evaluation.dataset import read_documents, read_queries, sample
from service.evaluation.retrieval import evaluate, tabulate

if TYPE_CHECKING:
    from service.evaluation.retrieval import Scope

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(short_help="Measure retrieval on a labelled set.")
def command() -> None:
    """Measure Lectern on labelled sets."""


@command.command()
@click.option("--documents", type=_FILE, required=True, help="JSON lines: doc_id, text, and path or repo.")
@click.option("--queries", type=_FILE, required=True, help="JSON lines: query_id, query, gold and more.")
@click.option(
    "--scope",
    type=click.Choice(["collection", "document"]),
    default="collection",
    show_default=True,
    help="Search everything, or inside each query's own document.",
)
@click.option("--run", "run_file", type=click.Path(path_type=Path), help="Where to write every query's hits.")
@click.option("--limit", type=click.IntRange(1), help="Only this many queries, and documents to match.")
@options.as_json
def retrieval(
    *, documents: Path, queries: Path, scope: Scope, run_file: Path | None, limit: int | None, as_json: bool
) -> None:
    """Ingest a labelled set, search for all its queries, and print how much of the gold was found.

    Lines of the run file: {"query_id", "hits": [{"doc_id", "start", "end", "score"}]}, best hit first.
    """
    read, asked = read_documents(documents), read_queries(queries)
    if limit is not None:
        read, asked = sample(read, asked, limit)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        bars = {"ingest": display.add_task("ingest"), "search": display.add_task("search", total=len(asked))}

        def show(stage: str, done: int, total: int) -> None:
            display.update(bars[stage], completed=done, total=total)

        ran = list(evaluate(options.settings(), read, asked, scope=scope, on_progress=show))
    if run_file is not None:
        run_file.write_text("".join(f"{result.line()}\n" for result in ran), encoding="utf-8")
    table = tabulate(ran)
    click.echo(json.dumps(table, indent=2) if as_json else _format(table))


def _format(table: dict[str, dict[str, float]]) -> str:
    """A line a measure; groups in columns would not fit a terminal, so they follow with their main figure."""
    lines = [f"{name:20} {value:8.3f}" for name, value in table["all"].items() if name != "n"]
    lines.append(f"{'queries with gold':20} {table['all']['n']:8.0f}")
    main = next(iter(table["all"]))
    main = next(
        (m for m in ("recall@4000", "file_recall@10", "passage_recall@10") if m in table["all"]), main
    )
    groups = {name: row for name, row in table.items() if name != "all" and main in row}
    if len(groups) > 1:
        lines.append(f"\n{main} by group")
        lines += [f"  {name:34} {row[main]:8.3f}  n={row['n']:.0f}" for name, row in sorted(groups.items())]
    return "\n".join(lines)

"""``lectern eval answers``: one's own questions, with the answers that one expects."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.answers import MODES
from service.commands import options
from service.commands.auditing import opened
from service.commands.terminal import say, say_json
from service.evaluation.answer_questions import read_questions
from service.evaluation.answer_runs import RunFile
from service.evaluation.answers import Asking
from service.evaluation.examining import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from service.answers import Mode


@click.command("answers")
@click.option(
    "--questions",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="JSON Lines, or YAML by its name.",
)
@options.collection
@click.option(
    "--mode", type=click.Choice(MODES), default="auto", show_default=True, help="What the model reads."
)
@click.option("--model", metavar="NAME", help="Instead of the settings' model.")
@click.option(
    "--run",
    "run_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where every answer is kept; what stands there already and is not stale is not asked again.",
)
@click.option("--judge", metavar="MODEL", help="Let this model of the same provider judge every answer, too.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Questions and conversations at a time.",
)
@options.as_json
def command(
    *,
    path: Path,
    collection: str | None,
    mode: Mode,
    model: str | None,
    run_file: Path | None,
    judge: str | None,
    parallel: int,
    as_json: bool,
) -> None:
    """Ask your own questions, and measure the answers against those that you expect.

    A question is an object with these fields, the first two required. question. answer: what is expected, a
    text or a list of accepted ones, or "not in the documents". id. conversation: a name; questions that share
    it are asked in order in one session. documents: paths or ids; only they are read. citations: what should
    be cited, each with a path (or id) and either a quote or start and end, in characters of the text.
    category: figures are told for each one, too.

    Numbers, dates and amounts are compared by value, words by their stems. A failure of the model is neither
    right nor wrong: it is counted apart, and asked again by the next run with the same --run file.

    A kept answer is stale, and asked for again, when its question, an earlier one of its conversation, any
    document of the collection, the mode, the model, a setting or Lectern's own instructions have changed.
    Where only what is expected has changed, it is measured anew.
    """
    questions = read_questions(path)
    run = RunFile(run_file) if run_file else None
    settings = options.settings()
    with opened(settings) as services, _progress(len(questions)) as on_done:
        report = examine(
            services,
            collection or settings.collection,
            questions,
            Asking(mode, model, parallel),
            judge=judge,
            run=run,
            on_done=on_done,
        )
    if as_json:
        say_json(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        say(report.as_text())


@contextmanager
def _progress(questions: int) -> Generator[Callable[[], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        bar = display.add_task("ask", total=questions)
        yield lambda: display.advance(bar)

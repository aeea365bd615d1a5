"""``lectern eval``: figures instead of impressions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.showing import shown_line
from service.commands import eval_answers, options
from service.commands.terminal import say, say_json
from service.evaluation.answer_comparison import compare_answers
from service.evaluation.answer_runs import holds_answers
from service.evaluation.cases import make_case
from service.evaluation.comparison import compare as compare_runs
from service.evaluation.comparison import most_changed
from service.evaluation.dataset import read_documents, read_queries, sample
from service.evaluation.mixing import mix, read_distractors, spread
from service.evaluation.printing import format_cases, format_comparison, format_table
from service.evaluation.retrieval import evaluate
from service.evaluation.runs import read_run
from service.evaluation.tables import main_measure, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from service.evaluation.cases import Case
    from service.evaluation.comparison import Comparison
    from service.evaluation.dataset import LabelledDocument
    from service.evaluation.retrieval import Scope

_NAMED = 3
"""Documents without text that are told by their ids, at most."""
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)

_documents = click.option(
    "--documents", type=_FILE, required=True, help="JSON lines: doc_id, text, and path or repo."
)
_queries = click.option(
    "--queries", type=_FILE, required=True, help="JSON lines: query_id, query, gold and more."
)


@click.group(short_help="Measure retrieval on a labelled set, and answers to your own questions.")
def command() -> None:
    """Measure Lectern: its search on labelled sets, its answers on your own questions."""


command.add_command(eval_answers.command)


@command.command()
@_documents
@_queries
@click.option(
    "--scope",
    type=click.Choice(["collection", "document"]),
    default="collection",
    show_default=True,
    help="Search everything, or inside each query's own document.",
)
@click.option(
    "--among",
    type=_FILE,
    multiple=True,
    help="Documents of another set, put into every collection as well: can be given several times.",
)
@click.option("--run", "run_file", type=click.Path(path_type=Path), help="Where to write every query's hits.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="Only this many queries, documents to match, and the same share of the documents of --among.",
)
@options.as_json
def retrieval(
    *,
    documents: Path,
    queries: Path,
    scope: Scope,
    among: tuple[Path, ...],
    run_file: Path | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Ingest a labelled set, search for all its queries, and print how much of the gold was found.

    Every mean has a 95 % interval: a bootstrap over the documents that queries belong to, or over the queries
    where they belong to none. In JSON it stands under "intervals".

    Lines of the run file: {"query_id", "hits": [{"doc_id", "start", "end", "score"}]}, best hit first.
    """
    if run_file is not None and not run_file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {run_file.parent}", param_hint="--run")
    whole = read_documents(documents)
    asked = read_queries(queries, {document.id: document.text for document in whole})
    distractors = read_distractors(among, whole)
    read, share = whole, 1.0
    if limit is not None and whole:
        read, asked = sample(whole, asked, limit)
        share = len(read) / len(whole)
    others = [document for one in distractors for document in spread(one, share)]
    unread: list[LabelledDocument] = []
    with _progress(len(asked)) as show:
        ran = list(
            evaluate(
                options.settings(),
                mix(read, others),
                asked,
                scope=scope,
                on_progress=show,
                on_unread=unread.append,
            )
        )
    if unread:
        names = [*dict.fromkeys(shown_line(document.id) for document in unread)]
        told = ", ".join([*names[:_NAMED], *["…"] * (len(names) > _NAMED)])
        say(f"documents without readable text: {len(names)} ({told})", err=True)
    if run_file is not None:
        run_file.write_text("".join(f"{result.line()}\n" for result in ran), encoding="utf-8")
    table = tabulate(ran)
    if as_json:
        say_json(json.dumps(table.as_json(), indent=2))
    else:
        say(format_table(table))


@command.command()
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
@click.option("--documents", type=_FILE, help="Of a retrieval run, as `eval retrieval` had them.")
@click.option("--queries", type=_FILE, help="Likewise.")
@click.option("--among", type=_FILE, multiple=True, help="As the runs had them: can be given several times.")
@click.option(
    "--measure", "name", help="Which one chooses the queries to show; by default the set's main one."
)
@click.option(
    "--show",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="How many queries to show of those that got better, and of those that got worse.",
)
@options.as_json
def compare(
    *,
    before: Path,
    after: Path,
    documents: Path | None,
    queries: Path | None,
    among: tuple[Path, ...],
    name: str | None,
    show: int,
    as_json: bool,
) -> None:
    """Compare two run files of `lectern eval retrieval --run`, or of `lectern eval answers --run`.

    Queries count that both have. Runs of answers need no other file: every measure is compared over the
    questions that have it in both, as the runs have measured them.

    Prints each measure's change, with a 95 % interval by a paired bootstrap over documents, and how many
    queries got better and worse; then those that changed most, with the gold and the first hits of both
    runs: * touches gold, + lies elsewhere in a document that holds gold.
    """
    kinds = {holds_answers(before), holds_answers(after)}
    if kinds == {True, False}:
        raise click.UsageError("one run is of answers, the other of hits")
    if True in kinds:
        if documents or queries or among or name:
            raise click.UsageError("runs of answers are compared without any option but --show and --json")
        answers = compare_answers(before, after)
        if as_json:
            say_json(json.dumps(answers.as_json(show), indent=2))
        else:
            say(answers.as_text(show))
        return
    if documents is None or queries is None:
        raise click.UsageError("runs of hits need --documents and --queries")
    read = read_documents(documents)
    texts = {d.id: d.text for d in [*read, *(d for one in read_distractors(among, read) for d in one)]}
    asked = read_queries(queries, texts)
    known = frozenset(query.id for query in asked)
    comparison = compare_runs(asked, read_run(before, known, texts), read_run(after, known, texts), texts)
    measure = _chosen(comparison, name)
    changed = most_changed(comparison.pairs, measure, show)
    better, worse = ([make_case(pair, measure, texts) for pair in pairs] for pairs in changed)
    if as_json:
        say_json(json.dumps(_as_json(comparison, measure, better, worse), indent=2))
        return
    say(format_comparison(comparison))
    for heading, cases in ((f"Better by {measure}", better), (f"Worse by {measure}", worse)):
        if cases:
            say("\n" + format_cases(heading, cases))


def _chosen(comparison: Comparison, name: str | None) -> str:
    """The measure that was asked for, or the main one.

    Raises:
        click.UsageError: the runs have no such measure, or none in common.
    """
    there = comparison.differences
    main = main_measure(there)
    if main is None:
        raise click.UsageError("the runs share no query that has gold")
    if name is not None and name not in there:
        raise click.UsageError(f"--measure: the queries have {', '.join(there)}, not {name}")
    return name or main


def _as_json(
    comparison: Comparison, measure: str, better: list[Case], worse: list[Case]
) -> dict[str, object]:
    return {
        "n": len(comparison.pairs),
        "only_before": comparison.only_before,
        "only_after": comparison.only_after,
        "measures": {name: found.as_json() for name, found in comparison.differences.items()},
        "shown_by": measure,
        "better": [asdict(case) for case in better],
        "worse": [asdict(case) for case in worse],
    }


@contextmanager
def _progress(queries: int) -> Generator[Callable[[str, int, int], None]]:
    """Bars on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        bars = {"ingest": display.add_task("ingest"), "search": display.add_task("search", total=queries)}

        def show(stage: str, done: int, total: int) -> None:
            display.update(bars[stage], completed=done, total=total)

        yield show

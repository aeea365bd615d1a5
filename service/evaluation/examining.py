"""A whole evaluation of answers: questions bound to the collection, asked, kept and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.asking import running
from service.evaluation.answer_places import bind
from service.evaluation.answer_report import Report
from service.evaluation.answers import Examiner
from service.evaluation.judge import Judge
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.evaluation.answer_questions import ExpectedAnswer
    from service.evaluation.answer_runs import RunFile, RunLine
    from service.evaluation.answers import Asking
    from service.services import Services


def examine(
    services: Services,
    collection: str,
    questions: Sequence[ExpectedAnswer],
    how: Asking,
    *,
    judge: str | None = None,
    run: RunFile | None = None,
    on_done: Callable[[], None] = lambda: None,
) -> Report:
    """Ask and measure all questions of one collection.

    Args:
        services: what answers.
        collection: its name.
        questions: as `read_questions` gives them.
        how: mode, model and how many at a time.
        judge: name of the model that judges; None asks none.
        run: what was asked before, and where new lines go.
        on_done: called after every question.

    Raises:
        UnknownName: there is no such collection.
        BadDataset: a question names what the collection has not.
        BadRun: the run file cannot be written.
        EgressRefused: a judge is wanted, and no provider may be shown the collection.
        SettingsError: a judge is wanted and no language model is configured.
    """
    record = services.library.collection(services.settings.tenant, collection)
    bound = bind(questions, services.library, record)
    if judge is not None and services.generation is None:
        raise SettingsError("--judge: no language model is configured (llm_api_key, llm_base_url)")
    chosen = Judge(services.generation, record, judge) if judge and services.generation else None
    if judge is not None and services.generation is not None:
        services.generation.require_egress(record.tenant, record.name)
    known = run.known if run else {}
    lines: dict[str, RunLine] = {}
    asked = 0

    def take(line: RunLine, was_asked: bool) -> None:
        nonlocal asked
        lines[line.id] = line
        asked += was_asked
        if run is not None and line != known.get(line.id):
            run.add(line)
        on_done()

    with running(services) as runner:
        runner.run(Examiner(services, record, how, chosen, known).ask(bound, take))
    return Report([lines[question.id] for question in questions], asked)

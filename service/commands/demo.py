"""``lectern demo``: the example corpus, and five questions about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import BaseModel, TypeAdapter

import service
from ingest.errors import PermanentError
from service.asking import answer_events, running
from service.commands import options
from service.commands.auditing import opened
from service.commands.ingest import describe
from service.commands.printing import print_answer
from service.commands.progress import showing_progress
from service.commands.terminal import say
from service.http.requests import QueryRequest
from service.http.responses import QueryResponse
from service.ingesting import open_ingest

if TYPE_CHECKING:
    from asyncio import Runner

    from service.services import Services

COLLECTION = "demo"
_LARGEST = 2**24


class Expected(BaseModel):
    """A question and what a right answer cites."""

    question: str
    expect: list[str]
    path: str | None


@click.command(short_help="Ingest the example corpus and ask it five questions.")
def command() -> None:
    """Ingest the example corpus and ask it five questions.

    The exit status is 1 if an answer does not cite what it should.
    """
    corpus = find_corpus()
    questions = TypeAdapter(list[Expected]).validate_json((corpus / "questions.json").read_bytes())
    with opened(options.settings()) as services:
        _ingest(services, corpus)
        with running(services) as runner:
            right = sum(_ask(services, runner, expected) for expected in questions)
    say(f"\n{right} of {len(questions)} answers cite what they should.")
    if right < len(questions):
        raise SystemExit(1)
    say(f'Go on: lectern ask -c {COLLECTION} "How is the late fee calculated?"')


def find_corpus() -> Path:
    """The examples inside the installed package or, in a checkout, beside it.

    Raises:
        PermanentError: they are in neither place.
    """
    package = Path(service.__file__).parent
    for place in (package / "corpus", package.parent / "examples" / "corpus"):
        if (place / "questions.json").is_file():
            return place
    raise PermanentError("the example corpus is not installed")


def is_right(answer: QueryResponse, expected: Expected) -> bool:
    """Whether a citation of the right file holds every expected string, white space aside."""
    cited = [" ".join(c.cited_text.split()) for c in answer.citations if c.path == expected.path]
    return any(all(words in text for words in expected.expect) for text in cited)


def _ingest(services: Services, corpus: Path) -> None:
    tenant = services.settings.tenant
    with (
        open_ingest(services) as work,
        work.writing(tenant, COLLECTION) as ingester,
        showing_progress(enabled=True) as on_progress,
    ):
        report = ingester.ingest(tenant, COLLECTION, [corpus], largest=_LARGEST, on_progress=on_progress)
    say(describe(report))


def _ask(services: Services, runner: Runner, expected: Expected) -> bool:
    say(f"\n? {expected.question}", fg="cyan", bold=True)
    request = QueryRequest(question=expected.question, collection=COLLECTION)
    *_, answer = answer_events(services, runner, request)
    assert isinstance(answer, QueryResponse)
    print_answer(answer)
    return is_right(answer, expected)

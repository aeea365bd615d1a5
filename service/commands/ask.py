"""``lectern ask``: a cited answer, from a running server or from this process."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ingest.errors import LecternError
from prompts.plan_request import ACCURACIES
from service.answers import MODES
from service.client import ServerAbsent, ServerUnreachable
from service.commands import options
from service.commands.own_server import client_of
from service.commands.printing import print_answer, print_footer, print_sources, print_step
from service.commands.terminal import say, say_json, say_over
from service.http.event_shapes import Delta, PartEvent, PlanEvent, StepEvent, StreamEvent
from service.http.requests import QueryRequest
from service.http.responses import QueryResponse
from service.running import find_server

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from prompts.plan_request import Accuracy
    from service.answers import Mode
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class _AnsweredBy:
    """Before the events of the answer: a server gives it."""

    url: str


_Told = StreamEvent | _AnsweredBy


@click.command(short_help="Answer a question, with every claim cited and checked.")
@click.argument("question")
@options.collection
@click.option(
    "--document",
    "-d",
    "documents",
    multiple=True,
    metavar="ID|PATH",
    help="Read only this; a pattern in quotes too ('contracts/*'); repeatable.",
)
@click.option(
    "--mode", type=click.Choice(MODES), default="auto", show_default=True, help="What the model reads."
)
@click.option(
    "--accuracy",
    type=click.Choice(ACCURACIES),
    default="normal",
    show_default=True,
    help="How much it reads.",
)
@click.option("--session", metavar="ID", help="Continue a conversation.")
@click.option("--thinking/--no-thinking", default=None, help="Let the model think first.")
@click.option("--model", metavar="NAME", help="Instead of the settings' model.")
@options.as_json
def command(
    *,
    question: str,
    collection: str | None,
    documents: tuple[str, ...],
    mode: Mode,
    accuracy: Accuracy,
    session: str | None,
    thinking: bool | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Answer a question from the collection; every claim is cited and checked.

    Where a server runs over the same data it answers, which is faster than starting up.
    """
    settings = options.settings()
    request = options.body(
        QueryRequest,
        question=question,
        collection=collection or settings.collection,
        documents=list(documents) or None,
        mode=mode,
        accuracy=accuracy,
        session_id=session,
        thinking=thinking,
        model=model,
        stream=True,
    )
    with closing(_events(settings, request)) as events:
        answer = _follow(events, quiet=as_json)
    if as_json:
        say_json(answer.model_dump_json(indent=2))


def _follow(events: Iterator[_Told], *, quiet: bool) -> QueryResponse:
    """Print the answer as it comes; the last event is the whole of it."""
    streamed = begun = False
    server, parts = "", 0
    try:
        for event in events:
            match event:
                case _AnsweredBy():
                    server = event.url
                case PlanEvent():
                    streamed = not quiet and event.plan.mode != "extract"
                case PartEvent():
                    parts += 1
                    tell_part(event, parts, quiet=quiet)
                case StepEvent() if not quiet:
                    print_step(event)
                case Delta() if streamed:
                    begun = True
                    say(event.text, nl=False)
                case QueryResponse():
                    return _shown(event, server, streamed=streamed, quiet=quiet)
                case _:
                    pass
    except LecternError:
        if begun:  # what went wrong must not look like the answer's next words
            say()
        raise
    raise ServerUnreachable("the answer broke off")


def tell_part(part: PartEvent, read: int, *, quiet: bool) -> None:
    """How far a map has come, on one line of a terminal."""
    if quiet or not sys.stderr.isatty():
        return
    say_over(f"  read {read} of {part.of} parts" + ("\n" if read == part.of else ""))


def _shown(answer: QueryResponse, server: str, *, streamed: bool, quiet: bool) -> QueryResponse:
    """What is still to be printed once the whole answer is there."""
    if streamed:
        say("\n")
        print_sources(answer)
        print_footer(answer)
    elif not quiet:
        print_answer(answer)
    if server and not quiet:
        say(f"  answered by the server at {server}, by its settings", dim=True)
    return answer


def _events(settings: Settings, request: QueryRequest) -> Generator[_Told]:
    """The events of the answer; before them, where a server gives it, that server's address."""
    server = find_server(settings.data)
    if server is not None:
        try:
            for number, event in enumerate(client_of(server, settings).stream(request)):
                if number == 0:
                    yield _AnsweredBy(server.url)
                yield event
        except ServerAbsent:
            pass  # it was killed, and something else has its process id by now
        else:
            return
    # Imported by name: a second of imports that a running server saves.
    yield from import_module("service.asking").events(settings, request)

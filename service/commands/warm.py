"""``lectern warm``: the beginning of prompts sent ahead, by a running server or by this process."""

from __future__ import annotations

from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ingest.showing import shown_line
from service.client import ServerAbsent
from service.commands import options
from service.commands.charts import dollars
from service.commands.own_server import client_of
from service.commands.terminal import say, say_json
from service.http.warm_shapes import WarmRequest
from service.running import find_server

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from service.http.warm_shapes import WarmResponse
    from service.settings import Settings


@click.command(short_help="Have the provider's cache hold what prompts begin with.")
@click.argument("collection")
@click.option(
    "--document",
    "-d",
    "documents",
    multiple=True,
    metavar="ID|PATH",
    help="Questions about its whole; repeatable.",
)
@click.option("--max-usd", type=float, metavar="DOLLARS", help="Send nothing that should cost more.")
@click.option("--model", metavar="NAME", help="Instead of the settings' model.")
@click.option("--estimate", is_flag=True, help="Send nothing: only say what it should cost.")
@options.as_json
def command(
    *,
    collection: str,
    documents: tuple[str, ...],
    max_usd: float | None,
    model: str | None,
    estimate: bool,
    as_json: bool,
) -> None:
    """Send what every question to a collection begins with, and have the provider's cache hold it.

    That is the rules, the pinned documents and the card; with --document, what questions about the whole of
    exactly these documents begin with. Where a server runs over the same data it does the sending, and
    counts on the cache from then on.
    """
    request = options.body(
        WarmRequest,
        documents=list(documents) or None,
        model=model,
        max_usd=max_usd,
        estimate_only=True,
    )
    requests = [request] if estimate else [request, request.model_copy(update={"estimate_only": False})]
    with closing(_answers(options.settings(), collection, requests)) as answers:
        found = next(answers)
        if not as_json:
            _print_before(found)
        found = next(answers, found)
    if as_json:
        say_json(found.model_dump_json(indent=2))
    elif not estimate:
        _print_after(found)


def _print_before(found: WarmResponse) -> None:
    parts = ", ".join(f"{one.name} {one.tokens:,}" for one in found.segments)
    say(f"{found.tokens:,} tokens for {shown_line(found.model)}: {parts}")
    for warning in found.warnings:
        say(warning, fg="yellow")
    times = "" if found.sends == 1 else f", sent {found.sends} times"
    held = f"{found.cached_tokens:,} of them should be cached already"
    say(f"expected: {dollars(found.expected_usd)}{times}; {held}")


def _print_after(found: WarmResponse) -> None:
    assert found.usage is not None
    read = f"{found.usage.prompt_tokens:,} tokens read, {found.held_before:,} cached before"
    say(f"warmed: {dollars(found.usd)}; {read}")


def _answers(settings: Settings, collection: str, requests: Sequence[WarmRequest]) -> Generator[WarmResponse]:
    """From a server that runs over the same data or, where none answers, from this process."""
    server = find_server(settings.data)
    if server is not None:
        client = client_of(server, settings)
        try:
            first = client.warm(collection, requests[0])
        except ServerAbsent:
            pass  # it was killed, and something else has its process id by now
        else:
            yield first
            for request in requests[1:]:
                yield client.warm(collection, request)
            return
    # Imported by name: a second of imports that a running server saves.
    yield from import_module("service.asking").warmings(settings, collection, requests)

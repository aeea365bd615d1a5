"""``lectern search``: places, best first, from a running server or from this process."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from service.client import ServerAbsent
from service.commands import options
from service.commands.own_server import client_of
from service.commands.printing import print_hit
from service.commands.terminal import say, say_json
from service.http.requests import SearchRequest
from service.running import find_server

if TYPE_CHECKING:
    from service.http.place_shapes import SearchResponse
    from service.settings import Settings


@click.command(short_help="Find the passages that answer a query.")
@click.argument("query")
@options.collection
@click.option(
    "--document",
    "-d",
    "documents",
    multiple=True,
    metavar="ID|PATH",
    help="Search only here; a pattern in quotes too ('contracts/*'); repeatable.",
)
@click.option("--limit", "-n", default=10, show_default=True, type=click.IntRange(1, 500), help="Hits.")
@options.as_json
def command(
    query: str, collection: str | None, documents: tuple[str, ...], limit: int, *, as_json: bool
) -> None:
    """Find the places that answer a query, best first.

    Where a server runs over the same data it searches, which is faster than starting up.
    """
    settings = options.settings()
    request = options.body(
        SearchRequest,
        query=query,
        collection=collection or settings.collection,
        documents=list(documents) or None,
        top_k=limit,
    )
    found = _found(settings, request)
    if as_json:
        say_json(found.model_dump_json(indent=2))
        return
    for rank, hit in enumerate(found.hits, start=1):
        print_hit(rank, hit)
    if not found.hits:
        say("nothing found")


def _found(settings: Settings, request: SearchRequest) -> SearchResponse:
    server = find_server(settings.data)
    if server is not None:
        with suppress(ServerAbsent):  # it was killed, and something else has its process id by now
            return client_of(server, settings).search(request)
    # Imported by name: seconds of imports that a running server saves.
    return import_module("service.asking").search(settings, request)

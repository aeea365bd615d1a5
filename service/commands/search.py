"""``lectern search``: places, best first."""

from __future__ import annotations

import click

from service.answers import DEFAULT_TENANT
from service.commands import options
from service.commands.printing import print_hit
from service.http.requests import SearchRequest
from service.http.responses import Hit, SearchResponse
from service.wiring import open_services


@click.command(short_help="Find the passages that answer a query.")
@click.argument("query")
@options.collection
@click.option(
    "--document", "-d", "documents", multiple=True, metavar="ID", help="Search only here; repeatable."
)
@click.option("--limit", "-n", default=10, show_default=True, type=click.IntRange(1, 500), help="Hits.")
@options.as_json
def command(
    query: str, collection: str | None, documents: tuple[str, ...], limit: int, *, as_json: bool
) -> None:
    """Find the places that answer a query, best first."""
    settings = options.settings()
    request = options.body(
        SearchRequest,
        query=query,
        collection=collection or settings.collection,
        documents=list(documents) or None,
        top_k=limit,
    )
    with open_services(settings) as services:
        record = services.library.collection(DEFAULT_TENANT, request.collection)
        chosen = services.library.numbers(record, request.documents) if request.documents else None
        hits = services.searcher.search(record, request.query, documents=chosen, limit=request.top_k)
    found = SearchResponse(hits=[Hit.of(hit) for hit in hits])
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for rank, hit in enumerate(found.hits, start=1):
        print_hit(rank, hit)
    if not found.hits:
        click.echo("nothing found")

"""``lectern documents``: what a collection holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.answers import DEFAULT_TENANT
from service.commands import options
from service.http.listings import DocumentList, DocumentShape
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.wiring import Services

_PAGE = 1_000


@click.command(short_help="List the documents of a collection.")
@options.collection
@options.as_json
def command(collection: str | None, *, as_json: bool) -> None:
    """List the documents of a collection, by path, and the files that could not be read."""
    settings = options.settings()
    with open_services(settings) as services:
        record = services.library.collection(DEFAULT_TENANT, collection or settings.collection)
        documents = list(_all(services, record.name))
        failures = services.catalog.failures(record).values()
    if as_json:
        click.echo(DocumentList(documents=documents, next=None).model_dump_json(indent=2))
        return
    for document in documents:
        pages = f"{document.pages} pages, " if document.pages else ""
        size = f"{pages}{document.characters:,} characters"
        click.echo(f"{document.id}  D{document.number:<5} {document.path}  ({size})  {document.title[:60]}")
    for failure in failures:
        click.secho(f"{'not read':16}  {failure.path}: {failure.reason}: {failure.detail}", fg="yellow")


def _all(services: Services, collection: str) -> Iterator[DocumentShape]:
    after: str | None = None
    while True:
        page = services.catalog.documents(DEFAULT_TENANT, collection, limit=_PAGE, after=after)
        yield from (DocumentShape.of(record) for record in page.documents)
        after = page.next
        if after is None:
            return

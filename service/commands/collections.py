"""``lectern collections``: which there are, and their end."""

from __future__ import annotations

import click

from service.answers import DEFAULT_TENANT
from service.commands import options
from service.http.listings import CollectionList, CollectionShape, FailureShape
from service.wiring import open_services


@click.group(invoke_without_command=True, short_help="List the collections, or delete one.")
@options.as_json
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the collections, by name."""
    if context.invoked_subcommand is not None:
        return
    with open_services(options.settings()) as services:
        catalog = services.catalog
        shapes = [
            CollectionShape.of(
                record,
                len(catalog.manifest(record)),
                [FailureShape.model_validate(failure) for failure in catalog.failures(record).values()],
            )
            for record in catalog.collections(DEFAULT_TENANT)
        ]
    if as_json:
        click.echo(CollectionList(collections=shapes).model_dump_json(indent=2))
        return
    for shape in shapes:
        failed = f", {len(shape.failures)} not read" if shape.failures else ""
        click.echo(f"{shape.name}  ({shape.documents} documents{failed})  {shape.embedder}")


@command.command(short_help="Forget a collection and all it holds.")
@click.argument("name")
def delete(name: str) -> None:
    """Forget a collection and all it holds: texts, index, conversations. There is no way back."""
    with open_services(options.settings()) as services:
        services.delete_collection(DEFAULT_TENANT, name)
    click.echo(f"deleted {name}")

"""``lectern documents``: what a collection holds, and the end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ingest.errors import UnknownName
from ingest.showing import shown_line
from service.commands import options
from service.commands.auditing import keep, opened
from service.commands.terminal import say, say_json
from service.http.listings import DocumentList, DocumentShape, VersionList, VersionShape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.catalog.records import VersionRecord
    from service.services import Services

_PAGE = 1_000


@click.group(invoke_without_command=True, short_help="List the documents of a collection, or delete some.")
@options.collection
@click.option("--versions", is_flag=True, help="Also the versions before: old citations name their text.")
@options.as_json
@click.pass_context
def command(context: click.Context, collection: str | None, *, versions: bool, as_json: bool) -> None:
    """List the documents of a collection, by path, and the files that could not be read."""
    if context.invoked_subcommand is not None:
        return
    settings = options.settings()
    with opened(settings, needs_index=False) as services:
        record = services.library.collection(services.settings.tenant, collection or settings.collection)
        documents = list(_all(services, record.name))
        failures = services.catalog.failures(record).values()
        if versions:
            _print_versions(_every_version(services, documents), as_json=as_json)
            return
    if as_json:
        shapes = [DocumentShape.of_version(version) for version in documents]
        say_json(DocumentList(documents=shapes, next=None).model_dump_json(indent=2))
        return
    for document in documents:
        say(f"{_line(document)}  {shown_line(document.title[:60])}")
        for warning in document.warnings:
            say(f"{'not all of it':16}  {shown_line(warning)}", fg="yellow")
    for failure in failures:
        told = shown_line(f"{failure.path}: {failure.reason}: {failure.detail}")
        say(f"{'not read':16}  {told}", fg="yellow")


@command.command(short_help="Forget documents for good.")
@click.argument("documents", nargs=-1, required=True, metavar="ID|PATH...")
@options.collection
def delete(documents: tuple[str, ...], collection: str | None) -> None:
    """Forget documents: texts, index, and the conversations that have shown them. There is no way back.

    A document is named by its id, or by the path that `lectern documents` shows. The file stays where it is:
    the next ingest of its folder reads it again, unless a rule in .lecternignore names it. A file that was
    sent goes too; one that could not be read, and that no document goes by, is named by its path.
    """
    settings = options.settings()
    name = collection or settings.collection
    with opened(settings) as services:
        tenant = services.settings.tenant
        failed = set(_failed(services, name).intersection(documents))
        chosen = [
            find_document(services, name, document) for document in documents if document not in failed
        ]  # all are there, or none goes
        for path in sorted(failed):
            services.delete_failure(tenant, name, path)
            keep(services, "delete_failure", name, "")
            say(f"deleted {path}")
        for version in {version.document: version for version in chosen}.values():
            services.delete_document(tenant, version.document)
            keep(services, "delete_document", version.collection, version.document)
            say(f"deleted {version.path}")


@command.command(short_help="Forget the text of versions that have been replaced.")
@options.collection
def purge(collection: str | None) -> None:
    """Forget the text of versions that newer ones have replaced, and the files that they were sent as.

    Old citations of them answer 410 then.

    Conversations that have shown them end. Then the index is written anew: of what was deleted before, its
    files still hold vectors and the numbers of words, though no text. It waits for that, but is searched on.
    """
    settings = options.settings()
    with opened(settings) as services:
        record = services.library.collection(services.settings.tenant, collection or settings.collection)
        numbers = services.purge(record)
    say(f"purged {len(numbers)} old versions")


def _failed(services: Services, collection: str) -> set[str]:
    """Paths of files that could not be read, and that no document goes by."""
    try:
        record = services.library.collection(services.settings.tenant, collection)
    except UnknownName:  # a document may be named by its id, wherever it is
        return set()
    documents = {version.path for version in services.catalog.ready_versions(record)}
    return services.catalog.failures(record).keys() - documents


def find_document(services: Services, collection: str, name: str) -> VersionRecord:
    """The document at this path, or of this id; raises `UnknownName`, or `Gone` of an id that was deleted."""
    try:
        return services.catalog.document_at(services.settings.tenant, collection, name).version
    except UnknownName:
        return services.catalog.document(services.settings.tenant, name).version


def _all(services: Services, collection: str) -> Iterator[VersionRecord]:
    after: str | None = None
    while True:
        page = services.catalog.documents(services.settings.tenant, collection, limit=_PAGE, after=after)
        yield from (record.version for record in page.documents)
        after = page.next
        if after is None:
            return


def _every_version(services: Services, documents: Iterable[VersionRecord]) -> list[VersionShape]:
    return [
        VersionShape.of_version(version)
        for document in documents
        for version in services.catalog.versions_of(services.settings.tenant, document.document)
    ]


def _print_versions(versions: list[VersionShape], *, as_json: bool) -> None:
    if as_json:
        say_json(VersionList(versions=versions).model_dump_json(indent=2))
        return
    for version in versions:
        when = version.created_at.astimezone().isoformat(sep=" ", timespec="minutes")
        size = f"{version.characters:,} characters"
        named = f"{version.id}  D{version.number:<5} {shown_line(version.path)}"
        say(f"{named}  version {version.version}  ({size})  {when}  {version.state}")


def _line(version: VersionRecord) -> str:
    pages = f"{version.pages} pages, " if version.pages else ""
    size = f"{pages}{version.characters:,} characters"
    return f"{version.document}  D{version.number:<5} {shown_line(version.path)}  ({size})"

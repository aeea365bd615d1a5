"""``lectern collections``: which there are, who may be shown them, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ingest.showing import shown_line
from service.commands import options
from service.commands.auditing import opened
from service.commands.documents import find_document
from service.commands.terminal import say, say_json
from service.egress_policy import ANY, EgressPolicy
from service.http.listings import CollectionList, CollectionShape, FailureShape
from service.wording import counted

if TYPE_CHECKING:
    from service.services import Services


_WORDS = {"any": "anybody", "none": "nobody"}


def _read_policy(_context: click.Context, _argument: click.Parameter, said: str | None) -> str | None:
    try:
        return None if said is None else str(EgressPolicy.parse(said))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group(
    invoke_without_command=True,
    short_help="List the collections; pin, limit egress, or delete.",
)
@options.as_json
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """List the collections, by name."""
    if context.invoked_subcommand is not None:
        return
    with opened(options.settings(), needs_index=False) as services:
        catalog = services.catalog
        shapes = [
            CollectionShape.of(
                record,
                len(catalog.manifest(record)),
                [FailureShape.model_validate(failure) for failure in catalog.failures(record).values()],
                catalog.pinned(record),
                egress=services.egress.policy(record),
            )
            for record in catalog.collections(services.settings.tenant)
        ]
    if as_json:
        say_json(CollectionList(collections=shapes).model_dump_json(indent=2))
        return
    for shape in shapes:
        failed = f", {len(shape.failures)} not read" if shape.failures else ""
        say(f"{shown_line(shape.name)}  ({counted(shape.documents, 'document')}{failed})  {shape.embedder}")
        if shape.egress != ANY:
            say(f"  egress  {shape.egress}")
        for pinned in shape.pinned:
            say(
                f"  pinned  D{pinned.number:<5} {shown_line(pinned.path)}  ({pinned.characters:,} characters)"
            )


@command.command(short_help="Forget a collection and all it holds.")
@click.argument("name")
def delete(name: str) -> None:
    """Forget a collection and all it holds: texts, index, conversations. There is no way back."""
    with opened(options.settings()) as services:
        services.delete_collection(services.settings.tenant, name)
    say(f"deleted {name}")


@command.command(short_help="Have every prompt begin with these documents.")
@click.argument("name")
@click.argument("documents", nargs=-1, required=True, metavar="ID|PATH...")
def pin(name: str, documents: tuple[str, ...]) -> None:
    """Have every prompt of a collection begin with these documents, whole, beside those pinned already.

    A document is named by its id, or by the path that `lectern documents` shows; its next versions are pinned
    like it. `lectern warm` has the provider's cache hold them before anybody asks.
    """
    with opened(options.settings(), needs_index=False) as services:
        chosen = _chosen(services, name, documents)
        _set(services, name, [*_pinned(services, name), *chosen])
        for path in chosen.values():
            say(f"pinned {path}")


@command.command(short_help="Take documents from the front of the prompts.")
@click.argument("name")
@click.argument("documents", nargs=-1, required=True, metavar="ID|PATH...")
def unpin(name: str, documents: tuple[str, ...]) -> None:
    """Take documents from the front of a collection's prompts; they are still searched and read."""
    with opened(options.settings(), needs_index=False) as services:
        chosen = _chosen(services, name, documents)
        _set(services, name, [document for document in _pinned(services, name) if document not in chosen])
        for path in chosen.values():
            say(f"unpinned {path}")


@command.command(short_help="Say who may be shown a collection's text.")
@click.argument("name")
@click.argument("recipients", required=False, metavar="any|none|NAME,NAME...", callback=_read_policy)
def egress(name: str, recipients: str | None) -> None:
    """Say who may be shown the text of a collection, and questions to it; without recipients, show who may.

    `none` is nobody: answers are extracts. A NAME is a provider's preset (zai, openrouter, vllm, …), a host
    as it stands in an address, or `local` for servers on this machine. It holds for models, rerankers,
    embeddings and tokenizers alike, from the next sending on.
    """
    with opened(options.settings(), only_looks=recipients is None, needs_index=False) as services:
        if recipients is not None:
            services.catalog.set_egress(services.settings.tenant, name, recipients)
        policy = services.egress.policy(services.library.collection(services.settings.tenant, name))
    say(f"{name} may be shown to {_WORDS.get(str(policy), str(policy))}")


def _chosen(services: Services, name: str, documents: tuple[str, ...]) -> dict[str, str]:
    """Paths by id; raises `UnknownName`, or `Gone` of an id that was deleted."""
    services.library.collection(services.settings.tenant, name)  # it is what is missing, not its documents
    found = (find_document(services, name, document) for document in documents)
    return {version.document: version.path for version in found}


def _pinned(services: Services, name: str) -> list[str]:
    record = services.library.collection(services.settings.tenant, name)
    return [version.document for version in services.catalog.pinned(record)]


def _set(services: Services, name: str, documents: list[str]) -> None:
    services.catalog.set_pinned(services.library.collection(services.settings.tenant, name), documents)

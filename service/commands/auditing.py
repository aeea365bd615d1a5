"""Commands that open the data themselves: what of them goes into the audit log.

A command that asks a running server is noted by that server.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from ingest.catalog.audit_records import AuditEntry
from service.audit import KEPT, Audit
from service.naming import id_or_nothing, name_or_nothing
from service.user import current_user
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.key_records import KeyRecord
    from service.services import Services
    from service.settings import Settings

ACTIONS: Mapping[str, str | None] = {
    "ask": "ask",
    "audit": "read_audit",
    "backup": None,  # opens no services; whoever may read the folder may copy it
    "bot slack": None,  # a client of a server
    "bot telegram": None,
    "collections": "list",
    "collections delete": "delete_collection",
    "collections egress": "change_egress",
    "collections pin": "pin",
    "collections unpin": "pin",
    "demo": None,  # its own corpus
    "doctor": None,  # figures
    "documents": "list",
    "documents delete": None,  # notes each document, see `keep`
    "documents purge": "purge",
    "eval answers": "ask",
    "eval compare": None,  # the user's own files
    "eval retrieval": None,  # in a folder of its own
    "explain": None,  # names and figures of a prompt
    "ingest": "ingest",
    "jobs": None,  # how far it is
    "jobs cancel": "cancel_job",
    "jobs retry": "ingest",
    "jobs show": None,
    "keys create": None,  # notes the key that it made, see `keep_key`
    "keys list": None,  # figures of keys
    "keys revoke": None,  # as `keys create`
    "mcp": None,  # notes each call of a tool
    "migrate": None,  # is noted where it is done
    "reindex": "reindex",
    "restore": None,  # what is restored has a log of its own
    "review": "begin_review",
    "search": "search",
    "serve": None,  # notes each request
    "usage": None,  # figures
    "warm": "warm",
}
"""By the command's words. One that is not here fails a test, and when it opens the data."""


@contextmanager
def opened(
    settings: Settings,
    *,
    collection: str | None = None,
    only_looks: bool = False,
    needs_index: bool = True,
) -> Generator[Services]:
    """The services for the command that runs; how it ends is noted.

    Args:
        settings: the command's.
        collection: which one it is about, where its parameters do not say so.
        only_looks: it changes nothing this time.
        needs_index: whether it is sure to ask the index, or to write to it; see `open_services`.
    """
    context = click.get_current_context(silent=True)
    with open_services(settings, needs_index=needs_index) as services:
        action = None if context is None else ACTIONS[path_of(context)]
        if context is None or action is None:
            yield services
            return
        about = collection or context.params.get("collection") or context.params.get("name")
        entry = AuditEntry(
            settings.tenant,
            "",
            "list" if only_looks else action,
            name_or_nothing(about or settings.collection),
            id_or_nothing(context.params.get("identity") or context.params.get("session")),
            peer=current_user(),
        )
        try:
            yield services
        except GeneratorExit:  # whoever reads an answer's events has read the last one
            services.audit.note(entry)
            raise
        except BaseException as error:
            services.audit.note(replace(entry, outcome=type(error).__name__))
            raise
        if entry.action in KEPT:
            services.audit.keep(entry)
        else:
            services.audit.note(entry)


def keep(services: Services, action: str, collection: str, subject: str) -> None:
    """Note one of several things that a command does, before it tells of it."""
    entry = AuditEntry(services.settings.tenant, "", action, collection, subject, peer=current_user())
    services.audit.keep(entry)


def keep_key(catalog: Catalog, settings: Settings, action: str, key: KeyRecord) -> None:
    """Note that a key was made or revoked, before that is told."""
    audit = Audit(catalog, days=settings.audit_days)
    try:
        audit.keep(AuditEntry(key.tenant, "", action, "", key.id, peer=current_user()))
    finally:
        audit.close()


def path_of(context: click.Context) -> str:
    """The words of a command behind the program's name."""
    above = context.parent
    if above is None:
        return ""
    return f"{path_of(above)} {context.info_name}".strip()

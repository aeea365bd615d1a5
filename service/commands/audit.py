"""``lectern audit``: who read, asked, changed and deleted what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ingest.showing import shown_line
from service.commands import options
from service.commands.auditing import opened
from service.commands.terminal import say, say_json
from service.http.audit_shapes import AuditList, AuditRequest

if TYPE_CHECKING:
    from service.http.audit_shapes import AuditShape


@click.command(short_help="Show who read, asked, changed and deleted what.")
@click.option("--since", metavar="TIME", help="With its zone, such as 2026-05-04T00:00:00Z.")
@click.option("--action", metavar="NAME", help="Only this: ask, read_text, delete_document, …")
@click.option("--collection", "-c", metavar="NAME", help="Of this collection alone.")
@click.option("--key", metavar="LABEL", help="Of this access key alone.")
@click.option("--before", type=int, metavar="NUMBER", help="Older than the entry of this number.")
@click.option("--limit", "-n", type=int, default=100, show_default=True, help="Entries, the newest first.")
@options.as_json
def command(
    *,
    since: str | None,
    action: str | None,
    collection: str | None,
    key: str | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the audit log, the newest entry first: ids and names, never text, questions or keys.

    It holds what came over HTTP, from agents and bots too, and what commands did with the data themselves.
    """
    wanted = {"since": since, "action": action, "collection": collection, "key": key, "before": before}
    request = options.body(AuditRequest, **wanted, limit=limit)
    with opened(options.settings(), needs_index=False) as services:
        found = AuditList.of(
            services.audit.entries(services.settings.tenant, request.to_wanted()), request.limit
        )
    if as_json:
        say_json(found.model_dump_json(indent=2))
        return
    for entry in found.entries:
        say(_line(entry))
    if found.next is not None:
        say(f"older ones: --before {found.next}", dim=True)


def _line(entry: AuditShape) -> str:
    when = entry.at.astimezone().isoformat(sep=" ", timespec="seconds")
    who = _shown(entry.key, entry.peer) or "-"
    what = _shown(entry.collection, entry.subject)
    return (
        f"{entry.number:>8}  {when}  {who:24}  {_shown(entry.action):18}  {_shown(entry.outcome):8}  {what}"
    )


def _shown(*names: str) -> str:
    """Names on one line without what could pass for columns or an entry of its own."""
    return " ".join(" ".join(shown_line(name).split()) for name in names if name)

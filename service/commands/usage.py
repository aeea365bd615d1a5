"""``lectern usage``: what calls of models took, and the prices that they are charged by."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ingest.catalog.call_records import USAGE_KEYS
from service.commands import options
from service.commands.auditing import opened
from service.commands.charts import print_usage
from service.commands.terminal import say, say_json
from service.http.requests import UsageRequest
from service.http.usage_shapes import UsageList
from service.models.assembling import prices_of, provider_of
from service.models.prices import as_of, in_force

if TYPE_CHECKING:
    from ingest.catalog.call_records import UsageKey
    from service.settings import Settings


@click.command(short_help="Show what answers took: tokens, the cache's share, dollars.")
@click.option(
    "--by", type=click.Choice(USAGE_KEYS), default="day", show_default=True, help="What a line is for."
)
@click.option("--since", "--from", "since", metavar="DATE", help="The first day, such as 2026-05-04 (UTC).")
@click.option("--until", "--to", "until", metavar="DATE", help="The last day.")
@click.option("--collection", "-c", metavar="NAME", help="Of this collection alone.")
@click.option("--model", metavar="NAME", help="Of this model alone.")
@click.option("--key", metavar="LABEL", help="Of this access key alone.")
@click.option("--prices", is_flag=True, help="Instead: the prices in force, dollars per million tokens.")
@options.as_json
def command(
    *,
    by: UsageKey,
    since: str | None,
    until: str | None,
    collection: str | None,
    model: str | None,
    key: str | None,
    prices: bool,
    as_json: bool,
) -> None:
    """Show what calls of models took: tokens read fresh and from the cache, dollars; by day or by name."""
    settings = options.settings()
    if prices:
        _print_prices(settings, as_json=as_json)
        return
    wanted = {"from": since, "to": until, "collection": collection, "model": model, "key": key, "by": by}
    request = options.body(UsageRequest, **wanted)
    with opened(settings, needs_index=False) as services:
        found = UsageList.of(by, services.ledger.usage(settings.tenant, request.to_wanted()))
    if as_json:
        say_json(found.model_dump_json(indent=2))
    else:
        print_usage(found)


def _print_prices(settings: Settings, *, as_json: bool) -> None:
    provider = provider_of(settings)
    table = in_force(provider, prices_of(settings))
    if as_json:
        rows = [{"model": row.model, **asdict(row.price), "source": row.source} for row in table]
        say_json(json.dumps({"provider": provider.name, "as_of": as_of(), "prices": rows}, indent=2))
        return
    say(f"dollars per million tokens at {provider.name}; the list is of {as_of()}\n")
    say(f"{'model':28}  {'input':>8}  {'cached':>8}  {'output':>8}")
    for row in table:
        figures = "  ".join(f"{figure:8.3f}" for figure in asdict(row.price).values())
        say(f"{row.model:28}  {figures}{'  (settings)' if row.source == 'settings' else ''}")
    say(f"all others: {'free, the server is your own' if provider.own else 'unknown'}", dim=True)

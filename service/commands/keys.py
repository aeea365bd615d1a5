"""``lectern keys``: who may come in."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ingest.catalog.key_records import PERMISSIONS
from ingest.showing import shown_line
from service.access.keys import make_key
from service.commands import options
from service.commands.auditing import keep_key
from service.commands.terminal import say, say_json
from service.http.key_shapes import KeyList, KeyRequest, KeyShape, NewKeyShape
from service.wiring import open_catalog_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.key_records import Permission
    from service.settings import Settings

_SPAN = re.compile(r"(\d{1,6})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_tenant = click.option("--tenant", metavar="NAME", help="Whose; by default the settings'.")


@click.group(short_help="Make, list and revoke access keys.")
def command() -> None:
    """Make, list and revoke the access keys of a server over this data folder, whether it runs or not."""


def _moment(_context: click.Context, _option: click.Parameter, said: str | None) -> datetime | None:
    """``90d``, ``12h``, a day, or a day with its time; what names no zone is UTC."""
    if said is None:
        return None
    span = _SPAN.fullmatch(said)
    if span is not None:
        return datetime.now(UTC) + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise click.BadParameter("must be a span such as 90d or 12h, or a day such as 2027-01-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@command.command(short_help="Make a key; it is shown once.")
@click.argument("name")
@_tenant
@click.option(
    "--permission",
    "-p",
    "permissions",
    type=click.Choice(PERMISSIONS),
    multiple=True,
    help="What it allows; repeatable, by default read.",
)
@click.option(
    "--collection", "-c", "collections", multiple=True, metavar="NAME", help="Only this; repeatable."
)
@click.option("--expires", metavar="SPAN|DATE", callback=_moment, help="90d, 12h, or 2027-01-31, in UTC.")
@click.option("--requests-per-minute", type=click.IntRange(1), help="That it may make.")
@click.option("--concurrent", type=click.IntRange(1), help="Requests that it may make at a time.")
@click.option("--usd-per-day", type=click.FloatRange(0), help="Dollars that models may cost it, by UTC.")
@options.as_json
def create(
    *,
    name: str,
    tenant: str | None,
    permissions: tuple[Permission, ...],
    collections: tuple[str, ...],
    expires: datetime | None,
    requests_per_minute: int | None,
    concurrent: int | None,
    usd_per_day: float | None,
    as_json: bool,
) -> None:
    """Make a key for NAME, who or what it is for. The key alone is printed, once: it is kept as a digest.

    With the first key, a server over this data folder asks everybody for one. A tenant needs no making: it
    is there with its first key.
    """
    asked = options.body(
        KeyRequest,
        name=name,
        permissions=list(permissions or ("read",)),
        collections=list(collections) or None,
        expires_at=expires,
        requests_per_minute=requests_per_minute,
        concurrent_requests=concurrent,
        usd_per_day=usd_per_day,
    )
    with _catalog() as (catalog, settings):
        key, record = make_key(
            catalog,
            tenant or settings.tenant,
            asked.name,
            permissions=asked.permissions,
            collections=asked.collections,
            limits=asked.limits,
            expires_at=asked.expires_at,
        )
        keep_key(catalog, settings, "make_key", record)
    if as_json:
        say_json(NewKeyShape.made(key, record).model_dump_json(indent=2))
        return
    say(f"{record.id} of tenant {record.tenant}: {_words(KeyShape.of(record))}", err=True)
    say(key)


@command.command("list", short_help="List the keys, without what opens anything.")
@_tenant
@click.option("--all", "everybody", is_flag=True, help="Of all tenants.")
@options.as_json
def list_keys(tenant: str | None, *, everybody: bool, as_json: bool) -> None:
    """List the keys, the newest first, with those that open nothing any more."""
    with _catalog() as (catalog, settings):
        found = catalog.access_keys(None if everybody else tenant or settings.tenant)
    shapes = [KeyShape.of(key) for key in found]
    if as_json:
        say_json(KeyList(keys=shapes).model_dump_json(indent=2))
        return
    for shape in shapes:
        say(f"{shape.id}  {shape.tenant}  {shown_line(shape.name)}: {_words(shape)}")


@command.command(short_help="Revoke a key: it opens nothing any more.")
@click.argument("identity", metavar="ID")
@_tenant
@options.as_json
def revoke(identity: str, tenant: str | None, *, as_json: bool) -> None:
    """Revoke the key of this public id, the 12 characters after `lectern_`. There is no way back.

    Whoever may read the data folder may revoke any tenant's; with --tenant, that tenant's alone.
    """
    with _catalog() as (catalog, settings):
        found = catalog.access_key(identity)
        if found is not None and tenant is not None and found.tenant != tenant:
            raise click.UsageError(f"key {identity} is of tenant {found.tenant}: add --tenant {found.tenant}")
        record = catalog.revoke_key(found.tenant if found else tenant or settings.tenant, identity)
        keep_key(catalog, settings, "revoke_key", record)
    shape = KeyShape.of(record)
    if as_json:
        say_json(shape.model_dump_json(indent=2))
    else:
        say(f"revoked {shape.id}")


@contextmanager
def _catalog() -> Generator[tuple[Catalog, Settings]]:
    """The catalog alone, which a running server may have open too."""
    settings = options.settings()
    with open_catalog_of(settings) as catalog:
        yield catalog, settings


def _words(key: KeyShape) -> str:
    """What it allows, in a line."""
    limits = (
        (
            "request a minute" if key.requests_per_minute == 1 else "requests a minute",
            key.requests_per_minute,
        ),
        ("at a time", key.concurrent_requests),
        ("dollars a day", key.usd_per_day),
    )
    said = [
        ", ".join(key.permissions),
        "in "
        + (shown_line(", ".join(key.collections)) if key.collections is not None else "all collections"),
        *(f"{most:g} {what}" for what, most in limits if most is not None),
    ]
    if key.revoked_at is not None:
        said.append(f"revoked {key.revoked_at:%Y-%m-%d %H:%M}")
    elif key.expires_at is not None:
        said.append(f"{'ends' if key.live else 'ended'} {key.expires_at:%Y-%m-%d %H:%M}")
    said.append(f"seen {key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never seen")
    return "; ".join(said)

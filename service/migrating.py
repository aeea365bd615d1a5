"""``lectern migrate``: the index from the data folder to a Qdrant server, back, or into another layout."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.catalog.audit_records import AuditEntry
from ingest.errors import PermanentError
from ingest.migrating import Migration
from ingest.store.identity import scope_id
from ingest.store.layout import AS_IT_IS, ServerAddress
from ingest.store.retrying import Patience, Retrying
from service.audit import Audit
from service.edge_index import FACTORY
from service.index_process.client import RemoteIndex
from service.ingest_lock import holding, writing
from service.qdrant_layout import layout_of, qdrant_key
from service.user import current_user
from service.wiring import open_catalog_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.migrating import MigrationProgress, MigrationReport
    from ingest.store.comparing import PointHolder
    from ingest.store.layout import Layout
    from service.settings import Settings

EMBEDDED = "embedded"
"""The index in the data folder; other places are URLs of Qdrant servers."""
PATIENCE_SECONDS = 120.0
"""That a server may be away in the middle."""


class WrongPlaces(PermanentError):
    """There is nothing to copy between these two."""


def migrate(
    settings: Settings,
    source: str,
    target: str,
    *,
    key: str | None = None,
    on_progress: Callable[[MigrationProgress], None],
) -> MigrationReport:
    """Copy the index of all tenants from one place to another, each `EMBEDDED` or a server's URL.

    ``key`` opens the server that the settings do not name. Nothing changes where it is copied from, but that
    a Qdrant collection is made there if there is none.

    Raises:
        WrongPlaces: they are one, or the server that it is copied to holds what another catalog knows.
        IngestRunning: somebody writes to the index.
        IndexUnavailable: a place does not answer; what was copied stays, and the next run goes on.
        UnsupportedStore: a server is too old, or refuses the key.
    """
    if source.rstrip("/") == target.rstrip("/"):
        raise WrongPlaces(f"the index is to be copied from {source} to {target}: name two places")
    with _at_work(settings, target) as catalog:
        length = _first_length(catalog)
        if target != EMBEDDED:
            _require_no_strangers(_address(settings, target, key), catalog)
        with (
            _open(settings, source, key, length, AS_IT_IS) as ours,
            _open(settings, target, key, length, layout_of(settings)) as theirs,
        ):
            migration = Migration(catalog, ours, theirs, on_progress=on_progress)
            migration.copy()
            return migration.settle()


def rebuild(settings: Settings, *, on_progress: Callable[[MigrationProgress], None]) -> MigrationReport:
    """Copy what the Qdrant server holds into new Qdrant collections, laid out as the settings ask; swap.

    Searches use the old ones until the last moment.

    Raises:
        WrongPlaces: the settings name no server, or it holds what another catalog knows.
        IngestRunning, IndexUnavailable, UnsupportedStore: as `migrate`.
    """
    # A CPU second that --help saves.
    from ingest.store.server_names import connect_all, rebuilding  # noqa: PLC0415

    if settings.qdrant_url is None:
        raise WrongPlaces("an embedded index has no layout to be changed: set LECTERN_QDRANT_URL")
    address = _address(settings, settings.qdrant_url, None)
    with _at_work(settings, settings.qdrant_url) as catalog:
        length = _first_length(catalog)
        _require_no_strangers(address, catalog)
        with rebuilding(address, layout=layout_of(settings)) as fresh:
            serving = connect_all(address, dimensions=length)
            try:
                migration = Migration(catalog, serving, fresh.stores, on_progress=on_progress)
                migration.copy()
                migration.settle()
            finally:
                serving.close()
            fresh.swap()
            return migration.settle()  # what was deleted until the swap was deleted in the old ones


@contextmanager
def _at_work(settings: Settings, target: str) -> Generator[Catalog]:
    """The catalog, with nobody ingesting; how it ends is noted in the audit log.

    A collection that another server begins meanwhile is not held: the next run copies it.
    """
    work = "migration of the index"
    with open_catalog_of(settings) as catalog, holding(settings.data, work), ExitStack() as held:
        for collection in _collections(catalog):
            held.enter_context(writing(catalog, collection.tenant, collection.name, work))
        audit = Audit(catalog, days=settings.audit_days)
        outcome = "interrupted"
        try:
            yield catalog
            outcome = "ok"
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            subject = urlsplit(target).hostname or target
            made = AuditEntry(settings.tenant, "", "migrate", "", subject, outcome, peer=current_user())
            audit.note(made)
            audit.close()


@contextmanager
def _open(
    settings: Settings, place: str, key: str | None, length: int, layout: Layout
) -> Generator[PointHolder]:
    if place == EMBEDDED:
        with RemoteIndex(settings.data, FACTORY) as index:
            yield index
        return
    # A CPU second that --help saves.
    from ingest.store.server_names import connect_all, differences  # noqa: PLC0415

    address = _address(settings, place, key)
    differences(replace(address, retrying=None), layout)  # one that is away now is told of soon
    store = connect_all(address, dimensions=length, layout=layout)
    try:
        yield store
    finally:
        store.close()


def _address(settings: Settings, url: str, key: str | None) -> ServerAddress:
    """Each server gets its own key: that of the settings is for the one that they name, or will name."""
    named = settings.qdrant_url is None or settings.qdrant_url.rstrip("/") == url.rstrip("/")
    patience = Patience(reading=PATIENCE_SECONDS, writing=PATIENCE_SECONDS)
    return ServerAddress(url, key or (qdrant_key(settings) if named else None), Retrying(patience))


def _require_no_strangers(address: ServerAddress, catalog: Catalog) -> None:
    """A server belongs to one catalog: what it holds of another one would be lost, now or later."""
    # A CPU second that --help saves.
    from ingest.store.server_names import scopes_held  # noqa: PLC0415

    if others := scopes_held(replace(address, retrying=None)) - _known_scopes(catalog):
        raise WrongPlaces(
            f"the Qdrant server holds points in {len(others):,} places that this catalog does not know, "
            "and that would be lost: they are of another catalog"
        )


def _known_scopes(catalog: Catalog) -> set[str]:
    """Ids of what collections have, or had, points under: of every generation, deleted ones too."""
    known: set[str] = set()
    for collection in (*_collections(catalog), *catalog.buried_collections()):
        for generation in range(1, max(scope.generation for scope in collection.scopes) + 1):
            scope = replace(collection.scope, generation=generation)
            known |= {str(scope_id(scope)), str(scope_id(scope.openings))}
    return known


def _collections(catalog: Catalog) -> list[CollectionRecord]:
    """Of all tenants."""
    return [found for tenant in catalog.tenants() for found in catalog.collections(tenant)]


def _first_length(catalog: Catalog) -> int:
    """Of the vectors that the first Qdrant collection is made for."""
    lengths = [found.dimensions for tenant in catalog.tenants() for found in catalog.collections(tenant)]
    if not lengths:
        raise WrongPlaces("the catalog knows no collections: there is nothing to copy")
    return lengths[0]

"""The servers over one database: which are there, and which of them does what one must do for all.

Each shows that it lives by a lease of its own. One of them holds the lease of maintenance and drops what is
too old; where it dies, another takes that over.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.catalog.lease_records import LeaseName
from ingest.errors import LecternError
from service.access.shared_limits import WINDOW
from service.jobs.owner import described, machine_label, this_process
from service.jobs.worker import prune
from service.leasing import RENEWED_SECONDS, give_back, is_gone

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.lease_records import LeaseRecord
    from service.services import Services

MAINTENANCE = LeaseName("maintenance")
_ID_BYTES = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What servers over one database must have in common to answer alike."""

    index: str
    """Address of the Qdrant server; ``embedded in`` a folder that only this data folder is."""
    sent: str
    """Name of the folder of sent files."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is there."""

    name: str
    """``process 71 on web-1``."""
    means: Means


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is to be done now and then, by one of them."""

    name: str
    every: timedelta
    work: Callable[[], object]


def means_of(services: Services) -> Means:
    """What this server works with."""
    settings = services.settings
    embedded = f"embedded in {settings.data} on {machine_label()}"
    return Means(settings.qdrant_url or embedded, services.originals.place)


def others_unlike(services: Services) -> list[Server]:
    """Live servers over the same database that search another index: the answers differ by who is asked."""
    mine = means_of(services)
    return [server for server in live_servers(services.catalog) if server.means.index != mine.index]


def chores_of(services: Services) -> list[Chore]:
    """What must be dropped once it is too old."""
    catalog = services.catalog
    return [
        Chore("counters", timedelta(minutes=1), lambda: catalog.forget_counted(WINDOW)),
        Chore("jobs", timedelta(hours=1), lambda: prune(services)),
        Chore("ledger", timedelta(days=1), services.ledger.prune),
        Chore("audit log", timedelta(days=1), services.audit.prune),
    ]


def live_servers(catalog: Catalog) -> list[Server]:
    """Those that give signs of life."""
    held, now = catalog.leases("server")
    return [_server(lease) for lease in held if not is_gone(lease, now)]


class Replica:
    """This server among the others, from `start` to `stop`.

    Args:
        catalog: is shared by them.
        means: what it works with.
        chores: what is done by the one that maintains.
        seconds: between two looks.
    """

    def __init__(
        self, catalog: Catalog, means: Means, chores: list[Chore], *, seconds: float = RENEWED_SECONDS
    ) -> None:
        self._catalog = catalog
        self._means = means
        self._chores = chores
        self._seconds = seconds
        self._owner = this_process()
        self._name = LeaseName("server", subject=secrets.token_hex(_ID_BYTES))
        self._presence: LeaseRecord | None = None
        self._leading: LeaseRecord | None = None
        self._done: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="lectern-replica", daemon=True)

    @property
    def leads(self) -> bool:
        """Whether it maintains for all."""
        return self._leading is not None

    def start(self) -> None:
        """Show that it is there."""
        self._thread.start()

    def stop(self) -> None:
        """Leave, so that another one takes over at once."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        for lease in (self._leading, self._presence):
            if lease is not None:
                give_back(self._catalog, lease)
        self._leading = self._presence = None

    def look(self) -> None:
        """Give signs of life, take over where nobody maintains, and do what is due."""
        self._presence = self._held(self._presence, self._name, json.dumps(_told(self._means)))
        self._leading = self._held(self._leading, MAINTENANCE, "maintenance")
        if self._leading is not None:
            self._maintain()

    def _live(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except LecternError as error:
                _log.warning("this server cannot show that it lives: %s", error)
            except Exception:  # noqa: BLE001 — an edge: a thread that ends would leave nobody to maintain
                _log.exception("maintenance met an error")
            self._over.wait(self._seconds)

    def _held(self, lease: LeaseRecord | None, name: LeaseName, work: str) -> LeaseRecord | None:
        if lease is not None and self._catalog.renew_lease(lease):
            return lease
        taken, is_mine = self._catalog.take_lease(name, self._owner, work, is_gone=is_gone)
        return taken if is_mine else None

    def _maintain(self) -> None:
        servers, now = self._catalog.leases("server")
        for lease in servers:
            if lease.name != self._name and is_gone(lease, now):
                self._catalog.give_back_lease(lease)
        for chore in self._chores:
            last = self._done.get(chore.name)
            if last is None or time.monotonic() - last >= chore.every.total_seconds():
                self._done[chore.name] = time.monotonic()
                chore.work()


def _told(means: Means) -> dict[str, str]:
    return {"index": means.index, "sent": means.sent}


def _server(lease: LeaseRecord) -> Server:
    told = json.loads(lease.work)
    return Server(described(lease.owner), Means(str(told["index"]), str(told["sent"])))

"""Holding a lease of the database: taken once its holder is gone, renewed by a thread, given back."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from service.jobs.owner import has_died, this_process

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.lease_records import LeaseName, LeaseRecord

RENEWED_SECONDS = 5.0
"""Between two signs of life; see `service.jobs.owner.SILENCE`."""
_log = logging.getLogger(__name__)


class Held(Exception):
    """Somebody else holds the lease."""

    def __init__(self, lease: LeaseRecord) -> None:
        super().__init__(lease.work)
        self.lease = lease


def is_gone(lease: LeaseRecord, now: datetime) -> bool:
    """Whether the process that holds a lease has died, or is silent for too long on another machine."""
    return has_died(lease.owner, lease.heartbeat, now)


@contextmanager
def holding_lease(catalog: Catalog, name: LeaseName, work: str) -> Generator[LeaseRecord]:
    """Hold a lease for as long as the block runs; ``work`` says what for.

    Raises:
        Held: somebody else holds it.
        CatalogUnavailable: the database does not answer.
    """
    lease, taken = catalog.take_lease(name, this_process(), work, is_gone=is_gone)
    if not taken:
        raise Held(lease)
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(catalog, lease, over), daemon=True, name="lectern-lease")
    renewing.start()
    try:
        yield lease
    finally:
        over.set()
        renewing.join()
        give_back(catalog, lease)


def give_back(catalog: Catalog, lease: LeaseRecord) -> None:
    """Let others have it at once; while the database does not answer, they wait for its silence."""
    try:
        catalog.give_back_lease(lease)
    except LecternError as error:
        _log.warning("a lease was not given back: %s", error)


def forget_dead_leases(catalog: Catalog) -> None:
    """Let go of collections whose writer is gone."""
    held, now = catalog.leases("ingest")
    for lease in held:
        if is_gone(lease, now):
            catalog.give_back_lease(lease)


def _renew(catalog: Catalog, lease: LeaseRecord, over: threading.Event) -> None:
    while not over.wait(RENEWED_SECONDS):
        try:
            if not catalog.renew_lease(lease):
                return  # what writes by it will be told
        except LecternError as error:
            _log.warning("a lease was not renewed: %s", error)

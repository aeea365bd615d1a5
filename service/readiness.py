"""Whether a server can do its work: quick checks beside each other, safe to be asked for by anybody.

What they say names no tenant, no collection and no place: the log and ``lectern doctor`` do. However many
ask, each check runs once a second at most.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ingest.errors import CatalogUnavailable, UnsupportedStore
from ingest.model import Scope
from service.replicas import others_unlike

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.services import Services

SECONDS = 0.8
"""All checks together; what has not answered by then does not answer."""
KEPT_SECONDS = 1.0
LEAST_FREE = 2**27
"""Bytes. Below, the catalog can hardly be written."""
MOST_WAITING = 100
"""Calls of models that may wait to be written."""
SILENT = timedelta(minutes=5)
"""A job that runs gives a sign of life every few seconds."""
_NOBODY = Scope("", "")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and what to do about it."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that should hold; ``look`` tells what does not."""

    name: str
    look: Callable[[], Trouble | None]
    vital: bool = True
    """Whether nothing can be answered without it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What all checks have found; ``troubles`` by the name of their check."""

    status: Literal["ok", "degraded", "failing"]
    checks: tuple[str, ...]
    troubles: Mapping[str, Trouble]


class Readiness:
    """Runs checks in threads of their own; one that hangs holds up neither the others nor the end."""

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        seconds: float = SECONDS,
        kept: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = tuple(checks)
        self._seconds = seconds
        self._kept = kept
        self._clock = clock
        self._running: dict[str, Future[Trouble | None]] = {}
        self._asking = threading.Lock()
        self._known: tuple[float, Standing] | None = None

    def standing(self) -> Standing:
        """As it is now, or was a moment ago; takes no longer than the checks together may."""
        with self._asking:
            if self._known is None or self._clock() - self._known[0] >= self._kept:
                found = self._look()
                self._known = (self._clock(), found)
            return self._known[1]

    def _look(self) -> Standing:
        for check in self._checks:
            if check.name not in self._running:  # else it hangs since the last time: one thread is enough
                self._running[check.name] = _begun(check)
        wait(self._running.values(), timeout=self._seconds)
        troubles = {check.name: self._result(check) for check in self._checks}
        wrong = {name: trouble for name, trouble in troubles.items() if trouble is not None}
        vital = any(check.vital for check in self._checks if check.name in wrong)
        status = "failing" if vital else "degraded" if wrong else "ok"
        return Standing(status, tuple(check.name for check in self._checks), wrong)

    def _result(self, check: Check) -> Trouble | None:
        running = self._running[check.name]
        if not running.done():
            return Trouble(f"no answer within {self._seconds:g} s", "see the log, and lectern doctor")
        del self._running[check.name]
        error = running.exception()
        if error is None:
            return running.result()
        _log.warning("the check of %s failed: %s", check.name, error)
        said = str(error) if isinstance(error, CatalogUnavailable) else f"failed with {type(error).__name__}"
        return Trouble(said, "see the log, and lectern doctor")


def _begun(check: Check) -> Future[Trouble | None]:
    found: Future[Trouble | None] = Future()

    def run() -> None:
        try:
            found.set_result(check.look())
        except Exception as error:  # noqa: BLE001 — whatever it is, it is what the check has found
            found.set_exception(error)

    threading.Thread(target=run, name=f"lectern-ready-{check.name}", daemon=True).start()
    return found


def checks_of(services: Services, leaving: Callable[[], bool], working: Callable[[], bool]) -> list[Check]:
    """What must hold of a server; ``leaving`` says that it ends, ``working`` that jobs can run."""
    shared = [Check("servers", lambda: _servers(services), vital=False)] if services.catalog.is_shared else []
    return [
        Check("server", lambda: _staying(leaving())),
        Check("catalog", lambda: _catalog(services)),
        Check("index", lambda: _index(services)),
        Check("disk", lambda: _disk(services)),
        Check("embedder", lambda: _embedder(services), vital=False),
        Check("model", lambda: _model(services), vital=False),
        Check("ledger", lambda: _ledger(services), vital=False),
        Check("jobs", lambda: _jobs(services, working=working()), vital=False),
        *shared,
    ]


def _staying(leaving: bool) -> Trouble | None:
    return Trouble("is about to end", "send requests to another one") if leaving else None


def _catalog(services: Services) -> Trouble | None:
    try:
        services.catalog.check()
    except UnsupportedStore:  # whose message may name the place
        said = "its tables are not those that this version knows"
        return Trouble(said, "run the same version everywhere, and restart this one")
    return None


def _index(services: Services) -> Trouble | None:
    services.index.counts(_NOBODY)
    return None


def _disk(services: Services) -> Trouble | None:
    free = shutil.disk_usage(services.settings.data).free
    if free >= LEAST_FREE:
        return None
    return Trouble(f"{free / 2**20:,.0f} MiB free", "make room where the data folder lies")


def _embedder(services: Services) -> Trouble | None:
    if set(services.catalog.embedders()) <= {services.embedder.identity}:
        return None
    return Trouble(
        "some collections have vectors of another embedder than the settings ask for",
        "lectern doctor names them; lectern reindex makes their vectors anew",
    )


def _model(services: Services) -> Trouble | None:
    failing = [provider for provider, is_open in services.observer.circuits.items() if is_open()]
    if not failing:
        return None
    return Trouble(f"{', '.join(failing)} keeps failing", "it is asked again by itself; see its status page")


def _ledger(services: Services) -> Trouble | None:
    if services.ledger.waiting <= MOST_WAITING:
        return None
    return Trouble("calls of models wait to be written", "see the log for what the database says")


def _servers(services: Services) -> Trouble | None:
    if not others_unlike(services):
        return None
    said = "another server over the same database searches another index"
    return Trouble(said, "give all of them the same LECTERN_QDRANT_URL; lectern doctor names them")


def _jobs(services: Services, *, working: bool) -> Trouble | None:
    if not working:
        return Trouble("the thread that runs jobs has ended", "restart the server; its jobs go on")
    silent = services.catalog.silent_jobs(datetime.now(UTC) - SILENT)
    if not silent:
        return None
    return Trouble("a job gives no sign of life", "lectern jobs lists it, and can cancel it")

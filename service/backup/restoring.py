"""``lectern restore``: a data folder made from a backup, whole or not at all."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.repairing import Repairer
from service.backup.manifest import FolderInUse
from service.backup.placing import ARRIVING, WHOLE, finish, held
from service.backup.reading import extract
from service.diagnosis import check_catalog, check_collections
from service.index_process.address import Place
from service.index_process.starting import connect
from service.ingest_lock import holding
from service.running import find_server
from service.wiring import make_folder, open_services

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from service.backup.manifest import Manifest
    from service.diagnosis import Finding, State
    from service.settings import Settings

_LONGER_THAN_ITS_GRACE = 1.5
_PATIENCE_SECONDS = 6.0
"""For the index process of a command that has just ended."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A data folder that has been made from a backup."""

    data: str
    created_at: str
    """Of the backup."""
    files: int
    content_bytes: int
    seconds: float
    repaired: tuple[str, ...]
    """What of the index was made anew from the catalog."""
    wrong: tuple[str, ...]
    """What is not right yet, such as vectors of an embedder that the settings do not ask for."""
    left_out: tuple[str, ...]


def restore(settings: Settings, file: Path, *, force: bool, patience: float = _PATIENCE_SECONDS) -> Restored:
    """Unpack a backup, hold every file against its manifest, and only then put it into the data folder.

    With ``force`` it takes the place of what is there. Killed before that it changes nothing, killed after it
    the next command finishes it. ``patience`` is how many seconds an index process may take to end.

    Raises:
        UnusableBackup: it is damaged, or of a newer Lectern.
        FolderInUse: the folder holds data and there is no ``force``, or a process works in it.
    """
    started = time.monotonic()
    data = settings.data
    make_folder(data)
    finish(data)
    if not force and (there := held(data)):
        raise FolderInUse(f"{data} holds {there[0].name}: restore into an empty folder, or with --force")
    with _alone(data, patience):
        manifest = _unpack(file, data)
        finish(data)
    repaired, wrong = _mend(settings, manifest)
    return Restored(
        str(data),
        manifest.created_at,
        len(manifest.files),
        sum(member.size for member in manifest.files),
        round(time.monotonic() - started, 3),
        repaired,
        wrong,
        manifest.left_out,
    )


@contextmanager
def _alone(data: Path, patience: float) -> Generator[None]:
    """Nobody serves, ingests or searches here for as long as the block runs; raises `FolderInUse`."""
    if find_server(data) is not None:
        raise FolderInUse(f"a server runs over {data}: end it first")
    place = Place(data)
    with holding(data, "restore"):
        deadline = time.monotonic() + patience
        while _answers(place) and time.monotonic() < deadline:
            time.sleep(_LONGER_THAN_ITS_GRACE)
        with _no_index_process(place, patience):
            yield


@contextmanager
def _no_index_process(place: Place, patience: float) -> Generator[None]:
    """None runs, and none starts as long as the block runs; raises `FolderInUse`."""
    in_use = FolderInUse(f"a process searches in {place.data}: end it first")
    lock = FileLock(place.lock)
    try:
        lock.acquire(timeout=patience)
    except Timeout:  # somebody starts one, or one is about to end
        raise in_use from None
    try:
        if _answers(place):
            raise in_use
        yield
    finally:
        lock.release()


def _answers(place: Place) -> bool:
    """Whether an index process is there; the look keeps it alive for another second."""
    connection = connect(place.read())
    if connection is not None:
        connection.close()
    return connection is not None


def _unpack(file: Path, data: Path) -> Manifest:
    arriving = data / ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(mode=0o700)
    try:
        manifest = extract(file, arriving)
        if hasattr(os, "sync"):
            os.sync()  # all of it is on the disk before anything gives way
        arriving.rename(data / WHOLE)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    return manifest


def _mend(settings: Settings, manifest: Manifest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Let the index agree with the catalog: it was copied as a loss of power would have left it."""
    with open_services(settings) as services:
        if manifest.schema:
            services.catalog.disown()
        repairer = Repairer(services.catalog, services.index, services.embedder)
        findings = [check_catalog(services), *check_collections(services, repairer)]
    return _told(findings, "repaired"), _told(findings, "wrong")


def _told(findings: list[Finding], state: State) -> tuple[str, ...]:
    return tuple(f"{found.check}: {found.detail}" for found in findings if found.state == state)

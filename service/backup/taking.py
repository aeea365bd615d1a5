"""``lectern backup``: one file that holds a data folder as it was at one moment, taken while it serves.

The moment is a frozen one: files that were sent are neither kept nor deleted, the index is not written, and
the catalog is read in one transaction. What is in the archive is what a loss of power would have left then.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from secrets import token_hex
from typing import TYPE_CHECKING

from ingest.catalog.copying import copy_sqlite, revision_of
from service.backup.copying import copy_file, link_folder
from service.backup.manifest import NAME, Manifest, Member, UnusableBackup
from service.backup.placing import finish
from service.edge_index import FACTORY
from service.index_process.client import RemoteIndex
from service.jobs.originals import Originals, sync_folder
from service.jobs.owner import label, label_lives

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings

STAGING = ".backup-"
"""Begins the name of a folder in which a backup is made, beside what it copies."""
_CATALOG = "catalog.sqlite"
_BOTS = "bots.sqlite"
_PLAIN = ("tokens.json", "place")
_SENT = ("kept", "waiting")
_PIECE = 2**20
_LEVEL = 1  # of gzip: the catalog's texts are compressed already


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that has been made."""

    file: str
    bytes: int
    """Of the archive."""
    files: int
    content_bytes: int
    """Of all files in it."""
    frozen_seconds: float
    """For which uploads, deletions and writes to the index had to wait."""
    seconds: float
    left_out: tuple[str, ...]


def take(settings: Settings, target: Path) -> Taken:
    """Back the data folder up into the file ``target``, which appears whole or not at all.

    Raises:
        UnusableBackup: there is nothing to back up.
        IndexUnavailable: the index process does not answer.
        CatalogUnavailable: the catalog cannot be read.
    """
    started = time.monotonic()
    finish(settings.data)
    forget_abandoned(settings.data)
    if settings.database_url is None and not (settings.data / _CATALOG).exists():
        raise UnusableBackup(f"{settings.data} holds no catalog: there is nothing to back up")
    folder = settings.data / f"{STAGING}{label()}"
    folder.mkdir(mode=0o700)
    try:
        frozen = _stage(settings, folder)
        manifest = _describe(settings, folder)
        _write(folder, manifest, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    content = sum(member.size for member in manifest.files)
    return Taken(
        str(target),
        target.stat().st_size,
        len(manifest.files),
        content,
        round(frozen, 3),
        round(time.monotonic() - started, 3),
        manifest.left_out,
    )


def abandoned_backups(data: Path) -> list[Path]:
    """Folders of backups whose process was killed: they hold text that may be deleted since."""
    return [
        folder for folder in data.glob(f"{STAGING}*") if not label_lives(folder.name.removeprefix(STAGING))
    ]


def forget_abandoned(data: Path) -> None:
    """Delete what killed backups have left behind."""
    for folder in abandoned_backups(data):
        shutil.rmtree(folder, ignore_errors=True)


def _stage(settings: Settings, folder: Path) -> float:
    """Copy all that belongs to the moment; returns for how many seconds it was held."""
    data = settings.data
    own_catalog = settings.database_url is None
    with ExitStack() as holding:
        index = None
        if settings.qdrant_url is None:
            index = holding.enter_context(RemoteIndex(data, FACTORY))
        holding.enter_context(Originals(data, settings.uploads).locked())
        began = time.monotonic()
        for part in _SENT if settings.uploads is None else ():
            link_folder(data / "uploads" / part, folder / "uploads" / part)
        if index is not None:
            index.snapshot(folder, catalog=own_catalog)
        elif own_catalog:
            copy_sqlite(data / _CATALOG, folder / _CATALOG)
        frozen = time.monotonic() - began
    if (data / _BOTS).exists():
        copy_sqlite(data / _BOTS, folder / _BOTS)
    for name in _PLAIN:
        if (data / name).exists():
            copy_file(data / name, folder / name)
    return frozen


def _describe(settings: Settings, folder: Path) -> Manifest:
    own_catalog = settings.database_url is None
    left_out = [] if own_catalog else ["catalog: in PostgreSQL, for `pg_dump`"]
    if settings.qdrant_url is not None:
        left_out.append("index: on the Qdrant server, for its snapshots, or for `lectern doctor --repair`")
    if settings.uploads is not None:
        left_out.append(f"sent files: in {settings.uploads}, which servers share, for its own backups")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return Manifest(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        schema=revision_of(folder / _CATALOG) if own_catalog else "",
        files=tuple(_member(folder, path) for path in paths),
        left_out=tuple(left_out),
    )


def _member(folder: Path, path: Path) -> Member:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return Member(path.relative_to(folder).as_posix(), path.stat().st_size, digest.hexdigest())


def _write(folder: Path, manifest: Manifest, target: Path) -> None:
    """The archive, under a name of its own until it is whole and on the disk."""
    draft = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with (
                gzip.GzipFile("", "wb", _LEVEL, file) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                _add_manifest(archive, manifest)
                for member in manifest.files:
                    _add(archive, member, folder / member.path)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        sync_folder(target.absolute().parent)
    finally:
        draft.unlink(missing_ok=True)


def _add_manifest(archive: tarfile.TarFile, manifest: Manifest) -> None:
    data = manifest.encode()
    entry = tarfile.TarInfo(NAME)
    entry.size, entry.mode = len(data), 0o600
    archive.addfile(entry, BytesIO(data))


def _add(archive: tarfile.TarFile, member: Member, path: Path) -> None:
    entry = tarfile.TarInfo(member.path)  # no owner, no time: nobody's name leaves the machine
    entry.size, entry.mode = member.size, 0o600
    with path.open("rb") as file:
        archive.addfile(entry, file)

"""The files that were sent: how they arrive, wait for their job, are kept, and are deleted.

Below ``uploads`` in the data folder, or in a folder that several servers share: ``arriving`` while they are
received, ``waiting/JOB`` once they are acknowledged, and ``kept/COLLECTION/PATH/HASH.pdf`` once their job has
begun. Names of people's making appear nowhere on the disk.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from filelock import FileLock

from service.jobs.owner import label, label_lives, machine_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord, UploadedFile

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,16}")
_READABLE = re.compile(r"[^A-Za-z0-9._-]")
_READABLE_LENGTH = 40
_LONG = 86_400.0
"""Seconds after which an upload that another machine receives is given up; clocks may differ."""


class Originals:
    """The folder of sent files; processes may share it, and servers on several machines.

    Args:
        data: the data folder, in which it lies by default.
        shared: a folder of its own, which servers with other data folders have, too.
    """

    def __init__(self, data: Path, shared: Path | None = None) -> None:
        self._root = shared or data / "uploads"
        self._place = (shared or data) / "place"

    @property
    def place(self) -> str:
        """The name of this folder, wherever it is moved: a job runs where its files lie."""
        path = self._place
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, secrets.token_hex(8).encode())
            os.close(descriptor)
        return path.read_text(encoding="ascii")

    def arrive(self, job: str) -> Path:
        """A folder to receive the files of an upload in; swept when this process is gone."""
        folder = self._root / "arriving" / f"{job}-{label()}-{machine_label()}"
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def locked(self) -> AbstractContextManager[object]:
        """Hold this while files and the jobs that name them must agree."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileLock(self._root / "lock")

    def admit(self, job: str, arrived: Path) -> None:
        """Let received files wait for their job; on return they survive a loss of power. Hold `locked`."""
        waiting = self._root / "waiting"
        waiting.mkdir(exist_ok=True, mode=0o700)
        sync_folder(arrived)
        arrived.replace(waiting / job)
        for folder in (waiting, self._root, self._root.parent):
            sync_folder(folder)

    def keep(self, job: JobRecord) -> list[tuple[UploadedFile, Path]]:
        """Move what waits for a job to where originals are kept; a file moved before stays where it is."""
        waiting = self._root / "waiting" / job.id
        placed: list[tuple[UploadedFile, Path]] = []
        with self.locked():
            for file in job.request.uploads:
                location = self._location(job, file)
                location.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with suppress(FileNotFoundError):
                    (waiting / file.staged).replace(location)
                    sync_folder(location.parent)
                placed.append((file, location))
            shutil.rmtree(waiting, ignore_errors=True)
        return placed

    def has_any(self, job: JobRecord) -> bool:
        """Whether a file that was sent for a job is still there, waiting or kept."""
        waiting = self._root / "waiting" / job.id
        return any(
            (waiting / file.staged).exists() or self._location(job, file).exists()
            for file in job.request.uploads
        )

    def original(self, tenant: str, collection: str, path: str, content_hash: str) -> Path | None:
        """The file that a version was read from, if it was sent."""
        folder = self._folder(tenant, collection) / _key(path)
        return next(iter(sorted(folder.glob(f"{content_hash}*"))), None) if folder.is_dir() else None

    def forget_document(
        self, tenant: str, collection: str, path: str, unfinished: Sequence[JobRecord]
    ) -> None:
        """Delete the originals of a document, but what unfinished jobs still have to read. Hold `locked`."""
        wanted = [(job, file) for job in unfinished for file in job.request.uploads]
        self.forget_all_but(tenant, collection, [], wanted, paths=[path])

    def forget_all_but(
        self,
        tenant: str,
        collection: str,
        kept: Iterable[tuple[str, str]],
        wanted: Iterable[tuple[JobRecord, UploadedFile]],
        *,
        paths: Iterable[str] | None = None,
    ) -> None:
        """Delete originals that belong to nothing any more. Hold `locked`.

        Args:
            tenant: whose they are.
            collection: of which collection.
            kept: paths and hashes of what is still known of.
            wanted: jobs, and what was sent for them and is still to be read.
            paths: only originals of these; None looks through all.
        """
        root = self._folder(tenant, collection)
        spared = {self._location(job, file) for job, file in wanted}
        named = {(_key(path), content_hash) for path, content_hash in kept}
        folders = root.glob("*") if paths is None else [root / _key(path) for path in paths]
        for folder in folders:
            for original in folder.glob("*"):
                is_known = (folder.name, original.name.partition(".")[0]) in named
                if not is_known and original not in spared:
                    original.unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()

    def has_several(self, tenant: str, collection: str, path: str) -> bool:
        """Whether more than one file is kept of those that were sent under this path."""
        return len(list((self._folder(tenant, collection) / _key(path)).glob("*"))) > 1

    def forget_collection(self, tenant: str, collection: str) -> None:
        """Delete the originals of a collection."""
        shutil.rmtree(self._folder(tenant, collection), ignore_errors=True)

    def forget_jobs(self, jobs: Collection[str]) -> None:
        """Delete what still waits for these jobs."""
        for job in jobs:
            shutil.rmtree(self._root / "waiting" / job, ignore_errors=True)

    def sweep(self, known: Collection[str]) -> None:
        """Delete what was received and belongs to none of these jobs. Hold `locked`."""
        for folder in (self._root / "arriving").glob("*"):
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
        for folder in (self._root / "waiting").glob("*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def strays(
        self, kept: Iterable[tuple[str, str, str]], wanted: Iterable[tuple[JobRecord, UploadedFile]]
    ) -> list[Path]:
        """Originals that belong to nothing any more, as whole folders where they can. Hold `locked`.

        Args:
            kept: tenant, collection and path of what is still known of.
            wanted: jobs, and what was sent for them and is still to be read.
        """
        known = {self._folder(tenant, collection) / _key(path) for tenant, collection, path in kept}
        spared = {self._location(job, file) for job, file in wanted}
        found: list[Path] = []
        for folder in sorted((self._root / "kept").glob("*/*")):
            if folder not in known:
                originals = sorted(folder.glob("*"))
                left = [original for original in originals if original not in spared]
                found += [folder] if left == originals else left
        return found

    def _location(self, job: JobRecord, file: UploadedFile) -> Path:
        name = f"{file.content_hash}{ending_of(file.path)}"
        return self._folder(job.tenant, job.collection) / _key(file.path) / name

    def _folder(self, tenant: str, collection: str) -> Path:
        readable = _READABLE.sub("_", collection)[:_READABLE_LENGTH]
        return self._root / "kept" / f"{readable}-{_key(tenant, collection)}"


def ending_of(path: str) -> str:
    """The ending of a path if it is a plain one: some readers look at it."""
    ending = PurePosixPath(path).suffix
    return ending.lower() if _ENDING.fullmatch(ending) else ""


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder survive a loss of power, where the system can promise that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_abandoned(arriving: Path) -> bool:
    """Whether the process that received something here is gone, or of another machine and long silent."""
    process, _, machine = arriving.name.partition("-")[2].rpartition("-")
    if "-" not in process:  # an older server does not name its machine
        return not label_lives(f"{process}-{machine}")
    if machine != machine_label():
        with suppress(OSError):
            newest = max(path.stat().st_mtime for path in (arriving, *arriving.iterdir()))
            return time.time() - newest > _LONG
        return False
    return not label_lives(process)


def _key(*words: str) -> str:
    return blake2b("\0".join(words).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()

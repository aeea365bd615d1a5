"""The file that a version was read from, as long as its bytes are still the same."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ingest.changes import content_hash
from ingest.errors import PermanentError, UnreadableFile
from ingest.model import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import VersionRecord
    from service.jobs.originals import Originals

_REMEMBERED = 256
"""Files whose hash is kept for as long as nobody touches them."""
Stamp = tuple[int, ...]
"""What a file system tells of a file; any write changes it."""


class OriginalMissing(PermanentError):
    """The file that a version was read from is not there any more; the message says why."""


class PageOriginals:
    """Finds originals by what the catalog recorded of them, and never anything else; threads may share it."""

    def __init__(self, catalog: Catalog, originals: Originals) -> None:
        self._catalog = catalog
        self._originals = originals
        self._hashes: OrderedDict[tuple[Path, Stamp], str] = OrderedDict()
        self._lock = Lock()

    def find(self, version: VersionRecord) -> tuple[Path, Stamp]:
        """Where the very bytes lie that this version was read from, and their file's stamp.

        Raises:
            OriginalMissing: they are nowhere; the message says what is in their place.
            UnknownName, Gone: the document was deleted meanwhile.
        """
        reason = "it was never a file on this machine"
        for location in self._candidates(version):
            stamp = stamp_of(location)
            if stamp is None:
                reason = "the file that it was read from is not there any more"
            elif self._hash(version, location, stamp) == version.content_hash:
                return location, stamp
            else:
                reason = "the file that it was read from has changed since"
        raise OriginalMissing(reason)

    def _candidates(self, version: VersionRecord) -> Iterator[Path]:
        """What was sent is kept under its hash; else the place that was read.

        The catalog is asked first: what it has deleted is found nowhere, even if its file still lies there.
        """
        recorded = self._catalog.location(version.tenant, version.document)
        where = (version.tenant, version.collection, version.path, version.content_hash)
        sent = self._originals.original(*where)
        if sent is not None:
            yield sent
        if recorded:
            yield Path(recorded)

    def _hash(self, version: VersionRecord, location: Path, stamp: Stamp) -> str | None:
        """None where the file cannot be read, or is longer or shorter than it was."""
        with self._lock:
            known = self._hashes.get((location, stamp))
        if known is not None:
            return known
        source = SourceFile(version.path, location, version.media_type, version.size, version.modified_ns)
        try:
            found = content_hash(source)
        except UnreadableFile:
            return None
        with self._lock:
            self._hashes[location, stamp] = found
            while len(self._hashes) > _REMEMBERED:
                self._hashes.popitem(last=False)
        return found


def stamp_of(location: Path) -> Stamp | None:
    """The stamp of a file; None where there is none."""
    try:
        status = os.lstat(location)
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

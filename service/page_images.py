"""Pictures of the pages of what was ingested, drawn when somebody looks at them."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from ingest.errors import PermanentError, UnreadableFile
from ingest.rendering_child import DRAWN, PageWanted
from service.page_originals import OriginalMissing, stamp_of

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.catalog.records import VersionRecord
    from ingest.rendering import PageImage, RenderingProcess
    from service.page_originals import PageOriginals, Stamp

BYTES_KEPT = 32 * 2**20
_PASSING = frozenset({"time_limit", "memory_limit"})
"""Reasons that a machine with less to do may not give."""
_FAILURE_BYTES = 1_000
"""What a failure counts for."""
_Key = tuple[str, str, int, int, int]
"""Tenant, collection and number of the version; page; width."""


class NoPageImage(PermanentError):
    """There is no picture of this page; the message says why."""

    def __init__(self, page: int, reason: str) -> None:
        super().__init__(f"no picture of page {page}: {reason}")


class PageImages:
    """Draws pages and keeps the last ones, and what failed, in memory; threads may share it.

    Whoever asks has just found the version in the catalog: what was deleted is shown to nobody, and
    `forget` lets go of it.

    Args:
        originals: where the files are found.
        renderer: what draws them; it is closed with this.
        bytes_kept: of pictures, in all.
    """

    def __init__(
        self, originals: PageOriginals, renderer: RenderingProcess, bytes_kept: int = BYTES_KEPT
    ) -> None:
        self._originals = originals
        self._renderer = renderer
        self._bytes_kept = bytes_kept
        self._kept: OrderedDict[_Key, PageImage | str] = OrderedDict()
        self._size = 0
        self._forgotten = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def absence(self, version: VersionRecord) -> str | None:
        """Why there are no pictures of this version's pages; None where there are."""
        try:
            self._original(version)
        except OriginalMissing as missing:
            return str(missing)
        return None

    def image(self, version: VersionRecord, page: int, width: int) -> PageImage:
        """The picture of a page, at most so many pixels wide.

        Raises:
            NoPageImage: there is none; the message says why.
            RendererBusy: too many wait for theirs.
        """
        forgotten = self._forgotten  # before the catalog is asked: what it has deleted since must not be kept
        try:
            location, stamp = self._original(version)
        except OriginalMissing as missing:
            raise NoPageImage(page, str(missing)) from missing
        if page > version.pages:
            raise NoPageImage(page, f"it has {version.pages} pages")
        key = (version.tenant, version.collection, version.number, page, width)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is None:
            found = self._drawn(PageWanted(location, version.media_type, page, width), stamp)
            self._keep(key, found, forgotten)
        if isinstance(found, str):
            raise NoPageImage(page, found)
        return found

    def forget(self, tenant: str, collection: str, number: int | None = None) -> None:
        """Let go of the pages of a version, or of a whole collection."""
        with self._lock:
            self._forgotten += 1
            mine = [key for key in self._kept if key[:2] == (tenant, collection)]
            for key in mine:
                if number in {None, key[2]}:
                    self._size -= _weight(self._kept.pop(key))

    def close(self) -> None:
        """End the process that draws, and forget everything."""
        self._renderer.close()
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _original(self, version: VersionRecord) -> tuple[Path, Stamp]:
        if version.media_type not in DRAWN:
            raise OriginalMissing("only PDF files and scanned images have pictures of their pages")
        if not version.pages:
            raise OriginalMissing("it was read without pages")
        return self._originals.find(version)

    def _drawn(self, wanted: PageWanted, stamp: Stamp) -> PageImage | str:
        """A picture, or why there is none and never will be; what was written meanwhile is not shown."""
        try:
            image = self._renderer.render(wanted)
        except UnreadableFile as error:
            if error.reason in _PASSING:
                raise NoPageImage(wanted.page, error.detail) from error
            return error.detail
        if stamp_of(wanted.location) != stamp:
            raise NoPageImage(wanted.page, "the file that it was read from has changed since")
        return image

    def _keep(self, key: _Key, made: PageImage | str, forgotten: int) -> None:
        """Unless something was forgotten since, which may be this."""
        with self._lock:
            if key in self._kept or forgotten != self._forgotten or _weight(made) > self._bytes_kept:
                return
            self._kept[key] = made
            self._size += _weight(made)
            while self._size > self._bytes_kept:
                _, oldest = self._kept.popitem(last=False)
                self._size -= _weight(oldest)


def _weight(made: PageImage | str) -> int:
    return _FAILURE_BYTES if isinstance(made, str) else len(made.content)

"""Streams of a compound file, as Office wrote before 2007, through ``olefile``, imported only here."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from ingest.errors import UnreadableFile
from ingest.readers.package import damage_named

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import IO

LARGEST = 256 << 20
"""Bytes of a stream."""
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class _Container(Protocol):
    def exists(self, filename: str) -> bool: ...
    def get_size(self, filename: str) -> int: ...
    def openstream(self, filename: str) -> IO[bytes]: ...
    def close(self) -> None: ...


class Compound:
    """A compound file that is open."""

    def __init__(self, container: _Container) -> None:
        self._container = container

    def has(self, name: str) -> bool:
        """Whether there is such a stream."""
        return self._container.exists(name)

    def stream(self, name: str) -> bytes:
        """All bytes of a stream.

        Raises:
            UnreadableFile: ``broken``, there is none; ``unpacks_too_large``.
        """
        if not self.has(name):
            raise UnreadableFile("broken", f"holds no {name}")
        if self._container.get_size(name) > LARGEST:
            raise UnreadableFile("unpacks_too_large", f"{name} is larger than {LARGEST >> 20} MB")
        with self._container.openstream(name) as stream:
            return stream.read()


@contextmanager
def opened(location: Path) -> Generator[Compound]:
    """Open a compound file; what goes wrong inside is ``broken``.

    Raises:
        UnreadableFile: ``wrong_extension`` where it is none, ``encrypted`` where it wraps a locked document.
    """
    with location.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise UnreadableFile("wrong_extension", "is no Office document of before 2007")
    with damage_named(), ole_file(location) as file:
        compound = Compound(cast("_Container", file))
        if compound.has("EncryptedPackage"):
            raise UnreadableFile("encrypted", "the document asks for a password")
        yield compound


@contextmanager
def ole_file(source: Path | bytes) -> Generator[object]:
    """A compound file as the library gives it, for as long as the block runs; it raises as it likes."""
    from olefile import OleFileIO  # noqa: PLC0415 — only old files are worth it

    given = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    with cast("AbstractContextManager[object]", OleFileIO(given)) as file:
        yield file

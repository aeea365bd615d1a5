"""Files as a form: read from disk while they are sent, never held in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from service.remote.errors import UnsendableFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PIECE = 2**18
"""Bytes that are read at once."""


@dataclass(frozen=True, slots=True)
class Form:
    """The body of an upload; it can be sent once or several times."""

    boundary: str
    fields: bytes
    """Encoded, before all files."""
    files: tuple[tuple[Path, int], ...]
    """With the bytes that each one had when the form was made."""

    @classmethod
    def of(cls, files: Sequence[Path], paths: Sequence[str], collection: str) -> Self:
        """Files, the path that people will see of each, and where they go.

        Raises:
            UnsendableFile: one is not there, or no file.
        """
        boundary = os.urandom(16).hex()
        said = [("collection", collection), *(("path", path) for path in paths)]
        fields = b"".join(_field(boundary, name, value) for name, value in said)
        return cls(boundary, fields, tuple((file, _size(file)) for file in files))

    @property
    def media_type(self) -> str:
        """With the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """Bytes in all."""
        files = sum(len(self._head(path)) + size + len(b"\r\n") for path, size in self.files)
        return len(self.fields) + files + len(self._end())

    def pieces(self) -> Iterator[bytes]:
        """The body.

        Raises:
            UnsendableFile: a file cannot be read, or is not as long as it was.
        """
        yield self.fields
        for path, size in self.files:
            yield self._head(path)
            yield from _content(path, size)
            yield b"\r\n"
        yield self._end()

    def _head(self, path: Path) -> bytes:
        """The name is for messages, without what would need escapes: the field ``path`` says what counts."""
        name = "".join(each if each.isprintable() and each not in '"\\' else "_" for each in path.name)
        disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        return f"--{self.boundary}\r\n{disposition}\r\n\r\n".encode()

    def _end(self) -> bytes:
        return f"--{self.boundary}--\r\n".encode()


def _field(boundary: str, name: str, value: str) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def _size(path: Path) -> int:
    if not path.is_file():
        raise UnsendableFile(path, "there is no such file")
    return path.stat().st_size


def _content(path: Path, size: int) -> Iterator[bytes]:
    """Exactly ``size`` bytes: that many were announced."""
    left = size
    try:
        with path.open("rb") as file:
            while left and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece
            if left or file.read(1):
                raise UnsendableFile(path, "changed while it was sent")
    except OSError as error:
        raise UnsendableFile(path, error.strerror or "cannot be read") from error

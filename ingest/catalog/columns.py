"""Columns of numbers as little-endian bytes, one after another: compact, and fast without numpy."""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = struct.Struct("<cI")  # typecode and number of entries
_COUNT = struct.Struct("<I")
_EMPTY: dict[bytes, array[Any]] = {code.encode(): array(code) for code in ("B", "H", "I", "f", "d")}
_FLOAT_BYTES = 4
_NOISY_BYTES = 2


def pack(*columns: array[Any]) -> bytes:
    """The columns, each behind its typecode and length."""
    parts: list[bytes] = []
    for column in columns:
        parts += (_HEAD.pack(column.typecode.encode(), len(column)), _little_endian(column).tobytes())
    return b"".join(parts)


def unpack(data: bytes) -> list[array[Any]]:
    """What `pack` was given."""
    columns: list[array[Any]] = []
    position = 0
    while position < len(data):
        typecode, count = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        column = _EMPTY[typecode][:]
        end = position + count * column.itemsize
        column.frombytes(data[position:end])
        columns.append(_little_endian(column))
        position = end
    return columns


def squeeze_floats(pieces: Iterable[array[float]]) -> bytes:
    """Compress arrays of single floats, joined: the first bytes of all, then the second bytes, and so on.

    Neighbours differ little, so their sign and exponent bytes repeat; the low bytes of a mantissa are
    noise or all zero, where looking for repeats costs time and finds nothing, so only runs are sought.
    """
    raw = b"".join(_little_endian(piece).tobytes() for piece in pieces)
    parts: list[bytes] = []
    for byte in range(_FLOAT_BYTES):
        strategy = zlib.Z_RLE if byte < _NOISY_BYTES else zlib.Z_DEFAULT_STRATEGY
        packer = zlib.compressobj(1, strategy=strategy)
        plane = packer.compress(raw[byte::_FLOAT_BYTES]) + packer.flush()
        parts += (_COUNT.pack(len(plane)), plane)
    return b"".join(parts)


def restore_floats(data: bytes) -> array[float]:
    """The joined arrays that `squeeze_floats` was given."""
    planes = [zlib.decompress(plane) for plane in _planes(data)]
    raw = bytearray(_FLOAT_BYTES * len(planes[0]))
    for byte, plane in enumerate(planes):
        raw[byte::_FLOAT_BYTES] = plane
    floats = array("f")
    floats.frombytes(raw)
    return _little_endian(floats)


def _planes(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        (length,) = _COUNT.unpack_from(data, position)
        position += _COUNT.size
        yield data[position : position + length]
        position += length


def _little_endian(column: array[Any]) -> array[Any]:
    if sys.byteorder == "little":
        return column
    swapped = column[:]
    swapped.byteswap()
    return swapped

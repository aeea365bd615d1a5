"""Long sequences kept as columns of numbers: their members are made when they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

from ingest.model import Chunk, Passage

if TYPE_CHECKING:
    from collections.abc import Iterator

Member = TypeVar("Member")


class Packed(Sequence[Member]):
    """A sequence that equals the tuple of its members."""

    __slots__ = ()

    @abstractmethod
    def member(self, index: int) -> Member:
        """Make the member at ``index``, from 0."""

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Member, ...]: ...
    def __getitem__(self, index: int | slice) -> Member | tuple[Member, ...]:
        if isinstance(index, slice):
            return tuple(self.member(i) for i in range(*index.indices(len(self))))
        return self.member(range(len(self))[index])

    def __iter__(self) -> Iterator[Member]:
        return map(self.member, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packed | tuple):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] — of anything

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class PackedPassages(Packed[Passage]):
    """Passages, numbered from 1; sections are shared."""

    __slots__ = ("_ends", "_sections", "_starts")

    def __init__(self) -> None:
        self._starts = array("I")
        self._ends = array("I")
        self._sections: list[tuple[str, ...]] = []

    def append(self, start: int, end: int, section: tuple[str, ...]) -> None:
        """Add a passage behind the others."""
        self._starts.append(start)
        self._ends.append(end)
        self._sections.append(section)

    def member(self, index: int) -> Passage:
        """Make a passage."""
        return Passage(index + 1, self._starts[index], self._ends[index], self._sections[index])

    def __len__(self) -> int:
        return len(self._starts)


class PackedChunks(Packed[Chunk]):
    """Chunks, in order."""

    __slots__ = ("_columns",)

    def __init__(self) -> None:
        self._columns = tuple(array("I") for _ in range(5))

    def append(self, chunk: Chunk) -> None:
        """Add a chunk behind the others."""
        values = (chunk.ordinal, chunk.start, chunk.end, chunk.first_passage, chunk.last_passage)
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)

    def member(self, index: int) -> Chunk:
        """Make a chunk."""
        ordinal, start, end, first, last = (column[index] for column in self._columns)
        return Chunk(ordinal, start, end, first, last)

    def __len__(self) -> int:
        return len(self._columns[0])

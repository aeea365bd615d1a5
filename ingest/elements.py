"""The elements of a document as columns of numbers: a tenth of the memory that an object each would take.

An `Element` is made when it is asked for. The columns are what the catalog stores and what crosses from the
parsing process.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from ingest.model import Element, ElementKind, Line
from ingest.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

KINDS: tuple[ElementKind, ...] = get_args(ElementKind)
"""The position of a kind is its number in a column."""
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


def _whole() -> array[int]:
    return array("I")


@dataclass(slots=True, eq=False)
class LineColumns:
    """Printed lines; ``edges`` holds ``end - start + 1`` entries for each, one after the other."""

    starts: array[int] = field(default_factory=_whole)
    ends: array[int] = field(default_factory=_whole)
    pages: array[int] = field(default_factory=_whole)
    tops: array[float] = field(default_factory=lambda: array("d"))
    bottoms: array[float] = field(default_factory=lambda: array("d"))
    edges: array[float] = field(default_factory=lambda: array("f"))
    edge_starts: array[int] = field(default_factory=lambda: array("Q"))
    """Where the edges of each line begin."""

    def append(self, line: Line) -> None:
        """Add a line.

        Raises:
            ValueError: it has not one edge a character and one more, as single floats.
        """
        if line.edges.typecode != "f" or len(line.edges) != line.end - line.start + 1:
            raise ValueError(f"the line at {line.start} has {len(line.edges)} edges ({line.edges.typecode})")
        self.edge_starts.append(len(self.edges))
        self.edges.extend(line.edges)
        self.starts.append(line.start)
        self.ends.append(line.end)
        self.pages.append(line.page)
        self.tops.append(line.top)
        self.bottoms.append(line.bottom)

    def at(self, index: int) -> Line:
        """Make a line again."""
        start, end, first = self.starts[index], self.ends[index], self.edge_starts[index]
        edges = self.edges[first : first + end - start + 1]
        return Line(start, end, self.pages[index], self.tops[index], self.bottoms[index], edges)


@dataclass(slots=True, eq=False)
class ElementColumns:
    """Elements that are being collected, in order; a level or page of 0 stands for None."""

    starts: array[int] = field(default_factory=_whole)
    ends: array[int] = field(default_factory=_whole)
    kinds: array[int] = field(default_factory=lambda: array("B"))
    levels: array[int] = field(default_factory=lambda: array("H"))
    pages: array[int] = field(default_factory=_whole)
    line_ends: array[int] = field(default_factory=_whole)
    """For each element, how many lines it and those before it have."""
    lines: LineColumns = field(default_factory=LineColumns)

    def append(  # noqa: PLR0917 — the fields of an element, in their order
        self,
        start: int,
        end: int,
        kind: ElementKind,
        level: int | None = None,
        page: int | None = None,
        lines: Iterable[Line] = (),
    ) -> None:
        """Add an element behind the others.

        Raises:
            ValueError: a line is malformed, see `LineColumns.append`.
        """
        for line in lines:
            self.lines.append(line)
        self.starts.append(start)
        self.ends.append(end)
        self.kinds.append(_NUMBERS[kind])
        self.levels.append(level or 0)
        self.pages.append(page or 0)
        self.line_ends.append(len(self.lines.starts))

    @property
    def last_kind(self) -> ElementKind:
        """The kind of the last element; there must be one."""
        return KINDS[self.kinds[-1]]

    def extend_last(self, end: int) -> None:
        """Let the last element reach up to ``end``."""
        self.ends[-1] = end


class Elements(Packed[Element]):
    """A sequence of elements that equals the tuple of them."""

    __slots__ = ("columns", "text")

    def __init__(self, text: str, columns: ElementColumns) -> None:
        self.text = text
        self.columns = columns

    @classmethod
    def of(cls, elements: Sequence[Element], text: str) -> Elements:
        """The same elements, compact.

        Raises:
            ValueError: an element is no slice of the text, or a line is malformed.
        """
        if isinstance(elements, Elements) and elements.text is text:
            return elements
        columns = ElementColumns()
        for element in elements:
            if text[element.start : element.end] != element.text:
                raise ValueError(f"the element at {element.start} is no slice of the text")
            columns.append(
                element.start, element.end, element.kind, element.level, element.page, element.lines
            )
        return cls(text, columns)

    def kind(self, index: int) -> ElementKind:
        """The kind alone, which costs less than the element."""
        return KINDS[self.columns.kinds[index]]

    def of_kind(self, kind: ElementKind) -> Iterator[Element]:
        """The elements of one kind, in order."""
        wanted = _NUMBERS[kind]
        return (self[index] for index, number in enumerate(self.columns.kinds) if number == wanted)

    def __len__(self) -> int:
        return len(self.columns.starts)

    def __reduce__(self) -> tuple[type[Elements], tuple[str, ElementColumns]]:
        """The columns, and the text, which a pickled document holds only once."""
        return Elements, (self.text, self.columns)

    def member(self, index: int) -> Element:
        """Make the element at ``index``."""
        columns = self.columns
        start, end = columns.starts[index], columns.ends[index]
        first, last = columns.line_ends[index - 1] if index else 0, columns.line_ends[index]
        return Element(
            start,
            end,
            self.text[start:end],
            KINDS[columns.kinds[index]],
            columns.levels[index] or None,
            columns.pages[index] or None,
            tuple(columns.lines.at(line) for line in range(first, last)),
        )

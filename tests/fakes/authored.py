"""Documents of a random structure, whose every word is known, to be written in any format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["heading", "clause", "paragraph", "item", "table", "code"]

LATIN = "The Tenant shall pay rent before März naïve coöperate £5,000 3.14 (a) “quoted” don’t e-mail".split()
OTHERS = (
    "Арендатор обязан уплатить ёлка 合同 付款 《协议》 条款。 ﬁnal e\u0301te\u0301 \U0001f600"
    " שלום مرحبا हिन्दी a\u200db 100\u202f000 x² Ⅳ ½"
    " ---- *** <b> &amp; {x} \\n #1 $HOME | =1+1 [D1:2] ``` ~~~ |a| -- 1. %20 ,"
).split(" ")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document: its words by paragraph, or the cells of a table by row."""

    kind: Kind
    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> list[str]:
        return [" ".join(row) for row in self.rows]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def words_of(blocks: list[Block]) -> Iterator[str]:
    """Every word, in the order of the text."""
    for block in blocks:
        for line in block.lines:
            yield from line.split()


@st.composite
def authored(draw: st.DrawFn, *, odd: bool = True) -> list[Block]:
    """A heading, then blocks of every kind; only Latin words where they are not to be ``odd``.

    Every third word is one of a kind, so that no other can stand for it.
    """
    pool = st.sampled_from([*LATIN, *(OTHERS if odd else ())])
    serial = iter(range(10_000))

    def row() -> tuple[str, ...]:
        drawn = draw(st.lists(pool, min_size=1, max_size=6))
        return (f"Word{_letters(next(serial))}", *drawn, f"word{_letters(next(serial))}")

    blocks = [Block("heading", (row(),))]
    kinds: st.SearchStrategy[Kind] = st.sampled_from(
        ["heading", "clause", "paragraph", "item", "table", "code"]
    )
    for kind in draw(st.lists(kinds, min_size=1, max_size=6)):
        if kind == "table":
            cells = draw(st.integers(2, 4))
            table = tuple(
                tuple(row()[0] if cell else " ".join(row()) for cell in range(cells)) for _ in range(3)
            )
            blocks.append(Block(kind, table))
        else:
            blocks.append(Block(kind, tuple(row() for _ in range(3 if kind == "code" else 1))))
    return blocks


def _letters(number: int) -> str:
    """A number in letters, which no reader takes for a list's."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}") + "x"

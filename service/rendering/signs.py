"""Where claims and citations begin and end, written into Markdown so that they come out on its other side.

A sign is a few noncharacters, which no text may hold and which Markdown takes for letters: what Unicode
reserves for a program's own use. Offsets are code points of the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prompts.proof import UNRESOLVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from prompts.model import Claim, Span

Kind = Literal["begins", "ends", "cites", "unresolved"]
_KINDS: dict[str, Kind] = {"\ufdd0": "begins", "\ufdd1": "ends", "\ufdd2": "cites", "\ufdd3": "unresolved"}
_WRITTEN = {kind: sign for sign, kind in _KINDS.items()}
_LAST = "\ufdd4"
_ZERO = 0xFDE0
"""Of sixteen noncharacters that stand for digits."""
_RESERVED = re.compile("[\ufdd0-\ufdef\ud800-\udfff]")
"""What signs are made of, and halves of pairs, which nothing can encode."""
_SIGN = re.compile(r"\[?([\ufdd0-\ufdd3])([\ufde0-\ufdef]*)\ufdd4\]?")
_OPENING = re.compile(r"(?:[\s>#|]|[-*+][ \t]+|\d{1,9}[.)][ \t]+|(?:`{3,}+|~{3,}+)[^\n]*+\n)*[*_~|]*")
"""What Markdown must see first: indents, bullets, numbers, bars of tables, fences, what opens emphasis."""
_SPACE = "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_CLOSING = _SPACE + "|*_~#"
"""What Markdown must see last."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A place in rendered text; ``number`` is that of a claim or a citation."""

    kind: Kind
    number: int


def signed(text: str, start: int, end: int, claims: Sequence[tuple[int, Claim]], marks: Marks) -> str:
    """The Markdown of an answer from ``start`` to ``end``, with signs in it.

    Args:
        text: the whole answer.
        start: of the part, in code points.
        end: likewise, exclusive.
        claims: those that touch the part, each with its number.
        marks: where citations stand.
    """
    edges = [*_edges(text, start, end, claims), *_citations(text, start, end, marks)]
    out: list[str] = []
    position = start
    for first, last, sign in sorted(edges, key=lambda edge: edge[:2]):
        if first < position:
            continue
        out += [_plain(text[position:first]), sign]
        position = last
    return "".join([*out, _plain(text[position:end])])


def pieces(text: str) -> Iterator[str | Sign]:
    """Rendered text apart from its signs, in their order."""
    position = 0
    for found in _SIGN.finditer(text):
        if found.start() > position:
            yield text[position : found.start()]
        digits = "".join(f"{ord(digit) - _ZERO:x}" for digit in found[2])
        yield Sign(_KINDS[found[1]], int(digits or "0", 16))
        position = found.end()
    if position < len(text):
        yield text[position:]


Marks = dict[int, tuple["Span", ...]]
"""Places of each citation's mark in the answer, by its number."""


def _edges(
    text: str, start: int, end: int, claims: Iterable[tuple[int, Claim]]
) -> Iterator[tuple[int, int, str]]:
    for number, claim in claims:
        first = _OPENING.match(text, max(claim.start, start), end)
        begins = first.end() if first else start
        last = min(claim.end, end)
        ends = begins + len(_unclosed(text[begins:last]))
        if begins < ends:
            yield begins, begins, _write("begins", number)
            yield ends, ends, _write("ends", number)


def _unclosed(text: str) -> str:
    """Without the fence that closes it, or what closes emphasis, headings and cells of tables."""
    bare = text.rstrip()
    before = bare.rstrip("`").rstrip(" \t") if bare.endswith("```") else ""
    return before.rstrip() if before.endswith("\n") else text.rstrip(_CLOSING)


def _citations(text: str, start: int, end: int, marks: Marks) -> Iterator[tuple[int, int, str]]:
    """Between their brackets: Markdown judges what stands beside a bracket otherwise than beside a letter."""
    for number, spans in marks.items():
        for span in spans:
            if start <= span.start and span.end <= end:
                yield span.start + 1, span.end - 1, _write("cites", number)
    position = text.find(UNRESOLVED, start, end)
    while position >= 0:
        yield position + 1, position + len(UNRESOLVED) - 1, _write("unresolved", 0)
        position = text.find(UNRESOLVED, position + 1, end)


def _write(kind: Kind, number: int) -> str:
    digits = "".join(chr(_ZERO + int(digit, 16)) for digit in f"{number:x}")
    return _WRITTEN[kind] + digits + _LAST


def _plain(text: str) -> str:
    return _RESERVED.sub("\ufffd", text)

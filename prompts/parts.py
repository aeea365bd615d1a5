"""Divides documents into parts that a model reads one at a time.

The same documents give the same parts, whatever is asked, so that a provider's cache serves them again. A
part holds all documents whose numbers lie in an aligned range, such as 0–7, 8–11 or 12: the longest that
fits. So a part depends on the documents of its own range and of the next larger one alone. A new version,
which takes a new number at the end, or a deleted document changes the parts beside it and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

from prompts.render import render_passage, render_passages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompts.model import PromptPassage
    from prompts.render import DocumentName

BYTES_PER_TOKEN = 4
"""What a budget counts: UTF-8, by which no tokenizer and no calibration moves the borders of parts. A token
of English, Russian or Chinese holds 4.8, 3.9 or 2.4 bytes by ``cl100k_base``, of a program 4.4."""
LEAST_FILLED = 0.5
"""Of a part that a long document is cut into, what it holds at least; a border of sections is looked for
beyond."""
_WITHIN = 1_000
"""Level of a border within a section: below those between sections."""


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """A document with all its passages, in order, and for each the path of the section that it starts in."""

    number: int
    passages: Sequence[PromptPassage]
    sections: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """Documents, or a stretch of one, as a model reads them at once."""

    passages: tuple[PromptPassage, ...]
    """In canonical order."""
    text: str
    """They as a prompt shows them."""

    @property
    def documents(self) -> tuple[int, ...]:
        """Numbers of those that it holds, or holds a stretch of."""
        return tuple(dict.fromkeys(passage.document for passage in self.passages))

    @property
    def size(self) -> int:
        """As a budget counts it."""
        return size_of(self.text)

    @property
    def fingerprint(self) -> str:
        """Equal for equal bytes: 16 hexadecimal digits."""
        return blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def size_of(text: str) -> int:
    """Tokens by rule of thumb, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def divide(
    documents: Sequence[WholeDocument], names: Mapping[int, DocumentName], limit: int
) -> tuple[Part, ...]:
    """Every passage in exactly one part, in canonical order.

    Args:
        documents: those to be read, each once.
        names: by number.
        limit: size of a part; only a single passage may exceed it.
    """
    held = {document.number: document for document in documents if document.passages}
    texts = {number: render_passages(held[number].passages, names) for number in sorted(held)}
    sizes = {number: size_of(text) for number, text in texts.items()}
    parts: list[Part] = []
    for numbers in _ranges(sizes, limit):
        if sum(sizes[number] for number in numbers) <= limit:
            passages = (passage for number in numbers for passage in held[number].passages)
            parts.append(Part(tuple(passages), "".join(texts[number] for number in numbers)))
        else:
            stretches = _stretches(held[numbers[0]], names, limit)
            parts += [Part(stretch, render_passages(stretch, names)) for stretch in stretches]
    return tuple(parts)


def _ranges(sizes: Mapping[int, int], limit: int) -> Iterator[list[int]]:
    """The numbers of each part's documents: those of the longest aligned ranges that fit, or a single one."""
    pending = [(sorted(sizes), 0, 1 << max(sizes, default=0).bit_length())]
    while pending:
        numbers, first, width = pending.pop()
        if not numbers:
            continue
        if len(numbers) == 1 or sum(sizes[number] for number in numbers) <= limit:
            yield numbers
            continue
        middle = first + width // 2
        pending.append(([number for number in numbers if number >= middle], middle, width // 2))
        pending.append(([number for number in numbers if number < middle], first, width // 2))


def _stretches(
    document: WholeDocument, names: Mapping[int, DocumentName], limit: int
) -> Iterator[tuple[PromptPassage, ...]]:
    """A document that is too long for one part, cut between sections where that is possible."""
    rendered = [render_passage(passage) for passage in document.passages]
    # Each stretch begins with the line that names the document.
    named = size_of(render_passages(document.passages[:1], names).removesuffix(rendered[0]))
    sizes = [size_of(text) for text in rendered]
    levels = [0, *(_level(before, after) for before, after in pairwise(document.sections))]
    first = 0
    while first < len(sizes):
        last = _cut(sizes, levels, first, limit - named)
        yield tuple(document.passages[first:last])
        first = last


def _cut(sizes: Sequence[int], levels: Sequence[int], first: int, room: int) -> int:
    """Where the stretch from ``first`` on ends: before the highest section that begins in its second half."""
    filled, best, lowest = sizes[first], first + 1, _WITHIN
    for place in range(first + 1, len(sizes)):
        half_full = filled >= LEAST_FILLED * room
        if not half_full or levels[place] <= lowest:
            best, lowest = place, levels[place] if half_full else _WITHIN
        filled += sizes[place]
        if filled > room:
            return best
    return len(sizes) if filled <= room else best


def _level(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """How deep the border between two passages lies."""
    if before == after:
        return _WITHIN
    pairs = zip(before, after, strict=False)
    return next(
        (depth for depth, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after))
    )

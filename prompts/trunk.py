"""Which passages that the cache holds a new prompt should begin with.

A prompt whose passages begin with those of an earlier one pays the cached price for them. Even passages that
nobody asked for are worth taking along where wanted ones follow them: at a fifth of the price, four tokens
in between are paid for by one that comes after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prompts.evidence import total
from prompts.pieces import document_of, passage_of
from prompts.render import render_name, render_passage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from prompts.evidence import Evidence
    from prompts.mirror import Branch
    from prompts.model import PromptPassage
    from prompts.render import DocumentName

MOST_STEPS = 2_000
"""Prefixes looked at: the tree of a busy collection is wide."""


class Shelf(Protocol):
    """The documents that a prompt may show."""

    def passage(self, document: int, number: int) -> PromptPassage | None:
        """A passage; None where it must not be shown, or is not there."""
        ...

    def name(self, document: int) -> DocumentName | None:
        """What a prompt says of a document; None where it must not be shown."""
        ...


@dataclass(frozen=True, slots=True)
class Trunk:
    """Passages that a prompt begins with because the cache holds them in this order."""

    passages: tuple[PromptPassage, ...] = ()
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """A held prefix on the way."""

    branch: Branch
    before: _Step | None
    passage: PromptPassage | None
    """That the last piece shows; None where it shows none."""
    tokens: int
    """Of all pieces, names of documents included."""
    worth: float
    markers: frozenset[str]
    missing: int
    """Tokens of the passages that are still wanted after it."""

    @property
    def trunk(self) -> Trunk:
        """What a prompt shows that begins with it."""
        passages, step = list["PromptPassage"](), self
        while step is not None:
            if step.passage is not None:
                passages.append(step.passage)
            step = step.before
        return Trunk(tuple(reversed(passages)), self.tokens)


class _Reading:
    """Reads held pieces for one question; equal ones, of which there are many, once."""

    def __init__(self, evidence: Evidence, shelf: Shelf, count: Callable[[str], int]) -> None:
        self.evidence = evidence
        self.count = count
        self._shelf = shelf
        self._read: dict[str, PromptPassage | bool] = {}

    def shown(self, piece: str) -> PromptPassage | bool:
        """Its passage, or True where it names a document; False where it must not be shown."""
        if piece not in self._read:
            self._read[piece] = self._shown(piece)
        return self._read[piece]

    def missing(self, markers: Collection[str], worth: float) -> int:
        """Tokens of what is wanted beside these passages."""
        return sum(self.evidence.sizes[one.marker] for one in self.evidence.missing(markers, worth))

    def _shown(self, piece: str) -> PromptPassage | bool:
        place, named = passage_of(piece), document_of(piece)
        if named is not None:
            name = self._shelf.name(named)
            return name is not None and render_name(name) == piece
        passage = None if place is None else self._shelf.passage(*place)
        return passage if passage is not None and render_passage(passage) == piece else False


def find_trunk(
    branch: Branch,
    evidence: Evidence,
    shelf: Shelf,
    count: Callable[[str], int],
    *,
    cached_ratio: float,
    most_tokens: int,
    before: Sequence[PromptPassage] = (),
) -> Trunk:
    """The cheapest beginning: what it costs from the cache, and what is still missing at the full price.

    Args:
        branch: where the passages of a prompt begin.
        evidence: what is wanted.
        shelf: what may be shown.
        count: tokens of a text.
        cached_ratio: price of a cached token over that of a fresh one.
        most_tokens: of a trunk.
        before: passages that the branch has shown already.
    """
    shown = frozenset(passage.marker for passage in before)
    worth = total(before, evidence, lambda passage: count(render_passage(passage)))
    reading = _Reading(evidence, shelf, count)
    start = _Step(branch, None, None, 0, worth, shown, reading.missing(shown, worth))
    best, least, waiting = start, float(start.missing), [start]

    def pays(tokens: int) -> bool:
        """Whether so long a prefix may still be the cheapest."""
        return tokens <= most_tokens and cached_ratio * tokens < least

    # Where only ranked passages are worth anything, nothing else is gone through for its own sake.
    within = None if evidence.density else branch.leading(map(render_passage, evidence.ranked))
    for _ in range(MOST_STEPS):
        if not waiting:
            break
        for step in _onwards(waiting.pop(), reading, pays, within):
            waiting.append(step)
            price = cached_ratio * step.tokens + step.missing
            if price < least:
                best, least = step, price
    return best.trunk


def _onwards(
    step: _Step, reading: _Reading, pays: Callable[[int], bool], within: Collection[int] | None
) -> Iterator[_Step]:
    """The prefixes that are one passage or one document's name longer, that may be shown and still pay."""
    for branch in step.branch.following(within):
        piece = branch.piece
        size = reading.count(piece)
        shown = pays(step.tokens + size) and reading.shown(piece)
        if shown is True:
            yield _Step(branch, step, None, step.tokens + size, step.worth, step.markers, step.missing)
        elif shown is not False and (marker := shown.marker) not in step.markers:
            markers, more = step.markers | {marker}, reading.evidence.of(shown, size)
            worth = step.worth + more
            # What nobody asked for and tells nothing leaves as much to be added as before.
            counts = more or marker in reading.evidence.sizes
            missing = reading.missing(markers, worth) if counts else step.missing
            yield _Step(branch, step, shown, step.tokens + size, worth, markers, missing)

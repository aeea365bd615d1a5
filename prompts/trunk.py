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
    from collections.abc import Callable, Iterator, Sequence

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
    trunk: Trunk
    tokens: int
    """Of all pieces, names of documents included."""
    worth: float
    markers: frozenset[str]


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
    start = _Step(branch, Trunk(), 0, worth, shown)
    best, least, waiting = start.trunk, _price(start, evidence, cached_ratio), [start]
    for _ in range(MOST_STEPS):
        if not waiting:
            break
        for step in _onwards(waiting.pop(), evidence, shelf, count):
            if step.tokens > most_tokens or cached_ratio * step.tokens >= least:
                continue
            waiting.append(step)
            price = _price(step, evidence, cached_ratio)
            if price < least:
                best, least = step.trunk, price
    return best


def _price(step: _Step, evidence: Evidence, cached_ratio: float) -> float:
    missing = evidence.missing(step.markers, step.worth)
    return cached_ratio * step.tokens + sum(evidence.sizes[passage.marker] for passage in missing)


def _onwards(step: _Step, evidence: Evidence, shelf: Shelf, count: Callable[[str], int]) -> Iterator[_Step]:
    """The prefixes that are one passage or one document's name longer, and that may be shown."""
    for branch in step.branch.following():
        tokens = step.tokens + count(branch.piece)
        place, named = passage_of(branch.piece), document_of(branch.piece)
        if named is not None:
            name = shelf.name(named)
            if name is not None and render_name(name) == branch.piece:
                yield _Step(branch, step.trunk, tokens, step.worth, step.markers)
        elif place is not None:
            passage = shelf.passage(*place)
            if passage is None or passage.marker in step.markers or render_passage(passage) != branch.piece:
                continue
            yield _Step(
                branch,
                Trunk((*step.trunk.passages, passage), tokens),
                tokens,
                step.worth + evidence.of(passage, count(branch.piece)),
                step.markers | {passage.marker},
            )

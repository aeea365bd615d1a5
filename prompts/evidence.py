"""How much evidence a prompt holds, so that a cheaper one is compared with a dearer one that shows as much.

Evidence thins out along a ranking: measured over contracts and conversations (docs/decisions.md), a token
at distance x from its top is worth about 1/x of one at its beginning, and a passage whose score s falls short
of the best one's, 1.0, exp(3(s - 1)) of what it would be worth beside it. Passages ``a`` to ``b`` tokens down
are therefore worth exp(3(s - 1)) ln(b/a), and what the search passed over in a document is worth what would
stand at the end of the ranking if that went on through the whole document.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from prompts.model import PromptPassage

_TOP = 100
"""Tokens at the top that are all worth the same."""
_STEEPNESS = 3.0
"""How fast worth falls with the score."""
CORE = 0.3
"""Of what the budget holds, the best: shown whatever else a prompt holds."""
TOLD = 0.25
"""Worth of what a conversation was answered from before and the search passes over now, over that of what
would stand at the end of the ranking: a half would lose more than it saves (docs/decisions.md)."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Evidence:
    """What passages are worth for one question."""

    ranked: Sequence[PromptPassage]
    """Best first."""
    sizes: Mapping[str, int]
    """By marker, tokens of those that were ranked."""
    worth: Mapping[str, float]
    """Likewise, what they are worth."""
    density: float
    """Worth of a token that was not ranked, in a document that was searched; 0 where that is not known."""
    documents: Collection[int]
    """Numbers of the documents that ``density`` is about."""
    needed: float
    """Worth of the best passages that the budget holds."""
    core: Collection[str] = ()
    """Markers of the very best: nothing else stands in for them."""
    told: float = 0.0
    """Worth of a token that the conversation was answered from and that was not ranked."""

    def of(self, passage: PromptPassage, tokens: int, *, told: bool = False) -> float:
        """What one passage is worth; ``told`` are those that the conversation was answered from."""
        known = self.worth.get(passage.marker)
        if known is not None:
            return known
        density = self.density if passage.document in self.documents else 0.0
        return max(density, self.told if told else 0.0) * tokens

    def missing(self, held: Collection[str], worth: float) -> list[PromptPassage]:
        """The best passages to add to those held, in the order of the ranking, until there is enough.

        Args:
            held: markers of what a prompt shows already.
            worth: of all that it shows.
        """
        added: list[PromptPassage] = []
        for passage in self.ranked:
            marker = passage.marker
            if worth >= self.needed - _ROUNDING and marker not in self.core:
                break
            if marker not in held:
                added.append(passage)
                worth += self.worth[marker]
        return added


def weigh(
    ranked: Sequence[PromptPassage],
    tokens: Callable[[PromptPassage], int],
    *,
    within: Collection[str],
    scores: Mapping[str, float],
    searched: Mapping[int, int] | None = None,
) -> Evidence:
    """What each passage adds to the evidence, and how much of it is needed.

    Args:
        ranked: what was found, best first.
        tokens: of a passage as a prompt shows it.
        within: markers of those that the budget holds: so much is needed.
        scores: by marker, against 1.0 of the best; 1.0 where none is known.
        searched: tokens of each document that was searched, where these were chosen by name.
    """
    sizes = {passage.marker: tokens(passage) for passage in ranked}
    ends = list(accumulate(sizes.values()))
    starts = [0, *ends][: len(ends)]
    worth = _worths(sizes, scores)
    needed = sum(value for marker, value in worth.items() if marker in within)
    least = CORE * sum(size for marker, size in sizes.items() if marker in within)
    core = {marker for marker, start in zip(sizes, starts, strict=True) if start < least}
    found = ends[-1] if ends else 0
    last = _promise(min((scores.get(marker, 1.0) for marker in sizes), default=1.0))
    beyond, told = last * _beyond(found, searched), last * TOLD / (found + _TOP)
    return Evidence(ranked, sizes, worth, beyond, searched or {}, needed, core, told)


def worth_reading(
    ranked: Sequence[PromptPassage],
    tokens: Callable[[PromptPassage], int],
    *,
    scores: Mapping[str, float],
    least: float,
) -> Iterator[PromptPassage]:
    """The best passages, down to the first that holds too little for its length; always the first one.

    Args:
        ranked: what may answer, best first.
        tokens: of a passage as a prompt shows it.
        scores: as `weigh` has them.
        least: share of the worth of all of them that a token must have.
    """
    sizes = {passage.marker: tokens(passage) for passage in ranked}
    worth = _worths(sizes, scores)
    enough = least * sum(worth.values())
    for place, passage in enumerate(ranked):
        if place and worth[passage.marker] < enough * sizes[passage.marker]:
            return
        yield passage


def _worths(sizes: Mapping[str, int], scores: Mapping[str, float]) -> dict[str, float]:
    """By marker, the best first, what each passage is worth."""
    start, worth = 0, dict[str, float]()
    for marker, size in sizes.items():
        worth[marker] = _promise(scores.get(marker, 1.0)) * _worth(start, start + size)
        start += size
    return worth


def _beyond(found: int, searched: Mapping[int, int] | None) -> float:
    """Worth of a token beyond the end of the ranking, on the average of the documents."""
    if not searched:
        return 0.0
    whole = sum(searched.values())
    return _worth(found, whole) / (whole - found) if whole > found else 0.0


def _promise(score: float) -> float:
    """Worth of what has such a score, against 1.0 of what has the best."""
    return exp(_STEEPNESS * (score - 1.0))


def _worth(start: int, end: int) -> float:
    return log((end + _TOP) / (start + _TOP))


def total(
    passages: Iterable[PromptPassage],
    evidence: Evidence,
    tokens: Callable[[PromptPassage], int],
    told: Collection[str] = (),
) -> float:
    """What passages are worth together; ``told`` are markers, see `Evidence.of`."""
    return sum(evidence.of(one, tokens(one), told=one.marker in told) for one in passages)

"""How much evidence a prompt holds, so that a cheaper one is compared with a dearer one that shows as much.

Evidence thins out along a ranking: measured over contracts and conversations (docs/decisions.md), a token
at distance x from its top is worth about 1/x of one at its beginning. Passages ``a`` to ``b`` tokens down
are therefore worth ln(b/a), and what the search passed over in a document is worth what would stand at the
end of the ranking if that went on through the whole document.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from prompts.model import PromptPassage

_TOP = 100
"""Tokens at the top that are all worth the same."""
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

    def of(self, passage: PromptPassage, tokens: int, *, told: bool = False) -> float:
        """What one passage is worth; ``told`` are those that the conversation was answered from."""
        known = self.worth.get(passage.marker)
        if known is not None:
            return known
        density = self.density if passage.document in self.documents else 0.0
        return max(density, TOLD / (sum(self.sizes.values()) + _TOP) if told else 0.0) * tokens

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
    searched: Mapping[int, int] | None = None,
) -> Evidence:
    """What each passage adds to the evidence, and how much of it is needed.

    Args:
        ranked: what was found, best first.
        tokens: of a passage as a prompt shows it.
        within: markers of those that the budget holds: so much is needed.
        searched: tokens of each document that was searched, where these were chosen by name.
    """
    sizes = {passage.marker: tokens(passage) for passage in ranked}
    ends = list(accumulate(sizes.values()))
    starts = [0, *ends][: len(ends)]
    worth = {marker: _worth(*ends) for marker, *ends in zip(sizes, starts, ends, strict=True)}
    needed = sum(value for marker, value in worth.items() if marker in within)
    least = CORE * sum(size for marker, size in sizes.items() if marker in within)
    core = {marker for marker, start in zip(sizes, starts, strict=True) if start < least}
    beyond = _beyond(ends[-1] if ends else 0, searched)
    return Evidence(ranked, sizes, worth, beyond, searched or {}, needed, core)


def _beyond(found: int, searched: Mapping[int, int] | None) -> float:
    """Worth of a token beyond the end of the ranking, on the average of the documents."""
    if not searched:
        return 0.0
    whole = sum(searched.values())
    return _worth(found, whole) / (whole - found) if whole > found else 0.0


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

"""What the searches for a question have found, before it is put in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.model import Hit, Role

Key = tuple[int, int]
"""Document and ordinal of a hit."""


def key_of(hit: Hit) -> Key:
    """What tells a hit from all others."""
    return hit.document, hit.ordinal


@dataclass(frozen=True, slots=True)
class Closer:
    """What the places of the text that leads are worth among each other, see `ingest.topics`."""

    words: Mapping[Key, float]
    """What each loses of its score by words."""
    meaning: Mapping[Key, float]
    """The cosine of its passage."""

    def within(self, scores: Mapping[Key, float], top: float, passage: float) -> dict[Key, float]:
        """New scores of these places; the best is what it was, so that no text falls behind others."""
        own = [key for key in self.words if key in scores]
        told = {
            key: scores[key] + self.words[key] / (top or 1.0) + passage * self.meaning[key] for key in own
        }
        owed = max((scores[key] for key in own), default=0.0) - max(told.values(), default=0.0)
        return {key: score + owed for key, score in told.items()}


@dataclass(frozen=True, slots=True)
class SearchedSources:
    """The sources of what was searched, see `ingest.sources`."""

    several: bool = False
    """Whether there is more than one."""
    texts: bool = False
    """Whether one of them holds no programs."""
    standing: Mapping[int, float] = field(default_factory=dict[int, float])
    """What the scores of each are multiplied by that does."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the searches for a question have found, each list best first."""

    places: Sequence[Hit]
    """By their words."""
    near: Sequence[Hit]
    """By meaning; scores are cosines."""
    documents: Mapping[int, float]
    """Scores of whole documents."""
    pool: int
    """Places, and documents, asked for: where as many came, others may score as much as the last one."""
    learnt: bool = False
    """Whether the places were searched with the wording of answers."""
    asked: frozenset[Role] = frozenset()
    """Roles that the question is about."""
    counts: Mapping[int, int] = field(default_factory=dict[int, int])
    """Places of each document, where documents are compared."""
    openings: Mapping[int, float] = field(default_factory=dict[int, float])
    """Cosines of the documents whose openings are nearest."""
    least: float = 0.0
    """The score by words that counts as 1.0 where the best place has less."""
    sources: SearchedSources = field(default_factory=SearchedSources)
    """That it was found in."""
    closer: Closer | None = None
    """Of the text that leads, where its places were looked at once more."""

    @property
    def hits(self) -> Sequence[Hit]:
        """All, those by words last."""
        return (*self.near, *self.places)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is found in the documents that a question names, if it names any, and in all."""

    leading: Found | None
    others: Found

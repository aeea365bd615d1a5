"""Passages that may answer a question: those that hold what was found, and the rest of short documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.catalog.records import VersionRecord
    from prompts.model import PromptPassage
    from service.library import Library
    from service.searching import Evidence

SHORT = 5_000
"""Code points of a document at most that is about one thing: what answers in it speaks for all of it."""
LIFTED = 0.85
"""Of its best passage's score, what every passage of a short document has at least."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages, best first."""

    passages: Sequence[PromptPassage]
    scores: Mapping[str, float]
    """By marker, against 1.0 of the best."""


def find_candidates(
    library: Library, found: Sequence[Evidence], passages: Sequence[PromptPassage]
) -> Candidates:
    """All that may answer, by how well it promises to.

    Args:
        library: where the documents are.
        found: hits, best first.
        passages: those that hold them; of those with the same words, one.
    """
    own = _scores(found)
    best = max(own.values(), default=0.0)
    if best <= 0:
        return Candidates(passages, {passage.marker: 1.0 for passage in passages})
    top = _best_of_each(passages, own)
    short = {e.version.number: e.version for e in found if e.version.characters <= SHORT}
    every = (*passages, *_beside([short[number] for number in top if number in short], library, passages))
    scores = {one.marker: own.get(one.marker, 0.0) / best for one in every}
    for passage in every:
        if passage.document in short:
            lifted = LIFTED * top[passage.document] / best
            scores[passage.marker] = max(scores[passage.marker], lifted)
    return Candidates(sorted(every, key=lambda one: -scores[one.marker]), scores)


def _scores(found: Sequence[Evidence]) -> dict[str, float]:
    """By marker, the score of the best hit in each passage; 0 for one that is worse than nothing."""
    scores: dict[str, float] = {}
    for evidence in found:
        hit = evidence.hit
        for number in range(hit.first_passage, hit.last_passage + 1):
            scores.setdefault(f"D{hit.document}:{number}", max(hit.score, 0.0))
    return scores


def _best_of_each(passages: Sequence[PromptPassage], scores: Mapping[str, float]) -> dict[int, float]:
    """By the number of each document, the best first, its best passage's score."""
    best: dict[int, float] = {}
    for passage in passages:
        best[passage.document] = max(scores[passage.marker], best.get(passage.document, 0.0))
    return best


def _beside(
    short: Sequence[VersionRecord], library: Library, passages: Sequence[PromptPassage]
) -> Iterator[PromptPassage]:
    """What the search passed over in short documents, unless its words stand in a passage already."""
    seen = {_words(passage) for passage in passages}
    for passage in library.whole(short):
        if (words := _words(passage)) not in seen:
            seen.add(words)
            yield passage


def _words(passage: PromptPassage) -> str:
    return " ".join(passage.text.split())

"""Which document a question names, and what of the question only says so.

"Consider the lease between Acme and Bolt; who pays the rent?" is two questions. The names of the parties find
the contract, and then drown the words that find the clause. So the words that the best opening explains are
taken out of the question before the search inside that document.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.model import Hit

SHORT = 8_000
"""Code points. The opening of a document this short tells what it says, not only what it is called."""
TOPICAL = 16_000
"""Code points. What the opening of a document this short explains may be its topic: a question of one
clause is about that, and others may treat it, too. A name stands before the question, or is long."""
GAIN = 0.8
"""Of a word's BM25 score in the opening, over what the rarest word could add: rare words explain more."""
LEAST_RARITY = 1.5
"""Among a handful of documents no word is rare: each of them would seem to explain the question."""
LARGEST_GAIN = 1.5
LOSS = 0.6
"""Of a word that the opening does not hold."""
LEAST_EXPLAINED = 2.0
"""A run worth less names no document: the question is about all of them."""
CLOSE = 0.92
"""A document this close to the best one may be the one that is meant."""
MOST_NAMED = 2
"""Documents that a question may name, as a contract and its amendment share their parties."""
NAMED_AT_LENGTH = 4.0
"""A run worth this much names its document even among others of the same parties, as far as `MOST_ALIKE`."""
TOPIC_AT_LENGTH = 5.0
"""The same where it may be the topic (`may_be_topic`) in Cyrillic or CJK: elsewhere 4.0 as well."""
MOST_ALIKE = 4
"""Documents that may be meant by such a run."""
SAYS_NO_MORE = 0.3
"""Of a sentence's words: where a run explains so many, and another sentence asks, all of it is a name."""
LEAD = 0.7
"""The best document that is not meant scores at most this much of the best one."""
LONGEST_NAMING = 100
"""Terms of a question that may name a document."""


@dataclass(frozen=True, slots=True)
class Route:
    """Documents that a question names, and what it says beside that."""

    documents: tuple[int, ...]
    terms: tuple[int, ...]
    """Those that the name does not explain."""
    is_short: bool
    """Whether the opening that explains the name is all of the document, or nearly."""


def stands_out(scores: Sequence[float]) -> bool:
    """Whether the best `MOST_NAMED` scores leave the next one behind; scores are best first."""
    return bool(scores) and (len(scores) <= MOST_NAMED or scores[MOST_NAMED] <= LEAD * scores[0])


def agreed(close: Sequence[Hit], lead: int | None) -> list[Hit]:
    """Of the closest openings that of a long text which also holds the best place: two ways lead to it.

    The opening of a short text, or of a program, is what it says: no second way.
    """
    return [
        hit
        for hit in close
        if hit.document == lead and hit.role == Role.PROSE and hit.end - hit.start > SHORT
    ]


def may_be_topic(sentences: Sequence[Sequence[object]], length: int) -> bool:
    """Whether words of a question with these clauses may be what a document of this length is about."""
    return sum(map(len, sentences)) == 1 and length <= TOPICAL


def is_named_at_length(explained: float, close: int, *, is_topic: bool) -> bool:
    """Whether a run worth so much names its document, among so many that are close to the best one."""
    return explained >= (TOPIC_AT_LENGTH if is_topic else NAMED_AT_LENGTH) and close <= MOST_ALIKE


def what_is_left(
    sentences: Sequence[Sequence[Sequence[tuple[int, ...]]]], values: Mapping[tuple[int, ...], float]
) -> tuple[float, tuple[int, ...]]:
    """How much the best run of a question's words is worth, and the terms that it does not explain.

    Args:
        sentences: clauses of words of terms; no run goes over the border of a clause.
        values: of each word.
    """
    best, place = 0.0, (0, 0, 0, 0)
    for i, clauses in enumerate(sentences):
        for j, words in enumerate(clauses):
            start, end, explained = explained_run([values[word] for word in words])
            if explained > best:
                best, place = explained, (i, j, start, end)
    i, j, start, end = place
    said = [word for clause in sentences[i] for word in clause if word]
    others = [word for other in (*sentences[:i], *sentences[i + 1 :]) for clause in other for word in clause]
    naming = sum(1 for word in sentences[i][j][start:end] if word)
    if any(others) and naming >= SAYS_NO_MORE * len(said):
        return best, tuple(term for word in others for term in word)
    left = [
        word
        for at, clauses in enumerate(sentences)
        for which, words in enumerate(clauses)
        for position, word in enumerate(words)
        if (at, which) != (i, j) or not start <= position < end
    ]
    return best, tuple(term for word in left for term in word)


def explained_run(values: Sequence[float]) -> tuple[int, int, float]:
    """The contiguous run with the largest sum: its start, its end, its sum (Kadane)."""
    best = (0, 0, 0.0)
    start, total = 0, 0.0
    for i, value in enumerate(values):
        total += value
        if total <= 0:
            start, total = i + 1, 0.0
        elif total > best[2]:
            best = (start, i + 1, total)
    return best


def rarity(documents: int) -> float:
    """The inverse document frequency, as BM25 counts it, of a word that one of so many documents holds."""
    return max(LEAST_RARITY, math.log(1 + (documents - 0.5) / 1.5))


def word_value(word: Sequence[int], scores: Sequence[float], rarest: float) -> float:
    """What a word adds to a run: its score in the opening, or a loss; a function word is neutral."""
    if not word:
        return 0.0
    return min(LARGEST_GAIN, GAIN * max(scores) / rarest) if any(scores) else -LOSS

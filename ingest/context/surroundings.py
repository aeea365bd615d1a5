"""What a place in a document cannot be read without, and where in the same document that stands."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

from ingest.context.clauses import Clauses
from ingest.context.programs import Enclosing
from ingest.context.references import References
from ingest.context.terms import Terms
from ingest.outline.model import Outline
from ingest.outline.outline import outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Companion, ContextKind, Document, Passage

LONGEST = 2_000_000
"""Code points: nobody waits for the outline of a longer document, which is no contract."""
_NO_OUTLINE = Outline((), (), (), (), ())
ENOUGH = 200
"""Code points of a companion that tell what it is about."""
ONE_CLAUSE = 600
"""Code points: a passage this short is one clause, all of which matters; of a longer one the hits do."""
MOST_OF_A_KIND = 2
"""Definitions, or references, that one passage brings."""


class Surroundings:
    """One document with its outline; making it costs the outline (0.5 to 0.7 CPU s/MB), asking little."""

    def __init__(self, document: Document) -> None:
        self.outline = outline(document) if len(document.text) <= LONGEST else _NO_OUTLINE
        self._clauses = Clauses(document, self.outline.sections)
        self._references = References(document.text, self.outline.sections, self.outline.references)
        self._terms = Terms(document.text, self.outline, self._references)
        self._enclosing = Enclosing(document.text, document.symbols)

    def around(self, passage: tuple[int, int], hits: Sequence[tuple[int, int]]) -> Iterator[Companion]:
        """The companions of a passage for the sake of the hits in it, those needed most first.

        First what the best hit stands in; then the clauses that the hits name, and the terms that they use.
        Each range comes once, and nothing that the passage holds itself.
        """
        seen: set[tuple[int, int]] = set()
        counts: Counter[ContextKind] = Counter()
        for companion in self._all(passage, hits):
            place = (companion.start, companion.end)
            if place not in seen and counts[companion.kind] < MOST_OF_A_KIND:
                seen.add(place)
                counts[companion.kind] += 1
                yield companion

    def _all(self, passage: tuple[int, int], hits: Sequence[tuple[int, int]]) -> Iterator[Companion]:
        first = hits[0][0]
        yield from self._enclosing.around(passage, first)
        yield from self._clauses.above(passage, first)
        for place in (*hits, passage) if passage[1] - passage[0] <= ONE_CLAUSE else hits:
            yield from self._references.named(place, passage)
            yield from self._terms.used(place, passage)


def passages_of(passages: Sequence[Passage], companion: Companion) -> range:
    """Numbers of the passages that hold a companion's beginning: one, or two where the first holds little."""
    starts = [passage.start for passage in passages]
    first = max(bisect_right(starts, companion.start), 1)
    held = passages[first - 1].end - companion.start
    more = held < min(ENOUGH, companion.end - companion.start) and first < len(passages)
    return range(first, first + 1 + more)

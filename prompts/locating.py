"""A citation narrowed to its quote, or to the sentence that supports the claim best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prompts.checks.sources import Evidence
from prompts.model import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.checks.support import Judge
    from prompts.marker_grammar import Reference
    from prompts.resolving import Place


@dataclass(eq=False, slots=True)
class Cited:
    """A citation while its answer still grows, and what it proves with."""

    citation: Citation
    evidence: tuple[Evidence, ...]

    def holds(self, code: str) -> bool:
        """Whether these very lines follow one another in what is cited, however they are indented."""
        wanted = _lines(code)
        return any(wanted in _lines(item.source.text) for item in self.evidence)


def locate(judge: Judge, reference: Reference, places: Sequence[Place]) -> Cited:
    """Narrow a reference to its quote, or to the sentence that supports the claim best."""

    def rank(place: Place, found: Evidence) -> tuple[bool, float]:
        return found.has_quote, judge.closeness(place.source, 0, len(place.source.text))

    evidence: list[Evidence] = []
    for place in places:
        found = place.quotable.locate(
            reference.quote, lambda start, end, place=place: judge.closeness(place.source, start, end)
        )
        evidence.append(Evidence(place.source, found.quoted, found.start, found.end))
    chosen = (
        max(range(len(places)), key=lambda index: rank(places[index], evidence[index])) if places[1:] else 0
    )
    place, found = places[chosen], evidence[chosen]
    if found.has_quote:
        evidence = [
            replace(item, quoted="unquoted") if item.quoted == "not_found" else item for item in evidence
        ]
        start, end = found.start, found.end
    else:
        best = judge.best_sentence(place.source)
        start, end = (best.start, best.end) if best else _trimmed(place.source.text)
    citation = Citation(
        index=0,
        marker=f"D{place.document}:{place.first}" + (f"-{place.last}" if place.last > place.first else ""),
        document=place.document,
        first_passage=place.first,
        last_passage=place.last,
        start=place.start + start,
        end=place.start + end,
        quote=reference.quote,
        quoted=found.quoted,
        support=0.0,
        answer_spans=(),
    )
    return Cited(citation, tuple(evidence))


def _lines(code: str) -> str:
    """Each line between breaks, without what is blank."""
    return "".join(f"\n{' '.join(line.split())}\n" for line in code.splitlines() if line.strip())


def _trimmed(text: str) -> tuple[int, int]:
    """The range of a text without the white space around it."""
    return len(text) - len(text.lstrip()), len(text.rstrip()) or len(text)

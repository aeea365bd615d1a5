"""Prove an answer: resolve its markers, find its quotes, test its claims, show ``[1]`` where a marker stood.

The whole answer and the stream are one code path: ``prove`` feeds the stream at once.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prompts.checks.support import Judge, Support
from prompts.claim_stream import ClaimStream
from prompts.locating import locate
from prompts.marker_grammar import Group
from prompts.markers import MarkerStream
from prompts.model import Claim, ProvenAnswer, Span
from prompts.refusals import is_refusal
from prompts.resolving import Library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompts.claims import Statement
    from prompts.locating import Cited
    from prompts.marker_grammar import Reference
    from prompts.markers import Piece
    from prompts.model import Citation, PromptPassage
    from prompts.resolving import Place

UNRESOLVED = "[?]"
"""What people see in place of a marker that names no passage of the prompt."""


@dataclass(frozen=True, slots=True)
class Delta:
    """More of the answer's text, as people see it."""

    text: str


@dataclass(frozen=True, slots=True)
class CitationFound:
    """A citation as far as it is known; a later event with the same index replaces it."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class ClaimProven:
    """A claim with its verdict; final."""

    claim: Claim


Event = Delta | CitationFound | ClaimProven


def prove(raw: str, passages: Mapping[tuple[int, int], PromptPassage]) -> ProvenAnswer:
    """Prove a whole answer. ``passages`` are those of the prompt, by document and passage number."""
    stream = ProofStream(passages)
    stream.feed(raw)
    _, answer = stream.finish()
    return answer


class ProofStream:
    """Proves an answer while it arrives.

    The deltas of all events join to ``ProvenAnswer.text``; claims come in order; the last ``CitationFound``
    of each index is the citation of the answer.
    """

    def __init__(self, passages: Mapping[tuple[int, int], PromptPassage]) -> None:
        self._library = Library(passages)
        self._markers = MarkerStream()
        self._statements = ClaimStream()
        self._text = ""
        self._marks: list[tuple[Span, int]] = []
        self._citations: list[Cited] = []
        self._by_place: dict[tuple[int | str, ...], Cited] = {}
        self._unresolved: list[str] = []
        self._claims: list[Claim] = []
        self._reading = Judge("")
        """The claim that was cited last, as far as it was written then."""
        self._refuses = False
        """Whether it says somewhere that the documents do not answer."""

    def feed(self, delta: str) -> list[Event]:
        """Take more of what the model writes; give what is certain."""
        return list(self._show(self._markers.feed(delta)))

    def admit(self, passages: Iterable[PromptPassage]) -> None:
        """More passages that the model has been shown; those that are known stay as they are."""
        self._library.admit(passages)

    def finish(self) -> tuple[list[Event], ProvenAnswer]:
        """The answer is over: the last events, and the whole."""
        events = [*self._show(self._markers.finish()), *self._judge_all(self._statements.finish())]
        substantive = [claim for claim in self._claims if claim.substantive]
        supported = all(claim.supported for claim in substantive) and bool(substantive or self._refuses)
        invented = any(cited.citation.quoted == "not_found" for cited in self._citations)
        answer = ProvenAnswer(
            text=self._text,
            claims=tuple(self._claims),
            citations=tuple(cited.citation for cited in self._citations),
            unresolved=tuple(dict.fromkeys(self._unresolved)),
            grounded=supported and not invented and not self._unresolved,
        )
        return events, answer

    def _show(self, pieces: Sequence[Piece]) -> Iterator[Event]:
        for piece in pieces:
            if isinstance(piece, Group):
                yield from self._cite(piece)
            else:
                self._text += piece
                yield Delta(piece)
                yield from self._judge_all(self._statements.feed(piece))

    def _cite(self, group: Group) -> Iterator[Event]:
        found: list[Cited] = []
        lost = [] if group.references else [group.written]
        for reference in group.references:
            places, missing = self._library.resolve(reference)
            lost += missing
            if places and (cited := self._cited(reference, places)) not in found:
                found.append(cited)
        for cited in found:
            yield self._mark(f"[{cited.citation.index}]", cited)
        if lost:
            self._unresolved += lost
            yield self._mark(UNRESOLVED, None)
        for cited in found:
            yield CitationFound(cited.citation)

    def _mark(self, shown: str, cited: Cited | None) -> Delta:
        span = Span(len(self._text), len(self._text) + len(shown))
        self._text += shown
        self._statements.cite(shown)
        if cited:
            self._marks.append((span, cited.citation.index))
            cited.citation = replace(cited.citation, answer_spans=(*cited.citation.answer_spans, span))
        return Delta(shown)

    def _cited(self, reference: Reference, places: Sequence[Place]) -> Cited:
        """The citation of a reference: a new one, or the one that already stands for the same place."""
        claim = self._statements.current()
        if claim != self._reading.claim:
            self._reading = Judge(claim)
        cited = locate(self._reading, reference, places)
        citation = cited.citation
        invented = citation.quote if citation.quoted == "not_found" else ""
        key = (citation.document, citation.start, citation.end, invented)
        known = self._by_place.get(key)
        if known is None:
            known = self._by_place[key] = cited
            known.citation = replace(citation, index=len(self._citations) + 1)
            self._citations.append(known)
        return known

    def _cited_between(self, start: int, end: int) -> list[Cited]:
        """What is cited in a range of the answer, each once."""
        first = bisect_left(self._marks, start, key=lambda mark: mark[0].start)
        beyond = bisect_left(self._marks, end, key=lambda mark: mark[0].start)
        indexes = dict.fromkeys(index for _, index in self._marks[first:beyond])
        return [self._citations[index - 1] for index in indexes]

    def _announced_by(self, program: Statement) -> list[Cited]:
        """What the claim before a program cites, if it ends in a colon: "It is set so [1]:"."""
        start = self._claims[-1].start if self._claims else program.start
        before = self._statements.words(start, program.start).rstrip()
        return self._cited_between(start, program.start) if before.endswith((":", "：")) else []

    def _judge_all(self, statements: Iterable[Statement]) -> Iterator[Event]:
        for statement in statements:
            yield from self._judge(statement)

    def _judge(self, statement: Statement) -> Iterator[Event]:
        self._refuses |= is_refusal(statement.words)
        cited = self._cited_between(statement.start, statement.end)
        judge = Judge(statement.words)
        support = judge.judge([evidence for item in cited for evidence in item.evidence])
        if statement.kind == "code" and not cited:
            cited = [item for item in self._announced_by(statement) if item.holds(statement.words)]
            support = Support(1.0, ()) if cited else support
        for item in cited:
            score = judge.judge(item.evidence).score if len(cited) > 1 else support.score
            if score > item.citation.support:
                item.citation = replace(item.citation, support=score)
                yield CitationFound(item.citation)
        claim = Claim(
            start=statement.start,
            end=statement.end,
            substantive=statement.substantive,
            supported=support.supported,
            score=support.score,
            citations=tuple(item.citation.index for item in cited),
            missing=support.missing if statement.substantive or cited else (),
        )
        self._claims.append(claim)
        yield ClaimProven(claim)

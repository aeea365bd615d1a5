"""Prove an answer: resolve its markers, find its quotes, test its claims, show ``[1]`` where a marker stood.

The whole answer and the stream are one code path: ``prove`` feeds the stream at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from prompts.checks.sources import Evidence, Source
from prompts.checks.support import Judge, Support
from prompts.claims import SETTLED, claims_of, read_claim, split_blocks, words_of
from prompts.marker_grammar import Group
from prompts.markers import MarkerStream
from prompts.model import Citation, Claim, ProvenAnswer, Span
from prompts.quotes import Quotable
from prompts.refusals import is_refusal
from prompts.sentences import BORDER, CITATION
from prompts.words import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompts.claims import Block, BlockKind, Extent, Statement
    from prompts.marker_grammar import Reference
    from prompts.markers import Piece
    from prompts.model import PromptPassage

UNRESOLVED = "[?]"
"""What people see in place of a marker that names no passage of the prompt."""


_LONGEST_KEPT = 2_000
"""Characters of a cited text that is remembered from one answer to the next."""


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
        self._library = _Library(passages)
        self._markers = MarkerStream()
        self._text = ""
        self._masked = ""
        self._marks: list[tuple[Span, int]] = []
        self._citations: list[_Cited] = []
        self._by_place: dict[tuple[int | str, ...], _Cited] = {}
        self._unresolved: list[str] = []
        self._claims: list[Claim] = []
        self._refuses = False
        """Whether it says somewhere that the documents do not answer."""
        self._open = 0
        self._first: BlockKind | None = None
        """The kind of the block that the open part begins inside of."""
        self._is_unsure = False
        """Whether the open part must be read again: it was cut, or its last line has no word yet."""
        self._seen = 0

    def feed(self, delta: str) -> list[Event]:
        """Take more of what the model writes; give what is certain."""
        return list(self._show(self._markers.feed(delta)))

    def admit(self, passages: Iterable[PromptPassage]) -> None:
        """More passages that the model has been shown; those that are known stay as they are."""
        self._library.admit(passages)

    def finish(self) -> tuple[list[Event], ProvenAnswer]:
        """The answer is over: the last events, and the whole."""
        events = [*self._show(self._markers.finish()), *self._settle(final=True)]
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
                self._masked += piece.replace(CITATION, " ")
                yield Delta(piece)
                if len(self._masked) - self._seen >= SETTLED or "\n" in piece:
                    self._seen = len(self._masked)
                    if "\n" in piece or self._is_unsure or self._has_border():
                        yield from self._settle(final=False)

    def _cite(self, group: Group) -> Iterator[Event]:
        judge = Judge(self._claim_so_far())
        found: list[_Cited] = []
        lost = [] if group.references else [group.written]
        for reference in group.references:
            places, missing = self._library.resolve(reference)
            lost += missing
            if places and (cited := self._cited(judge, reference, places)) not in found:
                found.append(cited)
        for cited in found:
            yield self._mark(f"[{cited.citation.index}]", cited)
        if lost:
            self._unresolved += lost
            yield self._mark(UNRESOLVED, None)
        for cited in found:
            yield CitationFound(cited.citation)

    def _mark(self, shown: str, cited: _Cited | None) -> Delta:
        span = Span(len(self._text), len(self._text) + len(shown))
        self._text += shown
        self._masked += CITATION * len(shown)
        if cited:
            self._marks.append((span, cited.citation.index))
            cited.citation = replace(cited.citation, answer_spans=(*cited.citation.answer_spans, span))
        return Delta(shown)

    def _cited(self, judge: Judge, reference: Reference, places: Sequence[_Place]) -> _Cited:
        """The citation of a reference: a new one, or the one that already stands for the same place."""
        cited = _locate(judge, reference, places)
        citation = cited.citation
        invented = citation.quote if citation.quoted == "not_found" else ""
        key = (citation.document, citation.start, citation.end, invented)
        known = self._by_place.get(key)
        if known is None:
            known = self._by_place[key] = cited
            known.citation = replace(citation, index=len(self._citations) + 1)
            self._citations.append(known)
        return known

    def _claim_so_far(self) -> str:
        """The words of the claim that the next citation belongs to, as far as they are written."""
        tail = self._masked[self._open :]
        blocks = split_blocks(tail, self._first)
        extents = list(claims_of(tail, blocks[-1])) if blocks else []
        return words_of(tail, extents[-1]) if extents else ""

    def _has_border(self) -> bool:
        """Whether a sentence may have ended in the last line; else nothing is settled since that began."""
        return BORDER.search(self._masked, self._masked.rfind("\n") + 1) is not None

    def _settle(self, *, final: bool) -> Iterator[Event]:
        """Judge the claims that no later text can change."""
        opened, tail = self._open, self._masked[self._open :]
        blocks = split_blocks(tail, self._first)
        extents = [extent for block in blocks for extent in claims_of(tail, block)]
        done = self._done()
        for extent, following in zip_longest(extents, extents[1:]):
            if opened + extent.start < done:
                continue
            if not (final or (following and _is_settled(tail, extent, following))):
                break
            yield from self._judge(read_claim(tail, extent).moved(opened))
        self._close(tail, blocks, extents)
        last_line = tail[tail.rfind("\n") + 1 :]
        self._is_unsure = self._open > opened or not any(map(str.isalnum, last_line))

    def _done(self) -> int:
        """Where the last claim that is judged ends."""
        return self._claims[-1].end if self._claims else 0

    def _close(self, tail: str, blocks: Sequence[Block], extents: Sequence[Extent]) -> None:
        """Forget what is judged and nothing later can change: long answers cost no more per word."""
        opened, done = self._open, self._done() - self._open
        closed = [block for block in blocks if block.start <= done]
        if not closed:
            return
        block = closed[-1]
        if block.start:
            self._open, self._first = opened + block.start, None
        following = next((extent.start for extent in extents if extent.start >= done), None)
        inside = following is not None and block.start < done and "\n" not in tail[done:following]
        if inside and following is not None and block.kind in ("paragraph", "item"):
            self._open, self._first = opened + following, "paragraph"

    def _cited_between(self, start: int, end: int) -> list[_Cited]:
        """What is cited in a range of the answer, each once."""
        indexes = dict.fromkeys(index for span, index in self._marks if start <= span.start < end)
        return [self._citations[index - 1] for index in indexes]

    def _announced_by(self, program: Statement) -> list[_Cited]:
        """What the claim before a program cites, if it ends in a colon: "It is set so [1]:"."""
        start = self._claims[-1].start if self._claims else program.start
        before = self._masked[start : program.start].replace(CITATION, "").rstrip()
        return self._cited_between(start, program.start) if before.endswith((":", "：")) else []

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


def _is_settled(text: str, extent: Extent, following: Extent) -> bool:
    """Whether the border between two claims is certain: enough of the second one's line is known."""
    if text.find("\n", following.start) >= 0:
        return True
    apart = text.find("\n", extent.end, following.start) >= 0
    return not apart and len(text) - following.start >= SETTLED


@dataclass(frozen=True, slots=True)
class _Place:
    """Passages that follow one another without a gap, read as one text."""

    document: int
    first: int
    last: int
    start: int
    source: Source
    quotable: Quotable


@dataclass(eq=False, slots=True)
class _Cited:
    """A citation while its answer still grows, and what it proves with."""

    citation: Citation
    evidence: tuple[Evidence, ...]

    def holds(self, code: str) -> bool:
        """Whether these very lines follow one another in what is cited, however they are indented."""
        wanted = _lines(code)
        return any(wanted in _lines(item.source.text) for item in self.evidence)


class _Library:
    """The passages of the prompt; every stretch of them is read once."""

    def __init__(self, passages: Mapping[tuple[int, int], PromptPassage]) -> None:
        self._passages = dict(passages)
        self._places: dict[tuple[int, int, int], _Place] = {}
        self._numbers: dict[int, list[int]] = {}
        for document, number in sorted(passages):
            self._numbers.setdefault(document, []).append(number)

    def admit(self, passages: Iterable[PromptPassage]) -> None:
        """More passages, each once."""
        for passage in passages:
            key = (passage.document, passage.number)
            if key not in self._passages:
                self._passages[key] = passage
                insort(self._numbers.setdefault(passage.document, []), passage.number)

    def resolve(self, reference: Reference) -> tuple[list[_Place], list[str]]:
        """The stretches of a reference that the prompt holds, and the markers of those that it does not."""
        known = self._numbers.get(reference.document, [])
        numbers = known[bisect_left(known, reference.first) : bisect_right(known, reference.last)]
        if not numbers:
            return [], [reference.marker]
        places = [self._place(reference.document, run) for run in self._runs(reference.document, numbers)]
        return places, list(_gaps(reference, numbers))

    def _runs(self, document: int, numbers: Sequence[int]) -> Iterator[list[int]]:
        run: list[int] = []
        for number in numbers:
            before = self._passages[document, run[-1]] if run else None
            start = self._passages[document, number].start
            if before and not (before.number + 1 == number and before.start + len(before.text) == start):
                yield run
                run = []
            run.append(number)
        yield run

    def _place(self, document: int, run: Sequence[int]) -> _Place:
        key = (document, run[0], run[-1])
        if key not in self._places:
            text = "".join(self._passages[document, number].text for number in run)
            start = self._passages[document, run[0]].start
            read = _read if len(text) <= _LONGEST_KEPT else _read.__wrapped__
            self._places[key] = _Place(*key, start, *read(text))
        return self._places[key]


@lru_cache(maxsize=TEXTS)
def _read(text: str) -> tuple[Source, Quotable]:
    """A cited text, read once for all answers: pinned documents and popular passages are cited again."""
    return Source(text), Quotable(text)


def _gaps(reference: Reference, numbers: Sequence[int]) -> Iterator[str]:
    """The markers of a range's passages that are not in ``numbers``."""
    expected = reference.first
    for number in [*numbers, reference.last + 1]:
        if number > expected:
            reach = "" if number - 1 == expected else f"-{number - 1}"
            yield f"D{reference.document}:{expected}{reach}"
        expected = number + 1


def _locate(judge: Judge, reference: Reference, places: Sequence[_Place]) -> _Cited:
    """Narrow a reference to its quote, or to the sentence that supports the claim best."""

    def rank(place: _Place, found: Evidence) -> tuple[bool, float]:
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
    return _Cited(citation, tuple(evidence))


def _lines(code: str) -> str:
    """Each line between breaks, without what is blank."""
    return "".join(f"\n{' '.join(line.split())}\n" for line in code.splitlines() if line.strip())


def _trimmed(text: str) -> tuple[int, int]:
    """The range of a text without the white space around it."""
    return len(text) - len(text.lstrip()), len(text.rstrip()) or len(text)

"""The answer without a model: the best passages themselves, cited like any other answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.model import Citation, Claim, ProvenAnswer, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompts.model import PromptPassage
    from service.searching import Evidence

EXTRACTS = 3
LONGEST_EXTRACT = 700
"""Code points: beyond, the passage is cut around its best hit."""
_EMPTY_LINES = re.compile(r"\A\s*\n")
"""Indentation of the first line stays: in code it means something."""
NOTHING_FOUND = "The documents do not say."


def extract(found: Sequence[Evidence], passages: Iterable[PromptPassage]) -> ProvenAnswer:
    """Quote the best passages, best first; every claim is its own proof.

    Args:
        found: hits, best first.
        passages: at least the passages that hold them.
    """
    by_marker = {passage.marker: passage for passage in passages}
    text, claims, citations = "", list[Claim](), list[Citation]()
    for index, cut in enumerate(_best(found, by_marker), start=1):
        text += "\n\n" if text else ""
        begin, mark = len(text), f"[{index}]"
        text += f"{cut.words} {mark}"
        citations.append(_citation(index, cut, Span(len(text) - len(mark), len(text))))
        claims.append(_claim(begin, len(text), index))
    return ProvenAnswer(text or NOTHING_FOUND, tuple(claims), tuple(citations), (), grounded=True)


@dataclass(frozen=True, slots=True)
class _Extract:
    """What is quoted of a passage."""

    passage: PromptPassage
    start: int
    quote: str
    paged: bool

    @property
    def words(self) -> str:
        return " ".join(self.quote.split())


def _best(found: Sequence[Evidence], by_marker: Mapping[str, PromptPassage]) -> list[_Extract]:
    """The best hit of each of the best passages; of copies the one that has pages to open."""
    by_passage: dict[str, Evidence] = {}
    for evidence in found:
        by_passage.setdefault(f"D{evidence.hit.document}:{evidence.hit.first_passage}", evidence)
    extracts: dict[str, _Extract] = {}
    for marker, evidence in by_passage.items():
        cut = _around(by_marker[marker], evidence)
        known = extracts.get(cut.words)
        if known is None or (cut.paged and not known.paged):
            extracts[cut.words] = cut
    return list(extracts.values())[:EXTRACTS]


def _citation(index: int, cut: _Extract, mark: Span) -> Citation:
    return Citation(
        index=index,
        marker=cut.passage.marker,
        document=cut.passage.document,
        first_passage=cut.passage.number,
        last_passage=cut.passage.number,
        start=cut.start,
        end=cut.start + len(cut.quote),
        quote=cut.quote,
        quoted="exact",
        support=1.0,
        answer_spans=(mark,),
    )


def _claim(start: int, end: int, citation: int) -> Claim:
    return Claim(
        start=start, end=end, substantive=True, supported=True, score=1.0, citations=(citation,), missing=()
    )


def _around(passage: PromptPassage, evidence: Evidence) -> _Extract:
    """The passage or, of a long one, its best hit; without empty lines before and white space after it."""
    start, text = passage.start, passage.text
    if len(text) > LONGEST_EXTRACT:
        start, text = evidence.hit.start, text[evidence.hit.start - start : evidence.hit.end - start]
    skipped = len(text) - len(_EMPTY_LINES.sub("", text))
    return _Extract(passage, start + skipped, text[skipped:].rstrip(), evidence.version.pages > 0)

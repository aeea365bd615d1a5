"""The answer without a model: the best passages themselves, cited like any other answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.model import Citation, Claim, ProvenAnswer, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompts.model import PromptPassage
    from service.searching import Evidence

EXTRACTS = 3
LONGEST_EXTRACT = 700
"""Code points: beyond, the passage is cut around its best hit."""
NOTHING_FOUND = "The documents do not say."


def extract(found: Sequence[Evidence], passages: Iterable[PromptPassage]) -> ProvenAnswer:
    """Quote the best passages, best first; every claim is its own proof.

    Args:
        found: hits, best first.
        passages: at least the passages that hold them.
    """
    by_marker = {passage.marker: passage for passage in passages}
    text, claims, citations = "", list[Claim](), list[Citation]()
    said: set[str] = set()
    for evidence in _best(found):
        passage = by_marker[f"D{evidence.hit.document}:{evidence.hit.first_passage}"]
        start, end = _around(passage, evidence)
        quote = passage.text[start - passage.start : end - passage.start]
        words = " ".join(quote.split())
        if words in said:  # the same clause in another copy of the document
            continue
        said.add(words)
        index = len(citations) + 1
        text += "\n\n" if text else ""
        begin, mark = len(text), f"[{index}]"
        text += f"{words} {mark}"
        citations.append(_citation(index, passage, start, quote, Span(len(text) - len(mark), len(text))))
        claims.append(_claim(begin, len(text), index))
        if index == EXTRACTS:
            break
    return ProvenAnswer(text or NOTHING_FOUND, tuple(claims), tuple(citations), (), grounded=True)


def _citation(index: int, passage: PromptPassage, start: int, quote: str, mark: Span) -> Citation:
    return Citation(
        index=index,
        marker=passage.marker,
        document=passage.document,
        first_passage=passage.number,
        last_passage=passage.number,
        start=start,
        end=start + len(quote),
        quote=quote,
        quoted="exact",
        support=1.0,
        answer_spans=(mark,),
    )


def _claim(start: int, end: int, citation: int) -> Claim:
    return Claim(
        start=start, end=end, substantive=True, supported=True, score=1.0, citations=(citation,), missing=()
    )


def _best(found: Sequence[Evidence]) -> list[Evidence]:
    """The best hit of each of the best passages."""
    by_passage: dict[tuple[int, int], Evidence] = {}
    for evidence in found:
        by_passage.setdefault((evidence.hit.document, evidence.hit.first_passage), evidence)
    return list(by_passage.values())


def _around(passage: PromptPassage, evidence: Evidence) -> tuple[int, int]:
    """The passage without the white space around it, or what of it stands around the hit."""
    start, end = passage.start, passage.start + len(passage.text)
    if end - start > LONGEST_EXTRACT:
        start, end = evidence.hit.start, evidence.hit.end
    quote = passage.text[start - passage.start : end - passage.start]
    return start + len(quote) - len(quote.lstrip()), end - len(quote) + len(quote.rstrip())

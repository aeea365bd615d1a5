"""The answer without a model: the best passages themselves, cited like any other answer."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.answerability import LEAST_CONFIDENCE
from prompts.model import Citation, Claim, ProvenAnswer, Span
from prompts.words import concept, content_words, script_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.model import Hit
    from prompts.model import ContextPassage, PromptPassage
    from service.searching import Evidence

EXTRACTS = 3
LONGEST_EXTRACT = 700
"""Code points: beyond, the passage is cut around its best hit."""
_Cut = tuple["PromptPassage", int, str]
"""A passage, and where in the document which of its words are quoted."""
_NUMBER = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")
"""A hit may hold nothing but empty lines, or the number of its page."""
_EMPTY_LINES = re.compile(r"\A\s*\n")
"""Indentation of the first line stays: in code it means something."""
_NOTHING: Mapping[str, Sequence[ContextPassage]] = MappingProxyType({})
NOTHING_FOUND = "The documents do not say."


def extract(
    question: str,
    found: Iterable[Evidence],
    passages: Sequence[PromptPassage],
    context: Mapping[str, Sequence[ContextPassage]] = _NOTHING,
    *,
    confidence: float | None = None,
) -> ProvenAnswer:
    """Quote the best passages; every claim is its own proof.

    A list's item is quoted behind the words that lead in to it, a clause before the one that amends it. What
    leads in to several is one citation.

    There is always a nearest vector: a passage that shares no word with a question in its own script is
    no answer, and where the search is not sure enough, none of that script is. Of another script only the
    vectors can tell.

    Args:
        question: with the earlier ones that it goes on from.
        found: hits, best first.
        passages: passages that hold them, best first.
        context: by the markers of passages what they cannot be read without.
        confidence: of the search, that there is an answer; None where it is not known.
    """
    sure = confidence is None or confidence >= LEAST_CONFIDENCE
    passages = [passage for passage in passages if _is_related(question, passage.text, sure=sure)]
    best: dict[str, Hit] = {}
    for evidence in found:
        best.setdefault(f"D{evidence.hit.document}:{evidence.hit.first_passage}", evidence.hit)
    text, claims, citations = "", list[Claim](), dict[tuple[str, int, int], Citation]()
    cuts = [(passage, *_around(passage, best[passage.marker])) for passage in passages]
    told = [cut for cut in cuts if _LETTER.search(cut[2])]
    for cut in told[:EXTRACTS]:
        text += "\n\n" if text else ""
        for passage, start, quote in _with_context(cut, context.get(cut[0].marker, ())):
            text += " " if text[-1:].strip() else ""
            place = passage.marker, start, start + len(quote)
            cited = citations.get(place) or _citation(len(citations) + 1, passage, start, quote)
            begin, mark = len(text), f"[{cited.index}]"
            text += f"{' '.join(quote.split())} {mark}"
            shown = Span(len(text) - len(mark), len(text))
            citations[place] = replace(cited, answer_spans=(*cited.answer_spans, shown))
            claims.append(_claim(begin, len(text), cited.index))
    return ProvenAnswer(text or NOTHING_FOUND, tuple(claims), tuple(citations.values()), (), grounded=True)


def _with_context(cut: _Cut, context: Sequence[ContextPassage]) -> list[_Cut]:
    before = [_needed(one) for one in context if one.kind == "lead_in"][:1]
    after = [_needed(one) for one in context if one.kind == "amendment"][:1]
    return [one for one in (*before, cut, *after) if one[2]]


def _needed(brought: ContextPassage) -> _Cut:
    """Of a passage that was brought, the words that are needed."""
    passage = brought.passage
    words = passage.text[max(brought.start - passage.start, 0) : max(brought.end - passage.start, 0)]
    return passage, max(brought.start, passage.start), words.rstrip()


def _is_related(question: str, text: str, *, sure: bool) -> bool:
    asked = {concept(word.stem) for word in content_words(question)} | set(_NUMBER.findall(question))
    if asked and script_of(question) != script_of(text):
        return True
    return sure and not asked.isdisjoint(
        {concept(word.stem) for word in content_words(text)} | set(_NUMBER.findall(text))
    )


def _around(passage: PromptPassage, hit: Hit) -> tuple[int, str]:
    """The passage or, of a long one, its best hit; without empty lines before and white space after it."""
    start, text = passage.start, passage.text
    if len(text) > LONGEST_EXTRACT:
        start, text = hit.start, text[hit.start - start : hit.end - start]
    shown = _EMPTY_LINES.sub("", text)
    return start + len(text) - len(shown), shown.rstrip()


def _citation(index: int, passage: PromptPassage, start: int, quote: str) -> Citation:
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
        answer_spans=(),
    )


def _claim(start: int, end: int, citation: int) -> Claim:
    return Claim(
        start=start, end=end, substantive=True, supported=True, score=1.0, citations=(citation,), missing=()
    )

"""How well a list of hits finds what is marked as gold.

Characters at a budget follow LegalBench-RAG (Pipitone and Houir Alami, arXiv 2408.10343), with equal
characters in place of equal k: hits are taken in order until their characters reach the budget, the last
one is cut, what overlaps is paid for twice and counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.evaluation.dataset import Gold, LabelledQuery

BUDGETS = (400, 4_000, 16_000)
"""Code points."""
FILES = 10
LONGEST_PARAGRAPH_HIT = 1_500


@dataclass(frozen=True, slots=True)
class Found:
    """A hit in a labelled document."""

    document: str
    start: int
    end: int
    score: float


def measure(query: LabelledQuery, hits: Sequence[Found], texts: Mapping[str, str]) -> dict[str, float]:
    """Every measure that this query's labels allow; empty for a query without gold."""
    figures: dict[str, float] = {}
    ranges = [(g.document, g.start, g.end) for g in query.gold if g.end is not None]
    if ranges:
        for budget in BUDGETS:
            covered, taken = coverage(hits, ranges, budget)
            figures[f"recall@{budget}"] = covered / sum(end - start for _, start, end in _merged(ranges))
            figures[f"precision@{budget}"] = covered / max(taken, 1)
    wanted = set(query.gold_files)
    if wanted:
        figures[f"file_recall@{FILES}"] = len(wanted & set(_files(hits)[:FILES])) / len(wanted)
    whole = {g.document for g in query.gold if g.end is None}
    if whole:
        for k in (5, 10):
            figures[f"passage_recall@{k}"] = len(whole & set(_files(hits)[:k])) / len(whole)
    if query.in_paragraph and query.gold:
        figures["paragraph_hit@1"] = float(in_paragraph(hits, query.gold, texts))
    if query.document and query.gold:
        figures["document@1"] = float(_files(hits)[:1] == [query.document])
        figures["document@3"] = float(query.document in _files(hits)[:3])
    return figures


def coverage(hits: Iterable[Found], gold: Iterable[tuple[str, int, int]], budget: int) -> tuple[int, int]:
    """Gold characters covered, and characters taken, within the budget."""
    taken: list[tuple[str, int, int]] = []
    room = budget
    for hit in hits:
        end = min(hit.end, hit.start + room)
        if end > hit.start:
            taken.append((hit.document, hit.start, end))
            room -= end - hit.start
        if not room:
            break
    marked = _merged(gold)
    return sum(_overlap(part, marked) for part in _merged(taken)), budget - room


def in_paragraph(hits: Sequence[Found], gold: Iterable[Gold], texts: Mapping[str, str]) -> bool:
    """Whether the first hit is short and lies in a paragraph with gold."""
    if not hits or hits[0].end - hits[0].start > LONGEST_PARAGRAPH_HIT:
        return False
    first = hits[0]
    return any(
        g.document == first.document and _holds(texts[g.document], g, first)
        for g in gold
        if g.end is not None
    )


def mean(figures: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure over the queries that have it, and how many those are (``n``)."""
    values: dict[str, list[float]] = {}
    count = 0
    for row in figures:
        count += bool(row)
        for name, value in row.items():
            values.setdefault(name, []).append(value)
    return {name: sum(v) / len(v) for name, v in values.items()} | {"n": float(count)}


def _holds(text: str, gold: Gold, hit: Found) -> bool:
    separator = "\n\n" if "\n\n" in text else "\n"
    start = text.rfind(separator, 0, gold.start) + 1
    end = text.find(separator, gold.start)
    middle = (hit.start + hit.end) // 2
    return start <= middle < (len(text) if end < 0 else end)


def _files(hits: Iterable[Found]) -> list[str]:
    """Distinct documents in order of their first hit."""
    return list(dict.fromkeys(hit.document for hit in hits))


def _merged(ranges: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    merged: list[tuple[str, int, int]] = []
    for document, start, end in sorted(ranges):
        if merged and merged[-1][0] == document and start <= merged[-1][2]:
            merged[-1] = (document, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((document, start, end))
    return merged


def _overlap(part: tuple[str, int, int], marked: Iterable[tuple[str, int, int]]) -> int:
    document, start, end = part
    return sum(max(0, min(b, end) - max(a, start)) for name, a, b in marked if name == document)

"""A query whose figure changed, with what both runs found first, so that one sees why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.evaluation.comparison import Pair
    from service.evaluation.dataset import LabelledQuery
    from service.evaluation.measures import Found
    from service.evaluation.runs import Ran

_HITS = 3
_LONGEST = 170
"""Code points of a text that are shown: two lines."""

Touches = Literal["gold", "document", "nothing"]
"""Gold, only a document that holds gold, or neither."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A range of a document with the beginning of its words, white space collapsed."""

    document: str
    start: int
    end: int
    text: str
    touches: Touches


@dataclass(frozen=True, slots=True)
class Side:
    """What one run made of a query."""

    figure: float
    first_gold: int | None
    """Rank, from 1, of the first hit that touches gold."""
    hits: tuple[Excerpt, ...]
    """The first few."""


@dataclass(frozen=True, slots=True)
class Case:
    """A query in both runs, to be read."""

    query_id: str
    question: str
    gold: tuple[Excerpt, ...]
    before: Side
    after: Side


def make_case(pair: Pair, name: str, texts: Mapping[str, str]) -> Case:
    """Show what happened to a measure that the query has."""
    marked = _marked(pair.query, texts)
    return Case(
        query_id=pair.query.id,
        question=" ".join(pair.query.text.split()),
        gold=tuple(_excerpt(*place, "gold", texts) for place in marked),
        before=_side(pair.before, name, marked, texts),
        after=_side(pair.after, name, marked, texts),
    )


def _marked(query: LabelledQuery, texts: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Ranges of gold; whole texts where the set marks no more than documents."""
    ranges = [
        (gold.document, gold.start, len(texts[gold.document]) if gold.end is None else gold.end)
        for gold in query.gold
    ]
    return ranges or [(name, 0, len(texts[name])) for name in query.gold_files if name in texts]


def _side(ran: Ran, name: str, marked: list[tuple[str, int, int]], texts: Mapping[str, str]) -> Side:
    ranks = (rank for rank, hit in enumerate(ran.hits, start=1) if _touches(hit, marked) == "gold")
    return Side(
        figure=ran.figures[name],
        first_gold=next(ranks, None),
        hits=tuple(
            _excerpt(hit.document, hit.start, hit.end, _touches(hit, marked), texts)
            for hit in ran.hits[:_HITS]
        ),
    )


def _touches(hit: Found, marked: Iterable[tuple[str, int, int]]) -> Touches:
    inside = [(start, end) for document, start, end in marked if document == hit.document]
    if any(start < hit.end and hit.start < end for start, end in inside):
        return "gold"
    return "document" if inside else "nothing"


def _excerpt(document: str, start: int, end: int, touches: Touches, texts: Mapping[str, str]) -> Excerpt:
    words = " ".join(texts[document][start:end].split())
    shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 2].rstrip()} …"
    return Excerpt(document, start, end, shown, touches)

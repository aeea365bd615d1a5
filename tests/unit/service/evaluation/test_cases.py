"""What is shown of a query that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.evaluation.cases import Excerpt, make_case
from service.evaluation.comparison import compare
from service.evaluation.dataset import Gold
from tests.fakes.labelled import found, labelled

if TYPE_CHECKING:
    from service.evaluation.cases import Case
    from service.evaluation.dataset import LabelledQuery
    from service.evaluation.measures import Found

TEXTS = {"a": "Ann  signs.\n\nBen pays.", "b": "Nothing " * 100}


def case(query: LabelledQuery, before: tuple[Found, ...], after: tuple[Found, ...]) -> Case:
    compared = compare([query], {query.id: before}, {query.id: after}, TEXTS)
    return make_case(compared.pairs[0], next(iter(compared.differences)), TEXTS)


def test_both_sides_are_shown_with_where_gold_was_reached() -> None:
    query = labelled(text="Who\n pays?", gold=(Gold("a", 13, 22),))
    elsewhere = found("a", 0, 13)  # touches the gold's document, ends where the gold begins
    shown = case(query, (found("b", 0, 7), elsewhere), (elsewhere, found("b", 0, 7), found("a", 12, 14)))

    assert shown.question == "Who pays?"
    assert shown.gold == (Excerpt("a", 13, 22, "Ben pays.", "gold"),)
    assert shown.before.figure == 0
    assert shown.before.first_gold is None
    assert [hit.touches for hit in shown.before.hits] == ["nothing", "document"]
    assert shown.after.figure == 1 / 9
    assert shown.after.first_gold == 3
    assert shown.after.hits[0] == Excerpt("a", 0, 13, "Ann signs.", "document")
    assert shown.after.hits[2].touches == "gold"


def test_gold_is_found_past_the_hits_that_are_shown() -> None:
    hits = (*[found("b", n, n + 1) for n in range(6)], found("a", 14, 15))
    side = case(labelled(gold=(Gold("a", 13, 22),)), (), hits).after
    assert len(side.hits) == 3
    assert side.first_gold == 7


def test_whole_documents_are_gold_from_end_to_end() -> None:
    (gold,) = case(labelled(gold=(Gold("b", 0, None),)), (), ()).gold
    assert (gold.document, gold.start, gold.end) == ("b", 0, 800)
    (named,) = case(labelled(gold_files=("b", "gone")), (), ()).gold
    assert named == gold


def test_a_long_text_is_cut() -> None:
    (gold,) = case(labelled(gold=(Gold("b", 0, None),)), (), ()).gold
    assert gold.text.endswith(" …")
    assert 160 < len(gold.text) <= 170

"""The measures against cases worked out by hand."""

from __future__ import annotations

import pytest

from service.evaluation.dataset import Gold
from service.evaluation.measures import coverage, mean, measure
from tests.fakes.labelled import found
from tests.fakes.labelled import labelled as query


def test_the_last_hit_is_cut_at_the_budget() -> None:
    assert coverage([found("a", 0, 300), found("a", 1_000, 1_300)], [("a", 1_000, 1_200)], 400) == (100, 400)


def test_overlap_is_paid_twice_and_counted_once() -> None:
    assert coverage([found("a", 0, 100), found("a", 50, 150)], [("a", 0, 200)], 400) == (150, 200)


def test_the_same_offsets_of_another_document_do_not_count() -> None:
    assert coverage([found("b", 0, 100)], [("a", 0, 100)], 400) == (0, 100)


def test_recall_and_precision_of_characters() -> None:
    figures = measure(query(gold=(Gold("a", 0, 100), Gold("a", 50, 200))), [found("a", 100, 300)], {})
    assert figures["recall@400"] == pytest.approx(0.5)
    assert figures["precision@400"] == pytest.approx(0.5)


def test_files_are_counted_once_in_order_of_their_first_hit() -> None:
    hits = [found("x", 0, 1), found("x", 1, 2), *(found(f"n{i}", 0, 1) for i in range(8)), found("y", 0, 1)]
    figures = measure(query(gold_files=("x", "y", "z")), [*hits, found("z", 0, 1)], {})
    assert figures["file_recall@10"] == pytest.approx(2 / 3)


def test_whole_passages() -> None:
    hits = [found(str(i), 0, 1) for i in range(7)]
    figures = measure(query(gold=(Gold("6", 0, None), Gold("0", 0, None))), hits, {})
    assert figures == {"passage_recall@5": 0.5, "passage_recall@10": 1.0}


def test_the_paragraph_of_the_gold() -> None:
    text = "one two\nthree four\nfive"
    asked = query(gold=(Gold("a", 14, 18),), in_paragraph=True)
    assert measure(asked, [found("a", 8, 13)], {"a": text})["paragraph_hit@1"] == 1.0
    assert measure(asked, [found("a", 0, 7)], {"a": text})["paragraph_hit@1"] == 0.0
    assert measure(asked, [], {"a": text})["paragraph_hit@1"] == 0.0


def test_a_query_without_gold_has_no_figures_and_does_not_count() -> None:
    assert measure(query(), [found("a", 0, 9)], {}) == {}
    assert mean([{}, {"x": 1.0}, {"x": 0.0}]) == {"x": 0.5, "n": 2.0}

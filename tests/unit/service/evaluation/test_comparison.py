"""Two runs side by side, in figures that are worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.evaluation.bootstrapping import Interval
from service.evaluation.comparison import compare, differences, most_changed
from service.evaluation.dataset import Gold
from service.evaluation.measures import Found
from tests.fakes.labelled import found, labelled, ran

if TYPE_CHECKING:
    from service.evaluation.dataset import LabelledQuery

LENGTH = 10_000
TEXTS = {f"d{number}": "x" * LENGTH for number in range(20)}
Run = dict[str, tuple[Found, ...]]


def queries(count: int) -> list[LabelledQuery]:
    """Two questions about each document, the gold of each 100 characters."""
    return [
        labelled(id=f"q{n}", document=f"d{n // 2}", gold=(Gold(f"d{n // 2}", 0, 100),)) for n in range(count)
    ]


def finding(asked: list[LabelledQuery], share: dict[str, int]) -> Run:
    """A run that finds so many characters of each gold, 50 where none are said."""
    return {q.id: (found(q.document, 0, share.get(q.id, 50)),) for q in asked}


def test_means_changes_and_counts() -> None:
    asked = queries(12)
    compared = compare(
        asked, finding(asked, {}), finding(asked, {"q0": 100, "q1": 80, "q5": 20, "q6": 60}), TEXTS
    )
    recall = compared.differences["recall@4000"]
    assert recall.before == pytest.approx(0.5)
    assert recall.difference == pytest.approx((0.5 + 0.3 - 0.3 + 0.1) / 12)
    assert recall.after == pytest.approx(recall.before + recall.difference)
    assert (recall.better, recall.worse, recall.equal) == (3, 1, 8)


def test_a_run_does_not_differ_from_itself() -> None:
    asked = queries(14)
    run = finding(asked, {"q3": 7, "q4": 99})
    for difference in compare(asked, run, run, TEXTS).differences.values():
        assert difference.difference == 0
        assert difference.interval == Interval(0.0, 0.0)
        assert (difference.better, difference.worse, difference.equal) == (0, 0, 14)


def test_the_interval_is_of_the_pairs_not_of_the_runs() -> None:
    asked = queries(40)
    before = {q.id: 90 * (n % 2) for n, q in enumerate(asked)}  # half of them 0, half 0.9: a wide mean
    after = {name: share + 10 for name, share in before.items()}
    recall = compare(asked, finding(asked, before), finding(asked, after), TEXTS).differences["recall@4000"]
    assert recall.interval is not None
    assert (recall.interval.low, recall.interval.high) == pytest.approx((0.1, 0.1))


def test_a_change_of_one_document_is_one_observation() -> None:
    apart = [labelled(id=f"q{n}", document=f"d{n}", gold=(Gold(f"d{n}", 0, 100),)) for n in range(20)]
    together = [
        labelled(id=f"q{n}", document=f"d{n // 4}", gold=(Gold(f"d{n // 4}", 0, 100),)) for n in range(20)
    ]
    widths: list[float] = []
    for asked in (apart, together):
        after = finding(asked, {f"q{n}": 100 for n in range(4)})
        interval = compare(asked, finding(asked, {}), after, TEXTS).differences["recall@4000"].interval
        assert interval is not None
        widths.append(interval.high - interval.low)
    assert widths[1] > 1.5 * widths[0]


def test_queries_of_one_run_are_named_and_left_out() -> None:
    asked = queries(6)
    before, after = finding(asked, {}), finding(asked, {"q5": 0})
    del before["q5"], after["q2"]
    compared = compare(asked, before, after, TEXTS)
    assert [pair.query.id for pair in compared.pairs] == ["q0", "q1", "q3", "q4"]
    assert (compared.only_before, compared.only_after) == (("q2",), ("q5",))
    assert compared.differences["recall@4000"].equal == 4


def test_a_measure_is_of_the_queries_that_have_it() -> None:
    asked = [*queries(2), labelled(id="files", gold_files=("d1", "d2")), labelled(id="none")]
    before: Run = {q.id: () for q in asked}
    after: Run = {**before, "files": (found("d1", 0, 1),)}
    compared = compare(asked, before, after, TEXTS)
    assert len(compared.pairs) == 4
    files = compared.differences["file_recall@10"]
    assert (files.before, files.after, files.better, files.equal) == (0, 0.5, 1, 0)
    assert files.interval is None
    assert compared.differences["recall@4000"].equal == 2


def test_the_most_changed_come_first_in_the_order_of_the_set() -> None:
    asked = queries(8)
    after = finding(asked, {"q1": 60, "q2": 90, "q3": 60, "q4": 70, "q5": 10, "q6": 40})
    pairs = compare(asked, finding(asked, {}), after, TEXTS).pairs
    better, worse = most_changed(pairs, "recall@4000", 3)
    assert [pair.query.id for pair in better] == ["q2", "q4", "q1"]
    assert [pair.query.id for pair in worse] == ["q5", "q6"]
    assert most_changed(pairs, "recall@4000", 0) == ([], [])
    assert most_changed(pairs, "file_recall@10", 3) == ([], [])


def test_a_price_that_falls_is_better() -> None:
    before = [ran({"usd": 2.0, "correctness": 0.5, "grounded": 1.0}, id=str(n)) for n in range(3)]
    after = [ran({"usd": usd, "correctness": 1.0}, id=str(n)) for n, usd in enumerate((1.0, 1.0, 3.0))]
    found = differences(list(zip(before, after, strict=True)))
    assert (found["usd"].better, found["usd"].worse, found["usd"].difference) == (2, 1, pytest.approx(-1 / 3))
    assert (found["correctness"].better, found["correctness"].worse) == (3, 0)
    assert "grounded" not in found  # only one of the runs has it

"""What a terminal shows."""

from __future__ import annotations

from service.evaluation.cases import Case, Excerpt, Side
from service.evaluation.comparison import compare
from service.evaluation.dataset import Gold
from service.evaluation.printing import WIDTH, format_cases, format_comparison, format_table
from service.evaluation.tables import tabulate
from tests.fakes.labelled import found, labelled, ran

FIGURES = {
    **{f"{kind}@{budget}": 0.5 for budget in (400, 4_000, 16_000) for kind in ("recall", "precision")},
    "file_recall@10": 0.25,
    "passage_recall@5": 0.25,
    "passage_recall@10": 0.75,
    "paragraph_hit@1": 1.0,
    "document@1": 1.0,
    "document@3": 1.0,
}


def test_every_measure_has_its_interval_and_groups_follow_a_blank_line() -> None:
    rows = [ran({"recall@4000": n / 5}, id=f"{g}{n}", category=g) for g in ("few", "more") for n in range(6)]
    table = tabulate(rows)
    interval = table.everything.intervals["recall@4000"]
    whole, groups = format_table(table).split("\n\n")

    assert interval is not None
    assert [line.split() for line in whole.split("\n")[1:]] == [
        ["recall@4000", "0.500", f"{interval.low:.3f}", "…", f"{interval.high:.3f}"],
        ["queries", "with", "gold", "12", "intervals", "by", "resampling", "queries"],
    ]
    assert [line.split()[:3] for line in groups.split("\n")[2:]] == [
        ["few", "6", "0.500"],
        ["more", "6", "0.500"],
    ]


def test_what_was_resampled_is_said() -> None:
    rows = [ran({"recall@4000": 1.0}, id=str(n), document=str(n // 2)) for n in range(12)]
    assert "12  intervals by resampling their 6 documents" in format_table(tabulate(rows))


def test_a_table_fits_however_many_measures_and_however_long_a_name() -> None:
    rows = [ran(FIGURES, id=f"{n}", category=c * 99) for n in range(6) for c in "ab"]
    text = format_table(tabulate([*rows, ran({"document@1": 1.0}, id="x", category="half")]))

    assert max(map(len, text.split("\n"))) <= WIDTH
    groups = text.split("\n\n")[1].split("\n")
    assert groups[0].split()[:1] == ["recall"]
    assert groups[-1].split() == ["half", "1", "–", "–", "–", "1.000", "–"]


def test_a_set_without_gold_has_a_table_too() -> None:
    text = format_table(tabulate([ran({}, id="1", category="a"), ran({}, id="2", category="b")]))
    assert text.split("\n")[1].split()[:4] == ["queries", "with", "gold", "0"]
    assert "by group" not in text


def test_a_comparison_says_change_interval_and_counts() -> None:
    asked = [
        labelled(id=f"q{n}", document=f"d{n}", gold=(Gold(f"d{n}", 0, 100),), text="?") for n in range(8)
    ]
    texts = {q.document: "x" * 200 for q in asked}
    before = {q.id: (found(q.document, 0, 50),) for q in asked}
    after = {**before, "q1": (found("d1", 0, 100),), "q2": ()}
    del before["q7"]
    text = format_comparison(compare(asked, before, after, texts))

    recall = next(line for line in text.split("\n") if line.startswith("recall@4000"))
    assert recall.split()[:4] == ["recall@4000", "0.500", "0.500", "+0.000"]
    assert recall.split()[-3:] == ["1", "1", "5"]
    assert recall.split()[4].startswith("-0.")
    assert recall.split()[6].startswith("+0.")
    assert "queries in both            7" in text
    assert "left out, only in after: q7" in text
    assert "only in before" not in text


def test_many_that_are_left_out_are_counted() -> None:
    asked = [labelled(id=f"query-number-{n}", gold=(Gold("d", 0, 1),)) for n in range(30)]
    text = format_comparison(compare(asked, {q.id: () for q in asked}, {asked[0].id: ()}, {"d": "x"}))
    assert "query-number-10 and 19" in " ".join(text.split())
    assert max(map(len, text.split("\n"))) <= WIDTH


def test_a_case_can_be_read() -> None:
    place = Excerpt("contracts/" + "long " * 30 + "lease.txt", 10, 20, "word " * 34, "gold")
    far = Excerpt("other.txt", 0, 9, "elsewhere", "nothing")
    case = Case("q1", "Who pays? " * 30, (place,) * 4, Side(0.0, None, ()), Side(0.75, 2, (far, place)))
    text = format_cases("Better by recall@4000", [case])
    lines = text.split("\n")

    assert lines[0] == "Better by recall@4000"
    assert lines[2] == "+0.750  q1  0.000 → 0.750"
    assert "    and 2 more places of gold" in lines
    assert "    before: no hits" in lines
    assert "    after: gold at hit 2" in lines
    assert "      1    other.txt 0–9" in lines
    assert any(
        line.startswith("    * 2    contracts/") and line.endswith("lease.txt 10–20") for line in lines
    )
    assert max(map(len, lines)) <= WIDTH

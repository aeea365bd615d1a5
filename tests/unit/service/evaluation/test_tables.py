"""Tables of means: who counts where, and what JSON says."""

from __future__ import annotations

import json

import pytest

from service.evaluation.bootstrapping import interval_of_mean
from service.evaluation.tables import main_measure, tabulate
from tests.fakes.labelled import ran


def test_groups_are_repositories_or_else_categories() -> None:
    table = tabulate(
        [
            ran({"m": 1.0}, id="1", repo="r", category="c"),
            ran({"m": 0.0}, id="2", category="c"),
            ran({"m": 0.5}, id="3"),
            ran({}, id="4", category="c"),
        ]
    )
    assert table.everything.means == {"m": 0.5, "n": 3}
    assert {name: row.means for name, row in table.groups.items()} == {
        "r": {"m": 1.0, "n": 1},
        "c": {"m": 0.0, "n": 1},
    }


def test_the_interval_is_of_the_queries_that_have_the_measure_in_their_documents() -> None:
    rows = [
        ran({"m": n / 20} | ({"other": 1.0} if n % 2 else {}), id=str(n), document=f"d{n // 3}", category="c")
        for n in range(20)
    ]
    table = tabulate([*rows, ran({}, document="empty"), ran({"other": 0.0}, id="last", document="late")])

    expected = interval_of_mean([n / 20 for n in range(20)], [f"d{n // 3}" for n in range(20)])
    assert table.everything.intervals["m"] == expected
    assert table.groups["c"].intervals["m"] == expected
    assert table.everything.intervals["other"] != expected
    assert "n" not in table.everything.intervals
    assert table.everything.clusters == 8


def test_json_keeps_numbers_apart_from_intervals() -> None:
    rows = [ran({"m": float(n % 2)}, id=str(n), category="many") for n in range(30)]
    said = json.loads(json.dumps(tabulate([*rows, ran({"m": 1.0}, id="x", category="few")]).as_json()))

    assert said["all"] == {"m": pytest.approx(16 / 31), "n": 31}
    assert said["many"] == {"m": 0.5, "n": 30}
    low, high = said["intervals"]["many"]["m"]
    assert 0.2 < low < 0.5 < high < 0.8
    assert said["intervals"]["few"] == {"m": None}
    assert list(said["intervals"]) == ["all", "few", "many"]


def test_a_group_may_be_called_anything() -> None:
    said = tabulate([ran({"m": 1.0}, category="all"), ran({"m": 0.0}, category="intervals")]).as_json()
    assert said["all"] == {"m": 0.5, "n": 2}
    assert said["all (group)"] == {"m": 1.0, "n": 1}
    assert said["intervals (group)"] == {"m": 0.0, "n": 1}
    assert set(said["intervals"]) == {"all", "all (group)", "intervals (group)"}


def test_the_main_measure() -> None:
    assert main_measure(["recall@400", "file_recall@10", "n"]) == "file_recall@10"
    assert main_measure(["n", "document@1"]) == "document@1"
    assert main_measure(["n"]) is None

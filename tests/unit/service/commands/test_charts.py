"""How usage looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.commands.charts import bar, dollars, print_usage
from service.http.usage_shapes import UsageGroup, UsageList, UsageTotals

if TYPE_CHECKING:
    from ingest.catalog.call_records import UsageKey


def figures(**given: Any) -> dict[str, Any]:  # noqa: ANN401 — the fields of a row
    row: dict[str, Any] = dict.fromkeys(UsageTotals.model_fields, 0)
    return {**row, "usd": None, "saved_usd": None, **given}


def test_a_bar_is_fresh_then_cached_to_the_longest_rows_scale() -> None:
    def drawn(tokens: int, ratio: float, longest: int = 1_000) -> str:
        return bar(UsageTotals(**figures(prompt_tokens=tokens, cached_ratio=ratio)), longest).plain

    assert drawn(1_000, 0.5) == "█" * 12 + "░" * 12
    assert drawn(500, 0.0) == "█" * 12
    assert drawn(250, 1.0) == "░" * 6
    assert drawn(0, 0.0, longest=0) == ""


@pytest.mark.parametrize(
    ("amount", "said"),
    [(None, "unknown"), (0.0, "$0.00000"), (0.00123, "$0.00123"), (1_234.5, "$1,234.50")],
)
def test_dollars_keep_the_digits_that_matter(amount: float | None, said: str) -> None:
    assert dollars(amount) == said


def test_what_the_sums_lack_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    rows = [
        UsageGroup(key="", **figures(answers=2, calls=3, prompt_tokens=100, cached_ratio=0.25, usd=0.5)),
        UsageGroup(key="bot", **figures(calls=1, failed=1, unpriced=1)),
    ]
    sums = figures(
        answers=2, calls=4, failed=1, unpriced=1, prompt_tokens=100, predicted_cached_tokens=30, usd=0.5
    )

    print_usage(UsageList(by="key", rows=rows, total=UsageTotals(**sums)))

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["key", "answers", "read", "cached", "written", "cost", "saved"]
    assert lines[1].split() == ["(none)", "2", "100", "█" * 18 + "░" * 6, "25%", "0", "$0.50000", "unknown"]
    assert lines[2].split() == ["bot", "0", "0", "0%", "0", "unknown", "unknown"]
    assert lines[3].split()[:2] == ["in", "all"]
    assert lines[-3:] == [
        "foretold from the cache: 30%",
        "1 of 4 calls failed or were left before their end",
        "the cost of 1 calls is not known, and not in these sums",
    ]


@pytest.mark.parametrize("by", ["key", "model"])
@pytest.mark.parametrize(("width", "drawn"), [(120, 24), (80, 13), (72, 5), (67, 0)])
def test_in_a_narrow_terminal_the_bar_gives_way_and_no_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by: UsageKey, width: int, drawn: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    spent = figures(
        answers=1, calls=1, prompt_tokens=1_234_567, completion_tokens=98_765, usd=1.5, saved_usd=0.25
    )
    rows = [UsageGroup(**{by: name}, **spent) for name in ("glm-5-turbo", "somebody")]

    print_usage(UsageList(by=by, rows=rows, total=UsageTotals(**spent)))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["glm-5-turbo", "somebody"]
    assert [line.count("█") for line in lines[1:3]] == [drawn, drawn]
    assert all(len(line) <= width for line in lines[:4])
    assert lines[1].split()[-1] == "$0.25000"

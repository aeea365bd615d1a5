"""How usage looks in a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from service.commands.charts import bar, dollars, print_usage
from service.http.usage_shapes import UsageGroup, UsageList, UsageTotals


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

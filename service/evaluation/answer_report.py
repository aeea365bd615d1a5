"""What a run of answers comes to: failures, means with their intervals, prices, and the judge's opinion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompts.judging import VERDICTS
from service.evaluation.answer_measures import plain_verdict
from service.evaluation.printing import format_table
from service.evaluation.tables import tabulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.evaluation.answer_runs import Given, Judged, RunLine

_SHOWN = 10
"""Failures that are told one by one."""


@dataclass(frozen=True, slots=True)
class Report:
    """All lines of a run, in the order of the questions."""

    lines: Sequence[RunLine]
    asked: int
    """Of them, asked now; the others were in the run file."""

    @property
    def failures(self) -> list[RunLine]:
        """Questions without an answer."""
        return [line for line in self.lines if line.given is None]

    @property
    def unmeasured(self) -> list[RunLine]:
        """Answers that neither begin with the expected yes or no nor abstain."""
        return [line for line in self.lines if line.given and "correctness" not in line.figures]

    def as_json(self) -> dict[str, Any]:
        """Counts, the tables, totals and every question's figures."""
        return {
            "questions": len(self.lines),
            "answered": len(self.lines) - len(self.failures),
            "failed": len(self.failures),
            "unmeasured": [line.id for line in self.unmeasured],
            "asked_now": self.asked,
            "table": tabulate(self.lines).as_json(),
            "price": _spent([line.given for line in self.lines if line.given]),
            "judge": self._judge(),
            "answers": [_line(line) for line in self.lines],
        }

    def as_text(self) -> str:
        """For a terminal."""
        return "\n".join(self._text())

    def _text(self) -> Iterator[str]:
        table = tabulate(self.lines)
        if table.everything.intervals:
            yield format_table(table, counted="answers", clustered="{} conversations")
            yield ""
        failed = self.failures
        yield f"{len(self.lines)} questions: {self.asked} asked now, {len(failed)} failed"
        for line in failed[:_SHOWN]:
            yield f"  {line.id}: {line.failure}"
        if len(failed) > _SHOWN:
            yield f"  and {len(failed) - _SHOWN} more"
        if self.unmeasured:
            yield (
                f"{len(self.unmeasured)} answers neither begin with yes or no nor abstain, and have no "
                "correctness without a judge"
            )
        yield f"answers: {_price(_spent([line.given for line in self.lines if line.given]))}"
        if (judge := self._judge()) is not None:
            yield f"judge {judge['model']}: {_price(judge['price'])}"
            yield "  " + ", ".join(f"{n} {verdict}" for verdict, n in judge["verdicts"].items())
            if judge["agreement"] is not None:
                share = f"{100 * judge['agreement']:.0f} % of {judge['compared']}"
                yield f"  agrees with the plain measure on {share}"

    def _judge(self) -> dict[str, Any] | None:
        """Verdicts, how often the plain measure comes to each, and what they took; None without a judge."""
        judged = [line for line in self.lines if line.judged and line.given]
        if not judged:
            return None
        verdicts = Counter(line.judged.verdict for line in judged if line.judged)
        agreed = [line.figures["judge_agrees"] for line in judged if "judge_agrees" in line.figures]
        return {
            "model": judged[0].judged.model if judged[0].judged else "",
            "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS},
            "failures": {line.id: j.failure for line in judged if (j := line.judged) and j.failure},
            "agreement": sum(agreed) / len(agreed) if agreed else None,
            "compared": len(agreed),
            "plain_to_judge": dict(sorted(Counter(map(_pair, judged)).items())),
            "price": _spent([line.judged for line in judged if line.judged]),
        }


def _pair(line: RunLine) -> str:
    """``wrong → partly``: what the plain measure says, and the judge."""
    assert line.given is not None
    assert line.judged is not None
    return f"{plain_verdict(line.figures, line.given) or 'unmeasured'} → {line.judged.verdict}"


def _spent(calls: Sequence[Given | Judged]) -> dict[str, Any]:
    """Totals; dollars are null where a price is not known."""
    known = [call.usd for call in calls if call.usd is not None]
    prompt = sum(call.prompt_tokens for call in calls)
    cached = sum(call.cached_tokens for call in calls)
    return {
        "usd": sum(known) if len(known) == len(calls) else None,
        "prompt_tokens": prompt,
        "cached_share": cached / prompt if prompt else 0.0,
        "completion_tokens": sum(call.completion_tokens for call in calls),
    }


def _price(spent: dict[str, Any]) -> str:
    dollars = "dollars unknown" if spent["usd"] is None else f"${spent['usd']:.4f}"
    cached = f"{100 * spent['cached_share']:.0f} % of them cached"
    return (
        f"{dollars}, {spent['prompt_tokens']:,} tokens read, {cached}, {spent['completion_tokens']:,} written"
    )


def _line(line: RunLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "question": line.question,
        "category": line.category,
        "answer": line.given.text if line.given else None,
        "failure": line.failure,
        "judge": line.judged.verdict if line.judged else None,
        "figures": dict(line.figures),
    }

"""Two runs of answers, question by question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.evaluation.answer_runs import read_answers
from service.evaluation.comparison import differences
from service.evaluation.printing import format_comparison
from service.evaluation.runs import BadRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from service.evaluation.answer_runs import RunLine
    from service.evaluation.comparison import Difference

_MEASURE = "correctness"
"""Which one tells the questions to show."""
_LONGEST = 300
"""Code points of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class AnswerComparison:
    """What two runs share."""

    pairs: Sequence[tuple[RunLine, RunLine]]
    """Answered in both."""
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def differences(self) -> dict[str, Difference]:
        """By measure, over the pairs whose sides both have it."""
        return differences(self.pairs)

    def as_json(self, show: int) -> dict[str, Any]:
        """As that of retrieval runs; ``show`` questions that changed most each way."""
        better, worse = self._changed(show)
        return {
            "n": len(self.pairs),
            "only_before": self.only_before,
            "only_after": self.only_after,
            "measures": {name: found.as_json() for name, found in self.differences.items()},
            "shown_by": _MEASURE,
            "better": [_case(*pair) for pair in better],
            "worse": [_case(*pair) for pair in worse],
        }

    def as_text(self, show: int) -> str:
        """For a terminal."""
        return "\n".join([format_comparison(self, "answered in both"), *self._cases(show)])

    def _cases(self, show: int) -> Iterator[str]:
        for heading, pairs in zip(("Better", "Worse"), self._changed(show), strict=True):
            if pairs:
                yield f"\n{heading} by {_MEASURE}"
            for case in (_case(*pair) for pair in pairs):
                yield f"\n{case['after']['figure'] - case['before']['figure']:+.3f}  {case['id']}"
                yield f"    {case['question']}"
                yield f"    before: {case['before']['answer']}"
                yield f"    after: {case['after']['answer']}"

    def _changed(self, show: int) -> tuple[list[tuple[RunLine, RunLine]], list[tuple[RunLine, RunLine]]]:
        having = [pair for pair in self.pairs if all(_MEASURE in line.figures for line in pair)]
        ranked = sorted(having, key=_change)
        return (
            [pair for pair in reversed(ranked) if _change(pair) > 0][:show],
            [pair for pair in ranked if _change(pair) < 0][:show],
        )


def compare_answers(before: Path, after: Path) -> AnswerComparison:
    """Read and pair two run files.

    Raises:
        BadRun: a line is no question's answer, or an id is another question's in the other run; or no
            question is answered in both.
    """
    first, second = read_answers(before), read_answers(after)
    for identity in first.keys() & second.keys():
        if first[identity].question != second[identity].question:
            raise BadRun(f"{after}: {identity!r} is another question than in {before}")
    done = [
        {identity: line for identity, line in run.items() if line.given is not None}
        for run in (first, second)
    ]
    pairs = [(line, done[1][identity]) for identity, line in done[0].items() if identity in done[1]]
    if not pairs:
        raise BadRun(f"{before} and {after} share no question that both have answered")
    return AnswerComparison(
        pairs,
        only_before=tuple(identity for identity in done[0] if identity not in done[1]),
        only_after=tuple(identity for identity in done[1] if identity not in done[0]),
    )


def _change(pair: tuple[RunLine, RunLine]) -> float:
    return pair[1].figures[_MEASURE] - pair[0].figures[_MEASURE]


def _case(before: RunLine, after: RunLine) -> dict[str, Any]:
    return {"id": before.id, "question": before.question, "before": _side(before), "after": _side(after)}


def _side(line: RunLine) -> dict[str, Any]:
    words = " ".join(line.given.text.split()) if line.given else ""
    shown = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 2].rstrip()} …"
    return {"figure": line.figures[_MEASURE], "answer": shown}

"""What an answer is worth, in figures that need no model, and in a judge's beside them.

A figure that a question has no room for is left out: citation recall where no citation is expected,
abstention recall where there is an answer. A mean over the questions that have it is then what its name says:
abstention precision is the share of abstentions that were due, recall the share of due ones that came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.grading import grade
from service.evaluation.answer_places import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompts.judging import Verdict
    from service.evaluation.answer_places import Bound
    from service.evaluation.answer_runs import Given, Judged

_SCORES = {"correct": 1.0, "partly": 0.5, "wrong": 0.0}
_PARTLY = 0.5


def measure_answer(asked: Bound, given: Given, judged: Judged | None) -> dict[str, float]:
    """Every figure that this question has."""
    due = not asked.expected.accepted
    figures = dict(_correctness(asked, given))
    if due:
        figures["abstention_recall"] = float(given.abstained)
    if given.abstained:
        figures["abstention_precision"] = float(due)
    figures |= _citations(asked, given)
    figures["grounded"] = float(given.grounded)
    figures["unsupported_claims"] = float(len(given.unsupported))
    figures |= _prices(given)
    if judged is not None and judged.verdict != "unjudged":
        figures["judge"] = _SCORES.get(judged.verdict, float(due))
        plain = plain_verdict(figures, given)
        if plain is not None:
            figures["judge_agrees"] = float(plain == judged.verdict)
    return figures


def plain_verdict(figures: Mapping[str, float], given: Given) -> Verdict | None:
    """What a judge would have to say to agree with the plain measure; None where it measures nothing."""
    if given.abstained:
        return "abstained"
    correctness = figures.get("correctness")
    if correctness is None:
        return None
    if correctness == 1.0:
        return "correct"
    return "partly" if correctness >= _PARTLY else "wrong"


def _correctness(asked: Bound, given: Given) -> Iterator[tuple[str, float]]:
    accepted = asked.expected.accepted
    if not accepted or given.abstained:
        yield "correctness", float(given.abstained and not accepted)
        return
    found = grade(given.said, accepted)
    if found is not None:
        yield "correctness", found.correctness
        yield "contained", float(found.contained)
        yield "token_f1", found.f1


def _citations(asked: Bound, given: Given) -> dict[str, float]:
    figures: dict[str, float] = {}
    cited = len(given.citations) + given.unresolved
    if cited:
        figures["citation_support"] = sum(citation.supported for citation in given.citations) / cited
    if asked.ranges:
        places = [Range(c.document, c.start, c.end) for c in given.citations]
        if cited:
            right = sum(any(place.overlaps(one) for one in asked.ranges) for place in places)
            figures["citation_precision"] = right / cited
        found = sum(any(place.overlaps(one) for place in places) for one in asked.ranges)
        figures["citation_recall"] = found / len(asked.ranges)
    return figures


def _prices(given: Given) -> dict[str, float]:
    figures = {} if given.usd is None else {"usd": given.usd}
    figures["prompt_tokens"] = float(given.prompt_tokens)
    if given.prompt_tokens:
        figures["cached_share"] = given.cached_tokens / given.prompt_tokens
    figures["completion_tokens"] = float(given.completion_tokens)
    figures["milliseconds"] = given.milliseconds
    return figures

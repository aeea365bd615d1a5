"""The prompt of a review's cell: rules, the whole document, and the question with its answer type last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from prompts.labels import ANSWER_TYPE, DOCUMENTS
from prompts.plan import Block, PromptPlan, Stability
from prompts.plan_request import PlanRequest
from prompts.planner import plan_prompt
from prompts.render import render_passages, render_question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan_request import Limits
    from prompts.render import DocumentName

AnswerType = Literal["text", "yes/no", "date", "amount", "list"]
ANSWER_TYPES: tuple[AnswerType, ...] = ("text", "yes/no", "date", "amount", "list")


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """A column of a review."""

    id: str
    text: str
    type: AnswerType = "text"
    title: str = ""
    """Of the column, where the question is too long for one."""

    @property
    def heading(self) -> str:
        """What stands over the column."""
        return self.title or self.text


@cache
def review_rules() -> str:
    """The constant instructions that open the prompt of every cell."""
    return (files("prompts") / "templates" / "review.md").read_text(encoding="utf-8")


def render_review_question(question: ReviewQuestion) -> str:
    """The end of a cell's prompt: all that differs between the cells of one document."""
    return f"{render_question(question.text)}\n{ANSWER_TYPE}{question.type}"


def whole_document(
    question: ReviewQuestion,
    passages: Sequence[PromptPassage],
    names: Mapping[int, DocumentName],
    *,
    tokens: int,
    count: Callable[[str], int],
) -> PromptPlan:
    """A prompt that shares everything before its question with the document's other cells.

    Args:
        question: what the cell asks.
        passages: all of the document.
        names: the document's, by its number.
        tokens: of the rendered document; known beforehand, since a document is long and has many cells.
        count: tokens of a text.
    """
    rules, text = review_rules(), f"{DOCUMENTS}\n" + render_passages(passages, names)
    asked = render_review_question(question)
    whole = tuple(passages)
    return PromptPlan(
        "pin",
        "the whole document, read once for all questions",
        (
            Block("rules", Stability.RULES, 0, "system", rules, count(rules)),
            Block("documents", Stability.PINNED, 1, "user", text, tokens),
            Block("question", Stability.FRESH, 1, "user", asked, count(asked)),
        ),
        whole,
        whole,
    )


def found_passages(
    question: ReviewQuestion,
    ranked: Sequence[PromptPassage],
    context: Mapping[str, Sequence[ContextPassage]],
    names: Mapping[int, DocumentName],
    limits: Limits,
    *,
    count: Callable[[str], int],
) -> PromptPlan:
    """The prompt of a cell whose document is too long: the best passages found in it.

    Raises:
        PromptTooLongError: not even the question fits.
    """
    request = PlanRequest(question.text, ranked, None, names, context=context)
    plan = plan_prompt(request, "retrieve", limits, count)["retrieve"]
    opening, *shown, asked = plan.blocks
    rules, text = review_rules(), f"{asked.text}\n{ANSWER_TYPE}{question.type}"
    return replace(
        plan,
        reason="the document is too long to be read whole: the passages found in it",
        blocks=(
            replace(opening, text=rules, tokens=count(rules)),
            *shown,
            replace(asked, text=text, tokens=count(text)),
        ),
    )

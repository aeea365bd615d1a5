"""Asking every part of the documents the same question: prompts whose beginning no question changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from prompts.labels import CONVERSATION, DOCUMENTS
from prompts.merging import REQUEST_TOKENS, history_blocks
from prompts.pinning import OPENING
from prompts.plan import Block, PromptPlan, Stability
from prompts.render import render_passages, render_question, rules
from prompts.rewriting import conversation_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prompts.parts import Part
    from prompts.plan_request import Turn
    from prompts.render import DocumentName

FINDING_TOKENS = 60
"""Expected of what is reported of a document: a sentence with its citation."""
CITED_TOKENS = 250
"""Expected of a cited passage."""


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A part with the prompt that asks it."""

    number: int
    """From 1 on, in canonical order."""
    part: Part
    prompt: PromptPlan
    cached: int = 0
    """Of the prompt's tokens, those that the provider's cache should hold."""


@dataclass(frozen=True, slots=True)
class MapPlan:
    """A question to all parts, whose findings are merged afterwards."""

    reason: str
    parts: tuple[PlannedPart, ...]

    @property
    def documents(self) -> tuple[int, ...]:
        """Numbers of all that is read."""
        return tuple(dict.fromkeys(number for planned in self.parts for number in planned.part.documents))


@dataclass(frozen=True, slots=True)
class ExpectedTokens:
    """What a map should take, before anything is sent."""

    read: int
    """Of all parts: documents, rules and question."""
    cached: int
    """Of those."""
    found: int
    """Written about the parts."""
    merged: int
    """Read for the answer."""
    answered: int


@cache
def map_rules() -> str:
    """The constant instructions that open the prompt of a part."""
    return (files("prompts") / "templates" / "map.md").read_text(encoding="utf-8")


def ask_part(
    part: Part,
    question: str,
    count: Callable[[str], int],
    *,
    turns: Sequence[tuple[str, str]] = (),
) -> PromptPlan:
    """Rules, then the part, then the question: all questions about a part share its beginning.

    Args:
        part: what is read.
        question: as it was asked, or made to be understood alone.
        count: tokens of a text.
        turns: earlier questions with their answers, where the question needs them to be understood.
    """
    asked = [*conversation_lines(turns), render_question(question)]
    if turns:
        asked.insert(0, f"\n{CONVERSATION}")
    blocks = (
        _block("rules", Stability.RULES, 0, map_rules(), count),
        _block("documents", Stability.PINNED, 1, f"{DOCUMENTS}\n" + part.text, count),
        _block("question", Stability.FRESH, 1, "\n".join(asked), count),
    )
    return PromptPlan("map", "", blocks, part.passages, part.passages)


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """A question that one part answers, because it holds everything."""

    question: str
    part: Part
    names: Mapping[int, DocumentName]
    history: Sequence[Turn] = ()
    instructions: str = ""
    restated: bool = False
    """As in `PlanRequest`."""


def whole_plan(request: WholeRequest, room: int, count: Callable[[str], int]) -> PromptPlan | None:
    """The whole part before the question, as a pinned document is read; None where it does not fit.

    A conversation goes on with what it does not hold yet; one that leaves no room is begun afresh.
    """
    past = history_blocks(request.history, count)
    held = {passage.marker: passage for turn in request.history for passage in turn.passages}
    added = tuple(passage for passage in request.part.passages if passage.marker not in held)
    opening = _block("rules", Stability.RULES, 0, rules(), count)
    message = past[-1].message + 1 if past else 1
    shown = [_block("documents", Stability.PINNED, message, OPENING + request.part.text, count)]
    if past:
        text = OPENING + render_passages(added, request.names)
        shown = [_block("passages", Stability.FRESH, message, text, count)] if added else []
    instructions = "" if past and not request.restated else request.instructions
    asked = render_question(request.question, instructions=instructions)
    question = _block("question", Stability.FRESH, message, asked, count)
    blocks = (opening, *past, *shown, question)
    if sum(block.tokens for block in blocks) + REQUEST_TOKENS > room:
        return whole_plan(replace(request, history=()), room, count) if past else None
    passages = (*held.values(), *added)
    reason = "everything fits into one part, and is read whole"
    return PromptPlan("map", reason, blocks, passages, added, begins=not past)


def expected_tokens(plan: MapPlan) -> ExpectedTokens:
    """D·x + m(q + a) and the merge, in tokens: a finding of each document, and the passage that it cites."""
    written = FINDING_TOKENS * len(plan.documents)
    return ExpectedTokens(
        read=sum(planned.prompt.tokens for planned in plan.parts),
        cached=sum(planned.cached for planned in plan.parts),
        found=written,
        merged=written + CITED_TOKENS * len(plan.documents),
        answered=written,
    )


def _block(name: str, stability: Stability, message: int, text: str, count: Callable[[str], int]) -> Block:
    role = "system" if stability is Stability.RULES else "user"
    return Block(name, stability, message, role, text, count(text))

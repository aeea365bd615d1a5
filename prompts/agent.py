"""The prompt of an agent: tools and rules, what there is to read, the conversation, the question."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from prompts.pinning import OPENING, in_order, left_out_pinned
from prompts.plan import Block, PromptMessage, PromptPlan, Stability
from prompts.plan_request import PromptTooLongError
from prompts.render import render_passages, render_question, rules
from prompts.tool_results import document_line
from prompts.tools import tools_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prompts.model import PromptPassage
    from prompts.plan import Role
    from prompts.plan_request import Limits, PlanRequest
    from prompts.render import DocumentName

LEAST_ROOM = 1_500
"""Tokens that must be left for what the tools return."""
LIST_TOKENS = 2_000
"""Tokens of a list of documents at most."""
PINNED_TOKENS = 30_000
"""What pinned documents may take, and at most half of a prompt: an agent needs room to read."""
_LATE = "the conversation began without the documents that are pinned now; a new one begins with them"
ASKED_FOR = "asked for: the model searches and reads by itself"
_AFRESH = "; the conversation left no room for it and was begun afresh"


@cache
def agent_rules() -> str:
    """The constant instructions: those of every prompt, then those for the tools."""
    return rules() + (files("prompts") / "templates" / "agent.md").read_text(encoding="utf-8")


def plan_agent(
    request: PlanRequest, limits: Limits, count: Callable[[str], int], reason: str = ASKED_FOR
) -> PromptPlan:
    """An agent's first prompt. Its first message is the tools: providers render them in front.

    Args:
        request: the question, the card, the conversation; no passages are needed.
        limits: token budgets.
        count: tokens of a text.
        reason: why the model is to search by itself.

    Raises:
        PromptTooLongError: question and rules leave no room to read anything.
    """
    for asked, why in ((request, reason), (replace(request, history=()), reason + _AFRESH)):
        plan = _plan(asked, why, count)
        taken = sum(block.tokens for block in plan.blocks if block.stability is Stability.PINNED)
        most = min(PINNED_TOKENS, limits.prompt_tokens // 2)
        if request.pinned is None or taken > most or plan.tokens + LEAST_ROOM > limits.prompt_tokens:
            plan = replace(
                _plan(replace(asked, pinned=()), why, count),
                warnings=left_out_pinned(asked.pinned, (), most),
            )
        if plan.tokens + LEAST_ROOM <= limits.prompt_tokens:
            return plan
    raise PromptTooLongError("the question and the tools leave no room to read in the model's context")


def draw_list(
    documents: Iterable[tuple[DocumentName, int]], count: Callable[[str], int], *, card: str = ""
) -> str:
    """What there is to read, by path, as far as ``LIST_TOKENS`` go.

    Args:
        documents: with the passages of each.
        count: tokens of a text.
        card: the map of a repository that goes before it, within the same tokens.
    """
    lines = [document_line(*one) for one in sorted(documents, key=lambda one: one[0].path)]
    if not lines:
        return card
    shown: list[str] = []
    room = LIST_TOKENS - count(card) - count(_heading(len(lines), len(lines)))
    for line in lines:
        room -= count(line)
        if room < 0:
            break
        shown.append(line)
    return card + _heading(len(shown), len(lines)) + "".join(shown)


def stored_question(
    plan: PromptPlan, cited: Sequence[PromptPassage], names: Mapping[int, DocumentName]
) -> str:
    """The message that a conversation keeps of an agent's turn: its question after the passages it cited."""
    *card, question = (block.text for block in plan.blocks if block.message == plan.blocks[-1].message)
    passages = f"{OPENING}{render_passages(cited, names)}" if cited else ""
    return "".join((*card, passages, question))


def mirrored_reply(reasoning: str, text: str, calls: Iterable[tuple[str, str]]) -> PromptMessage:
    """A reply that calls tools as it stands in a provider's cache, or nearly so; never sent like this."""
    called = "".join(f"<tool_call>{name}{arguments}</tool_call>" for name, arguments in calls)
    return PromptMessage("assistant", f"<think>{reasoning}</think>{text}{called}")


def canonical_call(name: str, arguments: Mapping[str, object]) -> str:
    """Equal for calls that ask for the same."""
    return f"{name} {json.dumps(arguments, sort_keys=True, ensure_ascii=True)}"


def _plan(request: PlanRequest, reason: str, count: Callable[[str], int]) -> PromptPlan:
    def block(name: str, stability: Stability, message: int, role: Role, text: str) -> Block:
        return Block(name, stability, message, role, text, count(text))

    first = not request.history
    blocks = [
        block("tools", Stability.RULES, 0, "system", tools_text()),
        block("rules", Stability.RULES, 1, "system", agent_rules()),
    ]
    pinned = in_order(request.pinned or ()) if first else ()
    if pinned:
        text = OPENING + render_passages(pinned, request.names)
        blocks.append(block("pinned documents", Stability.PINNED, 2, "user", text))
    if request.card and first:
        blocks.append(block("card", Stability.CARD, 2, "user", request.card))
    for number, turn in enumerate(request.history, start=1):
        blocks.append(block(f"turn {number}", Stability.HISTORY, 2 * number, "user", turn.user))
        blocks.append(block(f"answer {number}", Stability.HISTORY, 2 * number + 1, "assistant", turn.answer))
    instructions = request.instructions if first or request.restated else ""
    text = render_question(request.question, instructions=instructions, day=request.day)
    blocks.append(block("question", Stability.FRESH, 2 * len(request.history) + 2, "user", text))
    held = (*pinned, *(passage for turn in request.history for passage in turn.passages))
    warnings = () if first or set(request.pinned or ()) <= set(held) else (_LATE,)
    return PromptPlan("agent", reason, tuple(blocks), held, pinned, warnings=warnings, begins=first)


def _heading(shown: int, everything: int) -> str:
    return f"Documents: {shown} of {everything}.\n"

"""Chooses what the model reads by what it costs: whole documents, the passages found, only what is new."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from prompts.drafting import Drafter
from prompts.plan_request import STEADY_TOKENS, PromptTooLongError
from prompts.pricing import held_tokens, prefix_tokens, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompts.plan import Mode, PromptPlan
    from prompts.plan_request import Limits, PlanRequest

_AFRESH = "beginning anew costs less than carrying the conversation on"
_OUTGROWN = "the conversation outgrew the context and was begun afresh"
_REPINNED = "begun afresh: the conversation does not hold the documents that are pinned now"
_ON = "the session goes on: only what is new is added"


def plan_prompt(
    request: PlanRequest,
    mode: Literal["auto", "pin", "retrieve"],
    limits: Limits,
    count: Callable[[str], int],
) -> dict[Mode, PromptPlan]:
    """The plans that are possible; the first one is chosen, the others show what they would have cost.

    Args:
        request: the question and what could be read for it.
        mode: ``auto`` pins when that costs no more per question than retrieving, see `pinning_pays`.
        limits: token budgets and prices.
        count: tokens of a text.

    Raises:
        PromptTooLongError: nothing fits, or what the caller forced does not.
    """
    drafter = Drafter(request, limits, count)
    pinned = (
        drafter.pinned("the whole documents: short enough to be read from the cache")
        if request.whole
        else None
    )
    if mode == "pin" and pinned is None:
        raise PromptTooLongError("the documents do not fit the model's context as a whole")
    retrieved = _retrieving(request, drafter, limits, count)
    if pinned is None:
        return {"retrieve": retrieved}
    pays = _pins(request, drafter, pinned=pinned, retrieved=retrieved, limits=limits, count=count)
    if mode == "pin" and not pays and request.history and _covers(retrieved, pinned):
        return {"pin": replace(retrieved, mode="pin")}  # the conversation holds the documents already
    if mode == "pin" or (mode == "auto" and pays):
        return {"pin": pinned, "retrieve": retrieved}
    return {"retrieve": retrieved, "pin": pinned}


def plan_opening(request: PlanRequest, limits: Limits, count: Callable[[str], int]) -> PromptPlan:
    """What the prompts of a collection, or those about some whole documents, begin with; no question.

    Args:
        request: the collection's pinned documents and card, or the documents as ``whole``.
        limits: token budgets of the questions to come.
        count: tokens of a text.

    Raises:
        PromptTooLongError: the documents do not fit as a whole.
    """
    drafter = Drafter(request, limits, count)
    if not request.whole:
        return drafter.opening("what every question to the collection begins with")
    whole = drafter.pinned("what every question about the whole of these documents begins with")
    if whole is None:
        raise PromptTooLongError("the documents do not fit the model's context as a whole")
    return replace(whole, blocks=whole.blocks[:-1])


def price(plan: PromptPlan, request: PlanRequest, limits: Limits, count: Callable[[str], int]) -> float:
    """What a plan's prompt costs now, in fresh tokens."""
    known = 0 if request.held is None else request.held.cached(plan.messages)
    prefix = prefix_tokens(plan.blocks, held_tokens(plan.blocks, known, count))
    return limits.cache.price(size(plan.blocks), limits.cache.cached(prefix))


def pinning_pays(now: float, whole: float, retrieved: float, limits: Limits) -> bool:
    """Whether (x + ρL(Q − 1)) ÷ Q ≤ k: a whole read that Q questions share, against retrieving for each.

    Args:
        now: price of the first question on the whole documents, x.
        whole: their tokens, L.
        retrieved: price of a question whose passages are retrieved, k.
        limits: the price ρ of cached tokens and the expected questions Q.
    """
    questions = max(limits.expected_questions, 1.0)
    return now + limits.cache.ratio * whole * (questions - 1) <= questions * retrieved


def _retrieving(
    request: PlanRequest, drafter: Drafter, limits: Limits, count: Callable[[str], int]
) -> PromptPlan:
    """The next turn of a conversation, or a prompt that begins anew, whichever is cheaper."""
    if not request.history:
        return drafter.fresh("the passages found, within the budget")
    if drafter.lacks_pinned:
        return drafter.fresh(_REPINNED)
    try:
        continued = drafter.continued(_ON)
    except PromptTooLongError:
        return drafter.fresh(_OUTGROWN)
    if request.held is None or not request.ranked:  # what it asks about is in the conversation, if anywhere
        return continued
    try:
        fresh = drafter.fresh(_AFRESH)
    except PromptTooLongError:
        return continued
    saved = price(continued, request, limits, count) - price(fresh, request, limits, count)
    return (
        fresh if saved > limits.cache.block else continued
    )  # the conversation's own words are worth a block


def _pins(
    request: PlanRequest,
    drafter: Drafter,
    *,
    pinned: PromptPlan,
    retrieved: PromptPlan,
    limits: Limits,
    count: Callable[[str], int],
) -> bool:
    """Whether the whole documents cost no more than they are worth: now, and over the questions to come.

    What is retrieved grows into the cache as it is asked for, so that a pin pays only for what nobody asks:
    it is compared by the price of equal evidence.
    """
    now, instead = (price(plan, request, limits, count) for plan in (pinned, retrieved))
    if _covers(retrieved, pinned):
        return instead - now > (limits.cache.block if request.history else 0)
    if limits.accuracy == "high" and pinned.tokens <= STEADY_TOKENS:
        return True
    worth, other = drafter.selector.worth(pinned), drafter.selector.worth(retrieved)
    is_worth_it = now * other <= instead * worth
    return is_worth_it and pinning_pays(now, pinned.tokens, limits.turn_price or instead, limits)


def _covers(one: PromptPlan, other: PromptPlan) -> bool:
    """Whether one prompt shows all that the other does."""
    return {passage.marker for passage in other.passages} <= {passage.marker for passage in one.passages}

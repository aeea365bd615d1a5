"""Chooses what the model reads: whole documents, or the passages found, inside its budget."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from prompts.plan import Block, PromptPlan, Stability
from prompts.render import render_context, render_passage, render_passages, render_question, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import Mode, Role
    from prompts.render import DocumentName

RETRIEVED_TOKENS = 2_500
"""Tokens of passages that a turn of the retrieve mode adds at most."""
CONTEXT_SHARE = 0.2
"""Of the room for passages, what may go to those that others cannot be read without."""
MOST_RELEVANT = 5
"""Markers named before the question."""
CARD_SHARE = 0.25
"""Of the room that a prompt has, what a card may take; a larger one is left out."""
EXPECTED_QUESTIONS = 9
"""Questions that a pinned document is read for within the cache's lifetime."""
_MESSAGE_TOKENS = 3
_REQUEST_TOKENS = 9


class PromptTooLongError(ValueError):
    """Even the question alone, or the documents to be pinned, exceed the model's budget."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier exchange of the session, with the bytes that were sent and the passages they held."""

    user: str
    answer: str
    passages: tuple[PromptPassage, ...]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """All that a plan depends on."""

    question: str
    ranked: Sequence[PromptPassage]
    """Passages found, best first."""
    whole: Sequence[PromptPassage] | None
    """Every passage of the documents that may be pinned; None where pinning is out of the question."""
    names: Mapping[int, DocumentName]
    context: Mapping[str, Sequence[ContextPassage]] = field(
        default_factory=dict[str, "Sequence[ContextPassage]"]
    )
    """By the marker of a passage found what it cannot be read without, what it needs most first."""
    card: str = ""
    """What the first turn says of the collection as a whole, such as the map of a repository."""
    history: Sequence[Turn] = ()
    instructions: str = ""
    day: str = ""
    salt: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the model and the caller allow."""

    prompt_tokens: int
    """The context less the room kept for the answer."""
    retrieved_tokens: int = RETRIEVED_TOKENS
    context_share: float = CONTEXT_SHARE
    cached_ratio: float = 0.2
    """Price of a cached token over that of a fresh one: ρ."""
    expected_questions: int = EXPECTED_QUESTIONS


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
    writer = _Writer(request, limits, count)
    if request.history:
        return {"retrieve": _continued(request, writer, limits, count)}
    pinned = writer.pin() if request.whole is not None else None
    if mode == "pin":
        if pinned is None:
            raise PromptTooLongError("the documents do not fit the model's context as a whole")
        return {"pin": pinned, "retrieve": writer.retrieve("")}
    if pinned is None:
        return {"retrieve": writer.retrieve("the passages found, within the budget")}
    retrieved = writer.retrieve("cheaper than reading the whole documents")
    if mode == "auto" and pinning_pays(pinned.tokens, _fresh_tokens(retrieved, limits), limits):
        return {"pin": pinned, "retrieve": retrieved}
    return {"retrieve": retrieved, "pin": pinned}


def _continued(
    request: PlanRequest, writer: _Writer, limits: Limits, count: Callable[[str], int]
) -> PromptPlan:
    """The next turn of a conversation; one that has outgrown the context begins afresh."""
    try:
        return writer.retrieve("the session goes on: only what is new is added")
    except PromptTooLongError:
        fresh = _Writer(replace(request, history=()), limits, count)
        return fresh.retrieve("the conversation outgrew the context and was begun afresh")


def pinning_pays(whole: int, retrieved: int, limits: Limits) -> bool:
    """Whether L(1 + ρ(Q − 1)) ÷ Q ≤ k: a whole read that Q questions share, against retrieving."""
    questions = limits.expected_questions
    return whole * (1 + limits.cached_ratio * (questions - 1)) / questions <= retrieved


def _fresh_tokens(plan: PromptPlan, limits: Limits) -> int:
    """The plan's tokens, its card at the price of one that the expected questions share."""
    card = sum(block.tokens for block in plan.blocks if block.stability is Stability.CARD)
    questions = limits.expected_questions
    shared = card * (1 + limits.cached_ratio * (questions - 1)) / questions
    return plan.tokens - card + int(shared)


@dataclass(slots=True)
class _Chosen:
    """Passages as they are chosen for a turn."""

    markers: set[str]
    """Theirs, and those that the conversation holds already."""
    passages: list[PromptPassage] = field(default_factory=list["PromptPassage"])
    context: list[ContextPassage] = field(default_factory=list["ContextPassage"])

    def add(self, passage: PromptPassage) -> None:
        self.markers.add(passage.marker)
        self.passages.append(passage)


class _Writer:
    """Builds plans for one request."""

    def __init__(self, request: PlanRequest, limits: Limits, count: Callable[[str], int]) -> None:
        self._request = request
        self._limits = limits
        self._count = count
        self._opening = self._block("rules", Stability.RULES, 0, "system", request.salt + rules())

    def pin(self) -> PromptPlan | None:
        """The whole documents before the question; None where they do not fit."""
        whole = tuple(self._request.whole or ())
        text = "Documents:\n" + render_passages(whole, self._request.names)
        documents = self._block("documents", Stability.PINNED, 1, "user", text)
        question = self._question(1, [])
        blocks = (self._opening, documents, question)
        if _size(blocks) > self._limits.prompt_tokens:
            return None
        return PromptPlan(
            "pin", "the whole documents: short enough to be read from the cache", blocks, whole, whole
        )

    def retrieve(self, reason: str) -> PromptPlan:
        """The best passages that fit and that the conversation does not hold yet."""
        past = self._history()
        message = past[-1].message + 1 if past else 1
        held = [passage for turn in self._request.history for passage in turn.passages]
        markers = {passage.marker for passage in held}
        question = self._question(message, self._request.ranked[:MOST_RELEVANT])
        room = self._limits.prompt_tokens - _size((self._opening, *past, question))
        if room < 0:
            raise PromptTooLongError("the question and the conversation exceed the model's context")
        card = self._card(message, room)
        room -= sum(block.tokens for block in card)
        chosen = self._fitting(markers, min(room, self._limits.retrieved_tokens))
        question = self._question(
            message,
            [p for p in self._request.ranked if p.marker in chosen.markers][:MOST_RELEVANT],
            chosen.context,
        )
        fresh = [question]
        if chosen.passages:
            text = "Passages:\n" + render_passages(chosen.passages, self._request.names)
            fresh.insert(0, self._block("passages", Stability.FRESH, message, "user", text))
        return PromptPlan(
            "retrieve",
            reason,
            (self._opening, *card, *past, *fresh),
            (*held, *chosen.passages),
            tuple(chosen.passages),
            tuple(p.marker for p in self._request.ranked if p.marker not in chosen.markers),
            tuple(chosen.context),
        )

    def _card(self, message: int, room: int) -> list[Block]:
        """The card of a conversation's first turn; later ones hold it in their history."""
        if not self._request.card or self._request.history:
            return []
        block = self._block("card", Stability.CARD, message, "user", self._request.card)
        return [block] if block.tokens <= room * CARD_SHARE else []

    def _history(self) -> list[Block]:
        blocks: list[Block] = []
        for i, turn in enumerate(self._request.history):
            name, stability = f"turn {i + 1}", Stability.HISTORY
            blocks.append(self._block(name, stability, 2 * i + 1, "user", turn.user))
            blocks.append(self._block(f"answer {i + 1}", stability, 2 * i + 2, "assistant", turn.answer))
        return blocks

    def _question(
        self, message: int, relevant: Iterable[PromptPassage], context: Sequence[ContextPassage] = ()
    ) -> Block:
        request = self._request
        first = not request.history
        text = render_question(
            request.question,
            relevant=[passage.marker for passage in relevant],
            context=context,
            instructions=request.instructions if first else "",
            day=request.day,
        )
        return self._block("question", Stability.FRESH, message, "user", text)

    def _fitting(self, held: set[str], room: int) -> _Chosen:
        """Best first: a prompt that is cut keeps its strongest evidence, and what that evidence needs."""
        chosen = _Chosen(set(held))
        allowance = int(max(room, 0) * self._limits.context_share)
        for passage in self._request.ranked:
            if passage.marker not in chosen.markers:
                room -= self._cost(passage, chosen)
                if room < 0:
                    return chosen
                chosen.add(passage)
            for companion in self._request.context.get(passage.marker, ()):
                if companion.passage.marker in chosen.markers:
                    continue
                cost = self._cost(companion.passage, chosen) + self._naming(companion, chosen)
                if cost <= min(room, allowance):
                    room, allowance = room - cost, allowance - cost
                    chosen.add(companion.passage)
                    chosen.context.append(companion)
        return chosen

    def _cost(self, passage: PromptPassage, chosen: _Chosen) -> int:
        if any(passage.document == other.document for other in chosen.passages):
            return self._count(render_passage(passage))
        return self._count(render_passages([passage], self._request.names)) + _MESSAGE_TOKENS

    def _naming(self, companion: ContextPassage, chosen: _Chosen) -> int:
        """What the line before the question grows by."""
        longer = self._count(render_context([*chosen.context, companion]))
        return longer - (self._count(render_context(chosen.context)) if chosen.context else 0) + 1

    def _block(self, name: str, stability: Stability, message: int, role: Role, text: str) -> Block:
        return Block(name, stability, message, role, text, self._count(text))


def _size(blocks: Sequence[Block]) -> int:
    """Estimated tokens with what a request and its messages add."""
    messages = len({block.message for block in blocks})
    return sum(block.tokens for block in blocks) + _MESSAGE_TOKENS * messages + _REQUEST_TOKENS

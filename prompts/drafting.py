"""Writes the prompts that a plan chooses between, block by block, each inside its budget."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from prompts.pinning import OPENING, in_order, label, left_out_pinned
from prompts.plan import Block, PromptMessage, PromptPlan, Stability
from prompts.plan_request import PromptTooLongError
from prompts.pricing import size
from prompts.render import (
    render_conversation,
    render_in_order,
    render_passages,
    render_question,
    rules,
)
from prompts.selecting import Selector
from prompts.trunk import Trunk, find_trunk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import Role
    from prompts.plan_request import Limits, PlanRequest
    from prompts.render import Exchange

MOST_RELEVANT = 5
"""Markers named before the question."""
CARD_SHARE = 0.25
"""Of the room that a prompt has, what a card may take; a larger one is left out."""
TRUNK_BUDGETS = 4
"""A shared beginning is at most so many times what a turn may add."""
CONVERSATION_TOKENS = 1_000
"""Of earlier questions and answers that are told again, the latest first."""
CONVERSATION_SHARE = 0.25
"""Of the room that a prompt has, what these may take."""
LEAST_SHARE = 0.5
"""Of the room beside rules and question, what pinned documents leave where passages need so much."""
_NO_TRUNK = Trunk()


class Drafter:
    """Writes prompts for one request."""

    def __init__(self, request: PlanRequest, limits: Limits, count: Callable[[str], int]) -> None:
        self._request = request
        self._limits = limits
        self._count = count
        self.selector = Selector(request, limits, count)
        self._rules = self._block("rules", Stability.RULES, 0, "system", rules())

    def opening(self, reason: str) -> PromptPlan:
        """What prompts of this collection begin with, whatever is asked: rules, pinned documents, card."""
        blocks = (self._rules, *self._front, *self._card())
        if opens := label(blocks):
            blocks = (*blocks, self._block("label", Stability.CARD, 1, "user", opens))
        shown = self.pinned_passages
        return PromptPlan("retrieve", reason, blocks, shown, shown, warnings=self._warnings(shown))

    def pinned(self, reason: str) -> PromptPlan | None:
        """The whole documents before the question, pinned ones first; None where they do not fit."""
        for front, first in ((self._front, self.pinned_passages), ((), ())):
            opening = (self._rules, *front)
            rest = in_order(set(self._request.whole or ()) - set(first))
            if rest:
                text = label(opening) + render_passages(rest, self._request.names)
                opening = (*opening, self._block("documents", Stability.PINNED, 1, "user", text))
            blocks = (*opening, self._question(1, relevant=[], conversation=self._told(opening)))
            if size(blocks) <= self._limits.prompt_tokens:
                shown = (*first, *rest)
                return PromptPlan("pin", reason, blocks, shown, shown, warnings=self._warnings(shown))
        return None

    def continued(self, reason: str) -> PromptPlan:
        """The conversation so far, and what it does not hold yet.

        Raises:
            PromptTooLongError: it has outgrown the context.
        """
        past = (self._rules, *self._history())
        held = [passage for turn in self._request.history for passage in turn.passages]
        return self._retrieved(reason, past, past[-1].message + 1, held=held)

    def fresh(self, reason: str) -> PromptPlan:
        """A prompt that begins anew, with passages that the cache holds where these pay.

        Raises:
            PromptTooLongError: the question alone exceeds the context.
        """
        opening = (self._rules, *self._front, *self._card())
        trunk, held = self._trunk(opening), self.pinned_passages
        if not trunk.passages:
            return self._retrieved(reason, opening, 1, held=held)
        text = label(opening) + render_in_order(trunk.passages, self._request.names_of(trunk.passages))
        shared = self._block("shared passages", Stability.SHARED, 1, "user", text)
        return self._retrieved(reason, (*opening, shared), 1, held=held, trunk=trunk)

    @property
    def pinned_passages(self) -> tuple[PromptPassage, ...]:
        """Those that a prompt begins with, in canonical order; none where they do not fit."""
        return in_order(self._request.pinned or ()) if self._front else ()

    @property
    def lacks_pinned(self) -> bool:
        """Whether pinned documents that would fit are missing in the conversation's last prompt."""
        held = {passage.marker for turn in self._request.history for passage in turn.passages}
        return any(passage.marker not in held for passage in self.pinned_passages)

    def _retrieved(
        self,
        reason: str,
        before: Sequence[Block],
        message: int,
        *,
        held: Sequence[PromptPassage] = (),
        trunk: Trunk = _NO_TRUNK,
    ) -> PromptPlan:
        """What is still missing after these blocks, and the question."""
        told = self._told(before) if message == 1 else ()
        longest = self._question(message, self._request.ranked[:MOST_RELEVANT], conversation=told)
        room = self._limits.prompt_tokens - size((*before, longest))
        if room < 0:
            raise PromptTooLongError("the question and the conversation exceed the model's context")
        earlier = {passage.marker for turn in self._request.history for passage in turn.passages}
        chosen = self.selector.missing((*held, *trunk.passages), room, earlier if message > 1 else ())
        if message == 1:
            self.selector.carry_over(chosen, self._limits.prompt_tokens - size((*before, longest)))
        relevant = [p for p in self._request.ranked if p.marker in chosen.markers][:MOST_RELEVANT]
        added = (*trunk.passages, *in_order(chosen.passages))
        question = self._question(message, relevant, chosen.context, conversation=told)
        return PromptPlan(
            "retrieve",
            reason,
            (*before, *self._fresh_passages(added, trunk, before, message), question),
            (*held, *added),
            (*held, *added) if message == 1 else added,
            tuple(p.marker for p in self._request.ranked if p.marker not in chosen.markers),
            tuple(chosen.context),
            warnings=self._warnings((*held, *added)),
            begins=message == 1,
            needed=self.selector.needed,
        )

    def _fresh_passages(
        self, added: Sequence[PromptPassage], trunk: Trunk, before: Sequence[Block], message: int
    ) -> list[Block]:
        """What follows the shared passages, under the same names."""
        if len(added) == len(trunk.passages):
            return []
        names = self._request.names_of(added)
        text = render_in_order(added, names)[len(render_in_order(trunk.passages, names)) :]
        return [self._block("passages", Stability.FRESH, message, "user", label(before) + text)]

    def _trunk(self, opening: Sequence[Block]) -> Trunk:
        """Passages that the cache holds after the rules, where beginning with them pays."""
        held, shelf = self._request.held, self._request.shelf
        if held is None or shelf is None:
            return _NO_TRUNK
        before = "".join(block.text for block in opening[1:])
        branch = held.after(
            (PromptMessage("system", self._rules.text), PromptMessage("user", before + label(opening)))
        )
        if branch is None:
            return _NO_TRUNK
        room = min((self._limits.prompt_tokens - size(opening)) // 2, self._room(opening))
        return find_trunk(
            branch,
            self.selector.evidence,
            shelf,
            self._count,
            cached_ratio=self._limits.cache.ratio,
            most_tokens=min(TRUNK_BUDGETS * self._limits.retrieved_tokens, room),
            before=self.pinned_passages,
        )

    @cached_property
    def _front(self) -> tuple[Block, ...]:
        """The pinned documents, unless they crowd out the passages that a question needs."""
        if not self._request.pinned:
            return ()
        text = OPENING + render_passages(self._request.pinned, self._request.names)
        front = self._block("pinned documents", Stability.PINNED, 1, "user", text)
        alone, beside = self._room((self._rules,)), self._room((self._rules, front))
        least = min(self._limits.evidence_tokens, int(alone * LEAST_SHARE))
        return (front,) if beside >= max(least, 0) else ()

    def _room(self, before: Sequence[Block]) -> int:
        """Tokens between these blocks and a question that begins a prompt."""
        longest = self._question(
            1, self._request.ranked[:MOST_RELEVANT], conversation=self._told((self._rules,))
        )
        return self._limits.prompt_tokens - size((*before, longest))

    def _warnings(self, shown: Sequence[PromptPassage]) -> tuple[str, ...]:
        """That pinned documents are not in a prompt that shows these passages."""
        return left_out_pinned(self._request.pinned, shown, self._limits.prompt_tokens)

    def _card(self) -> list[Block]:
        """The card of a first turn; later ones hold it in their history."""
        if not self._request.card:
            return []
        block = self._block("card", Stability.CARD, 1, "user", self._request.card)
        room = self._room((self._rules, *self._front))
        return [block] if block.tokens <= room * CARD_SHARE else []

    def _history(self) -> list[Block]:
        blocks: list[Block] = []
        for i, turn in enumerate(self._request.history):
            name, stability = f"turn {i + 1}", Stability.HISTORY
            blocks.append(self._block(name, stability, 2 * i + 1, "user", turn.user))
            blocks.append(self._block(f"answer {i + 1}", stability, 2 * i + 2, "assistant", turn.answer))
        return blocks

    def _told(self, before: Sequence[Block]) -> tuple[Exchange, ...]:
        """The latest exchanges that fit into a prompt that begins anew, the oldest first."""
        room = int((self._limits.prompt_tokens - size(before)) * CONVERSATION_SHARE)
        room, told = min(room, CONVERSATION_TOKENS), list["Exchange"]()
        for exchange in reversed(self._request.conversation):
            room -= self._count(render_conversation([exchange]))
            if room < 0:
                break
            told.insert(0, exchange)
        return tuple(told)

    def _question(
        self,
        message: int,
        relevant: Sequence[PromptPassage],
        context: Sequence[ContextPassage] = (),
        *,
        conversation: Sequence[Exchange] = (),
    ) -> Block:
        request = self._request
        text = render_question(
            request.question,
            relevant=[passage.marker for passage in relevant],
            context=context,
            conversation=conversation,
            notices=request.notices,
            instructions=request.instructions if message == 1 or request.restated else "",
            day=request.day,
        )
        return self._block("question", Stability.FRESH, message, "user", text)

    def _block(self, name: str, stability: Stability, message: int, role: Role, text: str) -> Block:
        return Block(name, stability, message, role, text, self._count(text))

"""Chooses the passages that a turn shows: the best, what they need beside them, what was cited before."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from prompts.evidence import total, weigh, worth_reading
from prompts.markers import cited_passages
from prompts.pricing import MESSAGE_TOKENS
from prompts.render import render_context, render_passage, render_passages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from prompts.evidence import Evidence
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import PromptPlan
    from prompts.plan_request import Limits, PlanRequest

CARRIED_SHARE = 0.25
"""Of the room for passages, what may go to those that the last answer cites."""


@dataclass(slots=True)
class Chosen:
    """Passages as they are chosen for a turn."""

    markers: set[str]
    """Theirs, and those that the prompt holds already."""
    passages: list[PromptPassage] = field(default_factory=list["PromptPassage"])
    context: list[ContextPassage] = field(default_factory=list["ContextPassage"])

    def add(self, passage: PromptPassage) -> None:
        """One more."""
        self.markers.add(passage.marker)
        self.passages.append(passage)


class Selector:
    """Chooses for one request, whatever prompt the passages will stand in."""

    def __init__(self, request: PlanRequest, limits: Limits, count: Callable[[str], int]) -> None:
        self._request = request
        self._limits = limits
        self._count = count

    @cached_property
    def evidence(self) -> Evidence:
        """What a turn must show: as much as the best passages within the budget are worth."""
        request, within = self._request, self._wanted.markers
        return weigh(
            request.ranked, self._tokens, within=within, scores=request.scores, searched=request.searched
        )

    @cached_property
    def needed(self) -> int:
        """Tokens of what a turn shows where nothing is held."""
        return sum(map(self._tokens, self._wanted.passages))

    def worth(self, plan: PromptPlan) -> float:
        """Of all evidence that a prompt shows."""
        return total(plan.passages, self.evidence, self._tokens)

    def missing(self, shown: Sequence[PromptPassage], room: int, told: Collection[str]) -> Chosen:
        """What must stand beside these passages, as far as it fits: the best stay, and what they need."""
        chosen = Chosen({passage.marker for passage in shown})
        brought = {one.passage for one in self._wanted.context}
        worth = total({*shown, *brought}, self.evidence, self._tokens, told)
        held = chosen.markers | {passage.marker for passage in brought}
        for passage in self.evidence.missing(held, worth):
            room -= self._cost(passage, chosen)
            if room < 0:
                return chosen
            chosen.add(passage)
        for companion in self._wanted.context:
            cost = self._cost(companion.passage, chosen) + self._naming(companion, chosen)
            is_new = companion.passage.marker not in chosen.markers
            if is_new and companion.beside in chosen.markers and cost <= room:
                room -= cost
                chosen.add(companion.passage)
                chosen.context.append(companion)
        return chosen

    def carry_over(self, chosen: Chosen, room: int) -> None:
        """What the last answer rests on: a follow-up may ask for no more than that."""
        cited = self._cited()
        if not cited:
            return
        room -= sum(self._cost(passage, Chosen(set())) for passage in chosen.passages)
        room = min(room, int(self._limits.retrieved_tokens * CARRIED_SHARE))
        for passage in cited:
            cost = self._cost(passage, chosen)
            if passage.marker not in chosen.markers and cost <= room:
                room -= cost
                chosen.add(passage)

    def _tokens(self, passage: PromptPassage) -> int:
        return self._count(render_passage(passage))

    @cached_property
    def _wanted(self) -> Chosen:
        """What a prompt would show that could hold nothing yet: the best passages, and what they need."""
        chosen, room = Chosen(set()), self._limits.evidence_tokens
        allowance, scores = int(room * self._limits.context_share), self._request.scores
        for passage in worth_reading(
            self._request.ranked, self._tokens, scores=scores, least=self._limits.least
        ):
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

    def _cited(self) -> list[PromptPassage]:
        if not self._request.history:
            return []
        markers = cited_passages(self._request.history[-1].answer)
        held = {p.marker: p for turn in self._request.history for p in turn.passages}
        return [held[marker] for marker in markers if marker in held]

    def _cost(self, passage: PromptPassage, chosen: Chosen) -> int:
        if any(passage.document == other.document for other in chosen.passages):
            return self._tokens(passage)
        return self._count(render_passages([passage], self._request.names)) + MESSAGE_TOKENS

    def _naming(self, companion: ContextPassage, chosen: Chosen) -> int:
        """What the line before the question grows by."""
        longer = self._count(render_context([*chosen.context, companion]))
        return longer - (self._count(render_context(chosen.context)) if chosen.context else 0) + 1

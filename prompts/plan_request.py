"""What a plan depends on: the question, what could be read for it, and what model and caller allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from prompts.pricing import CachePricing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompts.mirror import HeldPrefixes
    from prompts.model import ContextPassage, PromptPassage
    from prompts.render import DocumentName, Exchange
    from prompts.trunk import Shelf

RETRIEVED_TOKENS = 2_500
"""Tokens of passages that a question is answered from at most, where nothing is held already."""
CONTEXT_SHARE = 0.2
"""Of the room for passages, what may go to those that others cannot be read without."""
EXPECTED_QUESTIONS = 9
"""Questions that a pinned document is read for within the cache's lifetime, until they were counted."""
STEADY_TOKENS = 100_000
"""A longer prompt is answered less steadily: nobody's wish for accuracy asks for one."""
LEAST_WORTH = 0.00014
"""Share of all that a ranking is worth that a token must have where all is read at the full price: a thousand
tokens are read for a seventh of it."""
FRESH_SHARE = 0.5
"""Of what questions need, what the cache does not hold, until it was counted."""
Accuracy = Literal["low", "normal", "high"]
"""``low`` reads at most half as much, and only what is worth twice as much; ``high`` whole documents where
they fit, and else up to twice as much and what is worth a tenth."""
ACCURACIES: tuple[Accuracy, ...] = ("low", "normal", "high")
_SHARE: Mapping[Accuracy, float] = {"low": 0.5, "normal": 1.0, "high": 2.0}
_LEAST: Mapping[Accuracy, float] = {"low": 2.0, "normal": 1.0, "high": 0.1}


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
    """All that a plan depends on, besides `Limits`."""

    question: str
    ranked: Sequence[PromptPassage]
    """Passages that may answer, best first."""
    whole: Sequence[PromptPassage] | None
    """Every passage of the documents that may be pinned; None where pinning is out of the question."""
    names: Mapping[int, DocumentName]
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    """By the marker of a passage that may answer how well it promises to, against 1.0 of the best; 1.0 where
    that is not known."""
    context: Mapping[str, Sequence[ContextPassage]] = field(
        default_factory=dict[str, "Sequence[ContextPassage]"]
    )
    """By the marker of a passage found what it cannot be read without, what it needs most first."""
    pinned: Sequence[PromptPassage] | None = ()
    """Every passage of the documents that each prompt of the collection reads whole, at its front; None where
    they are too long to be tried."""
    card: str = ""
    """What a first turn says of the collection as a whole, such as the map of a repository."""
    history: Sequence[Turn] = ()
    """The turns that the conversation's last prompt held."""
    conversation: Sequence[Exchange] = ()
    """All that was asked and answered, the oldest first: told again where a prompt begins anew."""
    notices: Sequence[str] = ()
    """What has changed in documents that the conversation has read, a sentence each."""
    searched: Mapping[int, int] | None = None
    """Tokens of each document that was searched, where the caller chose them; None for all."""
    held: HeldPrefixes | None = None
    """What the provider's cache holds; None where nobody knows."""
    shelf: Shelf | None = None
    """What a prompt may show besides ``ranked``; None for nothing."""
    instructions: str = ""
    """The application's own; a prompt says them when it begins."""
    restated: bool = False
    """Whether the conversation has begun under other instructions: then its next turn says these."""
    day: str = ""

    def names_of(self, passages: Iterable[PromptPassage]) -> dict[int, DocumentName]:
        """The names of the documents that these passages are of.

        Raises:
            KeyError: nobody has named one.
        """
        named = dict(self.names)
        for number in {passage.document for passage in passages} - named.keys():
            name = None if self.shelf is None else self.shelf.name(number)
            if name is None:
                raise KeyError(number)
            named[number] = name
        return named


@dataclass(frozen=True, slots=True)
class Limits:
    """What the model and the caller allow."""

    prompt_tokens: int
    """The context less the room kept for the answer."""
    retrieved_tokens: int = RETRIEVED_TOKENS
    context_share: float = CONTEXT_SHARE
    cache: CachePricing = field(default=CachePricing())
    expected_questions: float = EXPECTED_QUESTIONS
    """To come about the same documents within the cache's lifetime, this one included."""
    turn_price: float | None = None
    """What a question has cost here when passages were retrieved, in fresh tokens; None until it is known."""
    accuracy: Accuracy = "normal"
    least_worth: float = LEAST_WORTH
    """See there; 0 reads whatever the budget holds."""
    fresh_share: float = FRESH_SHARE
    """Of what questions need here, what the cache does not hold."""

    @property
    def evidence_tokens(self) -> int:
        """Tokens of the best passages that a prompt shows, or of others that are worth as much."""
        return int(self.retrieved_tokens * _SHARE[self.accuracy])

    @property
    def least(self) -> float:
        """Share of all that a ranking is worth that a token must have to be read.

        What the cache holds is shown in any case, so that only what it lacks is paid for: where it holds much
        of what questions need, they are read further down. So they are with a larger budget.
        """
        budget = self.retrieved_tokens / RETRIEVED_TOKENS
        return self.least_worth * self.fresh_share * _LEAST[self.accuracy] / budget

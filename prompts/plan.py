"""What a prompt is made of: blocks in order of stability, grouped into messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prompts.model import ContextPassage, PromptPassage

Role = Literal["system", "user", "assistant", "tool"]
Mode = Literal["pin", "retrieve", "map", "agent"]


class Stability(IntEnum):
    """How long a block's bytes stay the same; what changes sooner comes later."""

    RULES = 1
    """Until the rules' next version."""
    PINNED = 2
    """As long as the pinned documents' versions."""
    CARD = 3
    """As long as the collection; a conversation keeps the one that it began with."""
    SHARED = 4
    """As long as the cache holds it: other conversations begin with the same passages."""
    HISTORY = 5
    """As long as the session: earlier turns are never edited."""
    FRESH = 6
    """This turn only, until the next one makes it history."""


class UnstablePrefixError(ValueError):
    """A block that changes sooner was put before one that changes later."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of a prompt's text with one name and one stability."""

    name: str
    stability: Stability
    message: int
    """Index of the message that it belongs to."""
    role: Role
    text: str
    tokens: int
    """Estimated."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal bytes: 16 hexadecimal digits."""
        return blake2b(self.text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """A message as the model receives it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class PromptPlan:
    """A prompt, decided: its blocks, what it may cite, and what found no room.

    Raises:
        UnstablePrefixError: blocks are not in order of stability.
    """

    mode: Mode
    reason: str
    blocks: tuple[Block, ...]
    passages: tuple[PromptPassage, ...]
    """All that the answer may cite: of this turn, of earlier ones, of pinned documents."""
    added: tuple[PromptPassage, ...] = ()
    """The passages that this turn added; of a prompt that begins, the pinned ones too."""
    left_out: tuple[str, ...] = ()
    """Markers of passages that may answer and are not shown: not worth their price, or without room."""
    context: tuple[ContextPassage, ...] = ()
    """Those of ``added`` that were not found, but that found ones cannot be read without."""
    warnings: tuple[str, ...] = ()
    """What was to stand in it and found no room, a sentence each."""
    begins: bool = True
    """Whether the prompt holds no earlier turn byte for byte."""
    needed: int = 0
    """Tokens of what a prompt would show of the question that could hold nothing yet."""

    def __post_init__(self) -> None:
        for before, after in pairwise(self.blocks):
            if after.stability < before.stability:
                raise UnstablePrefixError(f"{after.name} ({after.stability.name}) after {before.name}")

    @property
    def tokens(self) -> int:
        """Estimated tokens of all blocks."""
        return sum(block.tokens for block in self.blocks)

    @property
    def fresh_share(self) -> float | None:
        """Of what the question needed, what this turn had to add; None where it needed nothing."""
        if not self.needed:
            return None
        added = sum(b.tokens for b in self.blocks if b.stability == Stability.FRESH) - self.blocks[-1].tokens
        return min(added / self.needed, 1.0)

    @property
    def messages(self) -> tuple[PromptMessage, ...]:
        """The prompt as sent; the same plan always gives the same bytes."""
        return tuple(
            PromptMessage(role, "".join(block.text for block in blocks))
            for (_, role), blocks in groupby(self.blocks, key=lambda b: (b.message, b.role))
        )

    @property
    def question(self) -> str:
        """The text of this turn's message: what the session keeps as its next turn."""
        return self.messages[-1].content

"""What a prompt costs, given what the provider's cache should hold of it. Unit: fresh input tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from prompts.plan import Block

MESSAGE_TOKENS = 3
"""Tokens that a message adds to its content."""
REQUEST_TOKENS = 9
"""Tokens that a request adds to its messages."""
_MESSAGE_BORDER = 2
"""Code points that the mirror puts before each message, with its role."""


@dataclass(frozen=True, slots=True)
class CachePricing:
    """What a cached token costs, and which tokens a provider caches at all."""

    ratio: float = 0.2
    """Price of a cached token over that of a fresh one: ρ."""
    block: int = 64
    """Prefixes are cached in whole blocks of so many tokens."""
    minimum: int = 0
    """Shorter prefixes are not cached."""

    def cached(self, tokens: int) -> int:
        """Of so many tokens of common prefix, those that are served from the cache."""
        whole = tokens // self.block * self.block
        return whole if whole >= self.minimum else 0

    def price(self, tokens: int, cached: int) -> float:
        """A prompt's price in fresh tokens."""
        return tokens - cached + self.ratio * cached


def size(blocks: Sequence[Block]) -> int:
    """Estimated tokens with what a request and its messages add."""
    messages = len({block.message for block in blocks})
    return sum(block.tokens for block in blocks) + MESSAGE_TOKENS * messages + REQUEST_TOKENS


def held_tokens(blocks: Sequence[Block], characters: int, count: Callable[[str], int]) -> list[int]:
    """Of each block the tokens within the first ``characters`` of the rendered messages.

    Args:
        blocks: of the whole prompt.
        characters: code points, as `prompts.mirror` counts them.
        count: tokens of a text.
    """
    message, room, held = -1, characters, list[int]()
    for block in blocks:
        if block.message != message:
            room -= _MESSAGE_BORDER + len(block.role)
            message = block.message
        known = min(max(room, 0), len(block.text))
        room -= len(block.text)
        held.append(
            block.tokens if known == len(block.text) else min(count(block.text[:known]), block.tokens)
        )
    return held


def prefix_tokens(blocks: Sequence[Block], held: Sequence[int]) -> int:
    """Tokens of a held prefix, with what the messages that it holds add."""
    total = message = 0
    for block, tokens in zip(blocks, held, strict=True):
        if tokens and block.message + 1 > message:
            message = block.message + 1
        total += tokens
        if tokens < block.tokens:
            break
    return total + MESSAGE_TOKENS * message

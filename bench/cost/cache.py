"""A provider's context cache as GLM-5 has it: the rendered prompt's tokens, in blocks, for some minutes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from service.tokens import token_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.plan import PromptMessage

BLOCK = 64
LIFETIME = 600.0
_ROLES = {"system": -1, "user": -2, "assistant": -3}
_OPENING = (-10, -11)
"""``[gMASK]<sop>``."""


class ContextCache:
    """Remembers every prompt it is shown, block by block. Answers are not cached: nobody promises it."""

    def __init__(self, lifetime: float = LIFETIME) -> None:
        """``lifetime`` is in seconds since a block was used last."""
        self._lifetime = lifetime
        self._used: dict[int, float] = {}

    def read(self, messages: Sequence[PromptMessage], now: float) -> tuple[int, int]:
        """Tokens of a prompt, and how many of them are served; they are held from now on."""
        tokens = layout(messages)
        cached, held, digest = 0, True, 0
        for start in range(0, len(tokens) - BLOCK + 1, BLOCK):
            digest = hash((digest, tuple(tokens[start : start + BLOCK])))
            held = held and digest in self._used and self._used[digest] + self._lifetime > now
            cached += BLOCK * held
            self._used[digest] = now
        return len(tokens), cached


def layout(messages: Sequence[PromptMessage]) -> list[int]:
    """The prompt's tokens as GLM-5's template lays them out: roles are tokens of their own."""
    tokens = [*_OPENING]
    for message in messages:
        tokens += (_ROLES[message.role], *_ids(message.content))
    return [*tokens, _ROLES["assistant"]]


@lru_cache(maxsize=20_000)
def _ids(content: str) -> tuple[int, ...]:
    return tuple(token_ids(f"\n{content}"))

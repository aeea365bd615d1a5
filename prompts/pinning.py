"""Passages at the front of a prompt: their order, how they open, and what is said where they have no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.labels import PASSAGES
from prompts.plan import Stability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompts.model import PromptPassage
    from prompts.plan import Block

OPENING = f"{PASSAGES}\n"


def in_order(passages: Iterable[PromptPassage]) -> tuple[PromptPassage, ...]:
    """Each passage once, in canonical order: by document and number."""
    return tuple(sorted(set(passages), key=lambda passage: (passage.document, passage.number)))


def left_out_pinned(
    pinned: Iterable[PromptPassage] | None, shown: Iterable[PromptPassage], tokens: int
) -> tuple[str, ...]:
    """The warning of a prompt of at most so many tokens that does not show all of the pinned documents."""
    if pinned is not None and {one.marker for one in pinned} <= {one.marker for one in shown}:
        return ()
    return (f"the pinned documents were left out: they find no room in a prompt of {tokens:,} tokens",)


def label(before: Sequence[Block]) -> str:
    """What passages after these blocks begin with; more passages go on without a word."""
    return "" if before[-1].stability in {Stability.PINNED, Stability.SHARED} else OPENING

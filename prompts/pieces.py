"""Cuts rendered prompts where one may differ from another: before each passage, name and closing line.

Equal passages are equal pieces wherever they stand, so prompts that share a beginning share its pieces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prompts.labels import CLOSING_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.plan import PromptMessage

_PASSAGE = r"\[D\d+:\d+\] "
_HEADING = r"# D\d+ "
_LABELS = "|".join(map(re.escape, CLOSING_LABELS))
# An empty line belongs to what follows it: what precedes has then the same bytes whatever that is.
# Begins with the one character that is searched for quickest; what stands before it is looked at afterwards.
_BORDER = re.compile(rf"\n(?=\n?(?:{_PASSAGE}|{_HEADING}|{_LABELS}))")
_MARKED = re.compile(r"\[D(\d+):(\d+)\] ")


def pieces(messages: Sequence[PromptMessage]) -> list[str]:
    """The prompt cut into pieces; joined, they are what the provider sees as the prefix.

    A message opens with a piece of its own, so that its role is never part of another text.
    """
    cut: list[str] = []
    for message in messages:
        cut.append(opening(message))
        cut += _cut(message.content)
    return cut


def opening(message: PromptMessage) -> str:
    """The piece that a message opens with."""
    return f"\x1e{message.role}\x1f"


def _cut(content: str) -> Iterator[str]:
    done = 0
    for found in _BORDER.finditer(content):
        if content[max(found.start() - 1, 0) : found.start()] not in {"", "\n"}:
            yield content[done : found.end()]
            done = found.end()
    if content[done:]:
        yield content[done:]


def passage_of(piece: str) -> tuple[int, int] | None:
    """Document and number of the passage that a piece shows; None where it shows none."""
    found = _MARKED.match(piece)
    return None if found is None else (int(found[1]), int(found[2]))


def document_of(piece: str) -> int | None:
    """The document that a piece names; None where it is no such line."""
    found = re.match(r"\n?# D(\d+) ", piece)
    return None if found is None else int(found[1])

"""The prompt of a chore, what a model says to it, and what is said without a model."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from prompts.markers import escape, without_citations
from prompts.plan import PromptMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prompts.chores import Chore, ChoreKind
    from prompts.plan import Role

LONGEST_CHORE = 12_000
"""Code points that a model is shown of one: of longer messages the middle is left out."""
_TITLE_WORDS, _TITLE_CHARACTERS = 6, 60
_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
_THOUGHT = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_MARK = re.compile(r" ?\[(?:\d{1,3}|\?)\](?!\()")
_NOTHING: Mapping[ChoreKind, tuple[object, str]] = {
    "tags": (["General"], "General"),
    "follow_ups": ([], ""),
    "queries": ([], ""),
    "text": ("", ""),
    "prompt": ("", ""),
    "emoji": ("💬", "💬"),
}
"""What is replied where no model can be asked, in JSON and plainly: nothing that could be wrong."""


def chore_messages(messages: Sequence[tuple[str, str]]) -> tuple[PromptMessage, ...]:
    """The client's messages for a model: as much as a chore needs, and no turn or passage forged in them."""
    each = LONGEST_CHORE // len(messages)
    return tuple(PromptMessage(_ROLES[role], escape(_shortened(text, each))) for role, text in messages)


def clean_reply(reply: str) -> str:
    """What a model said, without thinking and marks of citations."""
    return _MARK.sub("", without_citations(_THOUGHT.sub("", reply))).strip()


def reply_without_model(chore: Chore) -> str:
    """The fixed reply: a title from the first words of the question, for all else nothing."""
    title = title_of(chore.question)
    said, plain = (title, title) if chore.kind == "title" else _NOTHING[chore.kind]
    return plain if chore.key is None else json.dumps({chore.key: said}, ensure_ascii=False)


def title_of(question: str) -> str:
    """A title: the first words of a question."""
    words = question.split()[:_TITLE_WORDS]
    return " ".join(words)[:_TITLE_CHARACTERS].rstrip(" ,.;:?!，。？！") or "Conversation"


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n…\n{text[-half:]}"

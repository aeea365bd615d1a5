"""Asking a model to make a follow-up understood alone, and cleaning what it replies."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from prompts.markers import escape, parse
from prompts.plan import PromptMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

TURNS = 4
"""The latest turns, which the model is shown."""
LONGEST_ANSWER = 600
"""Code points shown of an earlier answer; of an earlier question likewise."""
LONGEST_QUESTION = 600
"""Code points: what is longer than this is no question to search with."""
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_LABEL = re.compile(r"^(?:[\w-]+ )?(?:question|query|вопрос|запрос|问题)\s*[:：]\s*", re.IGNORECASE)
_MARKUP = "\"'`*_“”„«»「」『』 \t"


@cache
def rewriting_rules() -> str:
    """The constant instructions that open the prompt."""
    return (files("prompts") / "templates" / "rewriting.md").read_text(encoding="utf-8")


def rewriting_messages(question: str, turns: Sequence[tuple[str, str]]) -> tuple[PromptMessage, ...]:
    """The prompt; ``turns`` are earlier questions with their answers, the oldest first."""
    lines = conversation_lines(turns)
    lines += ["", f"Last question: {' '.join(question.split())}", "", "The question, understood alone:"]
    return PromptMessage("system", rewriting_rules()), PromptMessage("user", "\n".join(lines))


def conversation_lines(turns: Sequence[tuple[str, str]]) -> list[str]:
    """The latest turns in short, a line for each speaker; ``turns`` as `rewriting_messages` takes them."""
    lines: list[str] = []
    for asked, answered in turns[-TURNS:]:
        lines += [f"User: {_shown(asked)}", f"Assistant: {_shown(_uncited(answered))}"]
    return lines


def clean_question(reply: str) -> str | None:
    """The question in a reply: one line without label, quotation marks and markup; None without one."""
    for line in _THOUGHT.sub("", reply).splitlines():
        text = " ".join(line.split()).strip(_MARKUP)
        text = _LABEL.sub("", text).strip(_MARKUP)
        if text and not text.endswith((":", "：")):  # a line that only announces the question
            return text if len(text) <= LONGEST_QUESTION else None
    return None


def _uncited(answer: str) -> str:
    return "".join(piece for piece in parse(answer) if isinstance(piece, str))


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return escape(line if len(line) <= LONGEST_ANSWER else f"{line[: LONGEST_ANSWER - 1]}…")

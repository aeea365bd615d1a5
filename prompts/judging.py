"""Asking a model whether an answer says what was expected, and reading its one word."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from prompts.plan import PromptMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

Verdict = Literal["correct", "partly", "wrong", "abstained", "unjudged"]
"""The last one is ours: the model gave no verdict."""
VERDICTS: tuple[Verdict, ...] = ("correct", "partly", "wrong", "abstained", "unjudged")
NOTHING_EXPECTED = "(The documents do not answer the question.)"
LONGEST_REPLY = 64
"""Tokens: a word, with room for what a model puts before it against its instructions."""


@cache
def judging_rules() -> str:
    """The constant instructions that open the prompt."""
    return (files("prompts") / "templates" / "judge.md").read_text(encoding="utf-8")


def judging_messages(question: str, accepted: Sequence[str], said: str) -> tuple[PromptMessage, ...]:
    """The prompt; ``accepted`` is empty where the documents do not answer, ``said`` has no citations."""
    expected = [f"- {_line(one)}" for one in accepted] or [NOTHING_EXPECTED]
    lines = [f"Question: {_line(question)}", "", "Expected, any of:", *expected, ""]
    lines += ["The answer, up to the end of this message:", said.strip()]
    return PromptMessage("system", judging_rules()), PromptMessage("user", "\n".join(lines))


def read_verdict(reply: str) -> Verdict:
    """The verdict where the reply is that word and nothing else; its case and a full stop do not matter."""
    word = reply.strip().removesuffix(".").strip("`*").lower()
    for verdict in VERDICTS:
        if word == verdict:
            return verdict
    return "unjudged"


def _line(text: str) -> str:
    return " ".join(text.split())

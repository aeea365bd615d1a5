"""A client's messages as a question with its history and the application's instructions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.render import quote
from service.http.chat.errors import ChatRefused
from service.http.chat.footnotes import without_footnotes
from service.http.requests import LONGEST_QUESTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.http.chat.requests import ChatMessage

_INSTRUCTING = frozenset({"system", "developer"})
_TALKING = frozenset({"user", "assistant"})
_TOOLS = frozenset({"tool", "function"})
_THOUGHT = re.compile(r"\s*<(think>|details\b)")
_REASONING = re.compile(r"\btype=\"reasoning\"")
"""Models' thinking as chat clients put it in front of an answer: in tags of its own, or to be unfolded."""
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Said:
    """A message whose text has been read."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a client has sent, put in order."""

    instructions: str
    """Its system messages, in their order; nothing in them can be taken for a passage."""
    history: tuple[tuple[str, str], ...]
    """Questions and answers, without what clients and footnotes add to answers."""
    question: str


def read_messages(messages: Sequence[ChatMessage]) -> list[Said]:
    """The text of every message.

    Raises:
        ChatRefused: a role or a kind of content that there is no answer to, or no text at all.
    """
    return [_read(message, f"messages[{place}]") for place, message in enumerate(messages)]


def converse(said: Sequence[Said]) -> Conversation:
    """Instructions, earlier turns and the question.

    An assistant's message before the first question is a greeting of the client's, and no turn.

    Raises:
        ChatRefused: the last message is not a user's, or a text is too long.
    """
    if said[-1].role != "user":
        raise ChatRefused(
            "the last message must be the user's: an answer cannot be begun for Lectern",
            param=f"messages[{len(said) - 1}].role",
        )
    instructions = _BETWEEN.join(one.text.strip() for one in said if one.role in _INSTRUCTING).strip()
    turns: list[tuple[str, str]] = []
    question = answer = ""
    for one in said:
        if one.role == "user" and answer:
            turns.append((question, answer))
            question = answer = ""
        if one.role == "user":
            question = _joined(question, one.text)
        elif one.role == "assistant" and question:
            answer = _joined(answer, one.text)
    _check_length("question", question, f"messages[{len(said) - 1}].content")
    _check_length("system messages", instructions, "messages")
    history = tuple((asked, without_additions(answered)) for asked, answered in turns)
    return Conversation(quote(instructions), history, question)


def without_additions(answer: str) -> str:
    """An answer as it was written: without the footnotes after it and the thinking in front of it."""
    answer = answer[_end_of_thoughts(answer) :]
    return without_footnotes(answer).strip()


def _end_of_thoughts(answer: str) -> int:
    """Where the answer itself begins. Each character is looked at once: a client may send megabytes."""
    end = 0
    while begun := _THOUGHT.match(answer, end):
        inside, closing = begun.end(), "</think>"
        if begun[1] == "details":
            inside, closing = answer.find(">", begun.end()) + 1, "</details>"
            if inside == 0 or not _REASONING.search(answer, begun.end(), inside):
                break
        closed = answer.find(closing, inside)
        end = len(answer) if closed < 0 else closed + len(closing)
    return end


def _joined(before: str, text: str) -> str:
    return f"{before}{_BETWEEN}{text}" if before else text


def _read(message: ChatMessage, place: str) -> Said:
    role = message.role
    if role in _TOOLS or message.tool_calls or message.function_call:
        raise ChatRefused("tools are not supported: Lectern searches by itself", param=f"{place}.role")
    if role not in _INSTRUCTING | _TALKING:
        raise ChatRefused(
            f"unknown role {role!r}; the roles are system, developer, user and assistant",
            param=f"{place}.role",
        )
    text = _text(message, f"{place}.content")
    if role in _TALKING and not text.strip():
        raise ChatRefused("a message must have some text", param=f"{place}.content")
    return Said(role, text)


def _text(message: ChatMessage, place: str) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    for number, part in enumerate(message.content):
        if part.type not in {"text", "input_text", "refusal"}:
            raise ChatRefused(
                f"content of the type {part.type!r} is not supported, only text; documents are "
                "uploaded to the collection",
                param=f"{place}[{number}].type",
            )
    return "\n".join(part.text for part in message.content if part.text)


def _check_length(what: str, text: str, param: str) -> None:
    if len(text) > LONGEST_QUESTION:
        raise ChatRefused(
            f"the {what} may have {LONGEST_QUESTION:,} characters at most",
            param=param,
            code="string_above_max_length",
        )

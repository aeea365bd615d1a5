"""Chores: what chat clients ask of a model on their own account, titles of conversations and the like.

They come through the same door as questions. A chore is known by its structure: instructions about a
conversation, and the conversation itself as a text inside them, or before them. No document is asked about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ChoreKind = Literal["title", "tags", "follow_ups", "queries", "text", "prompt", "emoji"]
_LONGEST_INSTRUCTIONS = 4_000
"""Code points: whoever writes more than this wants more than a title."""
_OPEN, _CLOSE = re.compile(r"^[ \t]*<chat_history>[ \t]*$", re.MULTILINE), "</chat_history>"
_KEYS: Mapping[str, ChoreKind] = {
    "title": "title",
    "tags": "tags",
    "follow_ups": "follow_ups",
    "queries": "queries",
    "text": "text",
    "prompt": "prompt",
}
"""Keys of the JSON objects that clients want, and what for."""
_KEY = re.compile(rf"[\"'`]({'|'.join(_KEYS)})[\"'`]\s*:")
_ASKER = r"(?:user|human|пользователь|用户|用戶)"
_ANSWERER = r"(?:assistant|ai|bot|response|ассистент|ии|助手|助理)"
_ASKED = re.compile(rf"^[ \t|>]*{_ASKER}[ \t]*[:：][ \t]*\n?(.*)", re.MULTILINE | re.IGNORECASE)
_ANSWERED = re.compile(rf"^[ \t|>]*{_ANSWERER}[ \t]*[:：]", re.MULTILINE | re.IGNORECASE)
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_TITLE = re.compile(
    r"\b(?:generat|creat|writ|provid|giv|suggest|produc|summari[sz]|analy[sz]|return|mak)(?:e|es|ing|s)?\b"
    r"[^.?!\n]{0,160}\b(?:title|name|topic|headline)\b"
    r"|(?:придума|сгенериру|состав|дай|назов|напиши|созда)[^.?!\n]{0,120}(?:заголов|назван)"
    r"|(?:生成|总结|概括|提炼|给出|返回|起一?个|写一?个)[^。？！\n]{0,60}(?:标题|主题|题目|名称)",
    re.IGNORECASE,
)
_OF_CONVERSATION = re.compile(
    r"\b(?:conversation|chat|discussion|dialogue|(?:first|user'?s?) message)\b"
    r"|бесед|диалог|разговор|переписк|对话|会话|聊天|这句话",
    re.IGNORECASE,
)
_FORM = re.compile(
    rf"\b{_NUMBER}(?:\s*(?:-|–|to|or)\s*{_NUMBER})?[- ](?:\w+[- ]){{0,3}}(?:words?|characters?)\b"
    r"|\b(?:punctuation|quotation marks|quotes|only (?:return|output|the title)|return only|output only)\b"
    r"|\bJSON\b|\d+\s*(?:слов|символ)|кавыч|пунктуац|только (?:заголов|назван)|字以内|个字|标点|不要解释",
    re.IGNORECASE,
)
_OTHERS: tuple[tuple[ChoreKind, re.Pattern[str]], ...] = (
    ("title", _TITLE),
    ("tags", re.compile(r"\btags?\b|\bтеги?\b|标签", re.IGNORECASE)),
    ("follow_ups", re.compile(r"follow[- ]?ups?\b|уточняющ|追问|后续问题", re.IGNORECASE)),
    ("queries", re.compile(r"\bsearch quer(?:y|ies)\b|поисков\w+ запрос|搜索查询|搜索词", re.IGNORECASE)),
    ("text", re.compile(r"\bautocomplet", re.IGNORECASE)),
)
_EMOJI = re.compile(r"\bemojis?\b.*\bMessage:\s*```.*```\s*\Z", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chore:
    """What is wanted."""

    kind: ChoreKind
    key: str | None
    """Of the JSON object that the reply is to be; None for plain text."""
    question: str
    """The conversation's first question, as far as it is told."""


def recognise_chore(messages: Sequence[tuple[str, str]]) -> Chore | None:
    """The chore that a client's messages ask for; None where they ask a question.

    Args:
        messages: role and text of each, the oldest first.
    """
    if not messages or messages[-1][0] != "user":
        return None
    asked = [text for role, text in messages if role == "user"]
    given = "\n".join(text for role, text in messages if role in {"system", "developer"})
    told = _told_in_block(asked[-1])
    if told is not None:
        return _within(*told)
    if len(asked) == 1 and _EMOJI.search(asked[0]):
        return Chore("emoji", None, "")
    return _title(given, asked)


def _told_in_block(text: str) -> tuple[str, str] | None:
    """Instructions and conversation, where tags stand around the latter."""
    begin, end = _OPEN.search(text), text.rfind(_CLOSE)
    if begin is None or end < begin.end():
        return None
    return text[: begin.start()] + text[end + len(_CLOSE) :], text[begin.end() : end]


def _within(instructions: str, told: str) -> Chore | None:
    """What instructions around a conversation want."""
    question, key = _first_question(told), _KEY.search(instructions)
    if key is not None:
        return Chore(_KEYS[key[1]], key[1], question)
    kind: ChoreKind | None = next((kind for kind, pattern in _OTHERS if pattern.search(instructions)), None)
    return None if kind is None else Chore(kind, None, question)


def _title(given: str, asked: Sequence[str]) -> Chore | None:
    """A title, asked for by system messages, around a conversation in lines, or after the conversation."""
    last = asked[-1]
    begin = _ASKED.search(last)
    if begin is not None and _ANSWERED.search(last):
        _, _, closing = last.rstrip().rpartition("\n")
        wordings = [given, f"{last[: begin.start()]}\n{closing}"]
        question = _first_question(last)
    elif len(asked) == 1:
        wordings, question = [given], last
    else:
        wordings, question = [last], asked[0]
    wanted = next((wording for wording in wordings if _asks_for_title(wording)), None)
    if wanted is None:
        return None
    keys = {found[1] for found in _KEY.finditer(wanted)}
    return Chore("title", "title" if "title" in keys else None, question)


def _asks_for_title(text: str) -> bool:
    """Whether somebody wants one, of a conversation, in a certain form."""
    return (
        0 < len(text) <= _LONGEST_INSTRUCTIONS
        and _TITLE.search(text) is not None
        and _OF_CONVERSATION.search(text) is not None
        and _FORM.search(text) is not None
    )


def _first_question(told: str) -> str:
    found = _ASKED.search(told)
    return found[1].strip() if found else ""

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
    ("queries", re.compile(r"\bsearch quer(?:y|ies)\b|поисков\w{1,4} запрос|搜索查询|搜索词", re.IGNORECASE)),
    ("text", re.compile(r"\bautocomplet", re.IGNORECASE)),
)
_EMOJI, _MESSAGE = re.compile(r"\bemojis?\b", re.IGNORECASE), re.compile(r"\bMessage:\s*```", re.IGNORECASE)
_TALK = (
    r"(?:[\w'’-]+\s+){0,2}(?:conversation|chat|discussion|dialogue?|messages?)\b"
    r"(?=\s*(?:[^\s\w]|$|in(?:to)?\b|as\b|an?\b|with|using|of\b|that\b|which\b|based\b|so\b|above|below|history|and\b|from\b))"
)
_TIED = re.compile(
    r"\b(?:title|name|topic|headline)s?\b(?:(?!\bof\s+(?:the|an?|this|that|our|its)\b)[^.?!\n]){0,80}?"
    r"\b(?:for|from|of|(?:summari[sz]|describ|reflect|captur)(?:e|es|ing))\s+"
    rf"(?:an?|the|this|these|that|our|any|every|each|their)\s+{_TALK}"
    r"|\ban?\s+(?:[\w'’-]+,?\s+){0,5}?(?:title|headline)\b(?!\s+of\b)[^.?!\n]{0,120}"
    r"\b(?:conversation|chat|discussion|dialogue?|first message|user'?s? messages?)\b"
    rf"|\b(?:give|title|summari[sz]es?|condense)\s+(?:an?|the|this|that|our|each)\s+{_TALK}"
    r"[^.?!\n]{0,80}\b(?:title|name|topic|headline)\b"
    r"|(?:заголов|назван)[^.?!\n]{0,80}(?:бесед|диалог|разговор|переписк|чат)"
    r"|(?:бесед|диалог|разговор|переписк|чат)[^.?!\n]{0,80}(?:заголов|назван)"
    r"|(?:对话|会话|聊天|这句话)[^。？！\n]{0,40}(?:标题|题目|主题|名称)"
    r"|(?:标题|题目|主题|名称)[^。？！\n]{0,40}(?:对话|会话|聊天|这句话)",
    re.IGNORECASE,
)
"""A title that is a conversation's, and not one of something else that a conversation is about."""
_LONGEST_REQUEST = 600
"""Code points of a message that wants a title and nothing else."""
_OF_TITLES = re.compile(
    r"\b(?:(?:additional|extra|other|bold|title|direct) text|(?:title|sentence|lower|upper) case|"
    r"please|now|generate|create|write|provide|give|suggest|produce|return|make|condense|reply|respond|"
    r"answer|output|use|using|remove|keep|avoid|include|do|not|don|t|no|without|summari[sz](?:e|es|ing)|"
    r"titles?|headline|conversation|chat|(?:this|our) discussion|dialogue?|history|"
    r"words?|characters?|letters?|sentence|phrase|punctuation|quotation|quotes?|marks?|periods?|symbols?|"
    r"bold|lead|format|json|markdown|emojis?|prefix|preamble|explanations?|languages?|"
    r"conventions?|copies|brackets|translations?|"
    r"short|concise|brief|descriptive|simple|single|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"less|fewer|more|than|most|maximum|max|up|least|under|within|around|about|only|just|nothing|else|any|"
    r"additional|extra|user|english|chinese|russian|used|by|like|direct|replies|other|enclosing|"
    r"itself|exactly|same|this|our|the|that|an?|it|its|at|to|of|for|in|into|"
    r"as|with|and|or|is|be|above|so|far|entire|whole|current)\b"
    r"|\b(?:пожалуйста|теперь|придумай(?:те)?|сгенерируй(?:те)?|состав(?:ь|ьте)|дай(?:те)?|напиши(?:те)?|"
    r"созда(?:й|йте)|верни(?:те)?|назови(?:те)?|используй(?:те)?|удали(?:те)?|обобщающ\w{2,3}|резюмирующ\w{2,3}|"
    r"отражающ\w{2,3}|заголов\w{2,4}|названи\w{1,3}|бесед\w{1,3}|диалог\w{0,3}|разговор\w{0,3}|переписк\w{1,3}|"
    r"чат\w{0,3}|слов\w{0,3}|символ\w{0,3}|знак\w{0,3}|кавыч\w{1,3}|пунктуаци\w{1,2}|препинания|точ\w{1,3}|"
    r"(?:дополнительн|лишн|жирн)\w{2,3} текст\w{0,2}|введени\w{1,2}|пояснени\w{1,2}|"
    r"дополнительн\w{2,3}|лишн\w{2,3}|жирн\w{2,3}|языке?|"
    r"коротк\w{2,3}|кратк\w{2,3}|наш\w{0,3}|эт\w{1,3}|данн\w{2,3}|текущ\w{2,3}|вс\w{1,3}|том|же|"
    r"одн\w{1,3}|дв\w{1,2}|тр[её]х|четыр[её]х|пяти|шести|семи|десяти|не|больше|более|менее|меньше|чем|"
    r"только|или|либо|и|без|из|для|к|на|в|до|от)\b"
    r"|标点符号|语气词|标题|题目|对话|会话|聊天|这句话的(?:简要)?主题|没有主题|闲聊|返回|给出|生成|总结|概括|"
    r"提炼|起一?个?|写一?个?|取一?个?|直接|使用|不要|无需|不超过|不多于|解释|标点|符号|多余(?:的?文本)?|加粗|引号|任何|"
    r"其他|其它|内容|以内|之内|字符|简要|简短|简洁|如果|我们|本次|这次|当前|上述|以上|"
    r"[请用只仅的这个本该成作为把将给和或字一二两三四五六七八九十到至最多记录]",
    re.IGNORECASE,
)
"""The words that are said of titles: a message that has others is about something else, too."""
_LETTER = re.compile(r"[^\W\d_]|《")


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
    if len(asked) == 1 and _wants_emoji(asked[0]):
        return Chore("emoji", None, "")
    return _title(given, asked)


def _wants_emoji(text: str) -> bool:
    """Whether instructions name one, and end in a message between fences."""
    named, bare = _EMOJI.search(text), text.rstrip()
    message = _MESSAGE.search(bare, named.end()) if named and bare.endswith("```") else None
    return message is not None and message.end() <= len(bare) - len("```")


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
    if len(instructions) > _LONGEST_INSTRUCTIONS:
        return None
    kind: ChoreKind | None = next((kind for kind, pattern in _OTHERS if pattern.search(instructions)), None)
    return None if kind is None else Chore(kind, None, question)


def _title(given: str, asked: Sequence[str]) -> Chore | None:
    """A title, asked for by system messages, around a conversation in lines, or after the conversation."""
    last = asked[-1]
    begin = _ASKED.search(last)
    if begin is not None and _ANSWERED.search(last):
        _, _, closing = last.rstrip().rpartition("\n")
        around = f"{last[: begin.start()]}\n{closing}"
        wordings = [*filter(_instructs_to_title, [given]), *filter(_asks_for_title, [around])]
        question = _first_question(last)
    elif len(asked) == 1:
        wordings, question = [*filter(_instructs_to_title, [given])], last
    else:
        wordings, question = [*filter(_asks_for_nothing_else, [last])], asked[0]
    wanted = next(iter(wordings), None)
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


def _instructs_to_title(text: str) -> bool:
    """Likewise, of system messages, which may be about an application that speaks of titles and chats."""
    return _asks_for_title(text) and _TIED.search(text) is not None


def _asks_for_nothing_else(text: str) -> bool:
    """Whether all of a message is about the title of the conversation that stands before it."""
    return (
        len(text) <= _LONGEST_REQUEST
        and _TIED.search(text) is not None
        and _LETTER.search(_OF_TITLES.sub("", text)) is None
    )


def _first_question(told: str) -> str:
    found = _ASKED.search(told)
    return found[1].strip() if found else ""

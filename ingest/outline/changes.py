"""What an amendment does to single provisions: replaced, deleted, added, amended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.outline.model import Change
from ingest.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document
    from ingest.outline.model import ChangeKind

_LONGEST_SENTENCE = 1_500
_BE = r"\b(?:is|are|be|hereby|was)\s+(?:hereby\s+)?"
_CHANGES: Sequence[tuple[ChangeKind, re.Pattern[str]]] = (
    (
        "replaced",
        re.compile(
            r"""amended\s+and\s+restated|\bin\s+lieu\s+thereof\b|\bin\s+(?:its|their)\s+place\b|\breplac(?:ed|ing)\b|\bsubstitut(?:ed|ing)\b|\brestated\b
              |изложить\s+в\s+(?:следующей|новой)|изложен\w*\s+в|\bзаменить\b|修改为|变更为|替换为|修订为""",
            re.VERBOSE,
        ),
    ),
    (
        "deleted",
        re.compile(
            rf"{_BE}(?:deleted|removed|struck|stricken)|by\s+deleting|исключить|исключен|утратившим\s+силу|删除"
        ),
    ),
    (
        "added",
        re.compile(
            rf"by\s+adding|{_BE}(?:added|inserted)|дополнить|дополнен\b|дополняется|增加|新增|补充(?=第|以下|如下|一)"
        ),
    ),
    (
        "amended",
        re.compile(
            rf"{_BE}(?:amended|modified|revised|changed)|внести\s+(?:\w+\s)?изменени|внести\s+следующие\s+изменения|修改|变更"
        ),
    ),
)
_VERB = re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern in _CHANGES), re.VERBOSE)
_NEVER = re.compile(
    r"(?:\b(?:may|can|not|unless|if|except|when|where|cannot|any)\b|не\s+мо\w+)[^.;]{0,40}$|[经未][^。]{0,30}$"
)
"""Before the verb: the sentence says how changes are made, and makes none."""
_WORD_EN = r"""(?:[Ss]ub-?)?(?:[Ss]ection|[Aa]rticle|[Cc]lause|[Pp]aragraph
    |Exhibit|Schedule|Annex|Appendix|Attachment|Recital)s?"""
_NUMBER_EN = r"""["“]?(?:\d[\w.-]{0,9}|[A-Z](?:-?\d{1,2})?\b|[IVXLC]{1,7}\b)(?:\(\w{1,4}\)){0,4}["”]?"""
_NUMBER_RU = r"(?:№\s?)?\d[\d.]{0,11}"
_PROVISION = re.compile(
    rf"""{_WORD_EN}\s+{_NUMBER_EN}
          (?:(?:,\s+and\s+|,\s+|\s+and\s+|\s+through\s+|\s+to\s+|\s*[–-]\s*)(?!A\s+new\b)(?:{_WORD_EN}\s+)?{_NUMBER_EN}(?!\w)){{0,8}}
      | (?:[Пп]одпункт|[Пп]ункт|[Сс]тать[юяи]|[Рр]аздел|[Пп]риложени[ея])\w*\s+{_NUMBER_RU}
          (?:(?:,\s+|\s+и\s+){_NUMBER_RU}){{0,8}}
      | 第[一二三四五六七八九十百零〇\d]{{1,6}}[条章节](?:第[一二三四五六七八九十\d]{{1,4}}[款项])?
      | 附件[一二三四五六七八九十\d]{{1,3}}""",
    re.VERBOSE,
)
_OF_A_PART = re.compile(
    r"""(?:\s*\([^()\n]{1,80}\))?(?P<part>\s+(?:of|to|in)\s+(?:(?:the|this|said)\s+)?(?:
          (?:Exhibit|Schedule|Annex|Appendix|Attachment)\s+(?:\d{1,3}|[A-Z](?:-?\d{1,2})?|[IVXLC]{1,7})\b
        | (?:(?:[A-Z][\w&-]*|and|of|for)\s+){0,6}(?:Agreement|Contract|Lease|Indenture|Note|Amendment)\b
            (?:\s+No\.\s*\d{1,3})?))""",
    re.VERBOSE,
)
"""Behind a provision: the attached part, or the document, that it belongs to."""
_THE_AMENDED = re.compile(r"\s+(?:of|to|in)\s+(?:(?:the|this|said)\s+)?(?:Agreement|Contract|Lease)$")


def find_changes(document: Document) -> Iterator[Change]:
    """Sentences that name a provision and say what becomes of it, in reading order."""
    text = document.text
    for element in document.elements:
        if element.kind in {"code", "header", "footer"} or not _VERB.search(text, element.start, element.end):
            continue
        for start, end in sentences(text, element.start, element.end):
            change = _change(text, start, min(end, start + _LONGEST_SENTENCE))
            if change is not None:
                yield change


def _change(text: str, start: int, end: int) -> Change | None:
    verb = _VERB.search(text, start, end)
    provision = _PROVISION.search(text, start, end) if verb else None
    if provision is None or verb is None or _NEVER.search(text, start, verb.start()):
        return None
    words = text[start:end]
    of = _OF_A_PART.match(text, provision.end(), end)
    named = provision[0].rstrip(".-")
    if of is not None and not _THE_AMENDED.match(of["part"]):
        named += of["part"]
    shown = " ".join(named.replace("“", "").replace("”", "").replace('"', "").split()).rstrip(".-,")
    return Change(_kind(words), shown, start, start + len(words.rstrip()))


def _kind(words: str) -> ChangeKind:
    """The first that the words tell: what is deleted and replaced is replaced."""
    for kind, pattern in _CHANGES:
        if pattern.search(words):
            return kind
    return "amended"

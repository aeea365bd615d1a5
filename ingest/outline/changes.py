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
            r"""amended\s+and\s+restated|\breplac(?:ed|ing)\b|\bsubstitut(?:ed|ing)\b|\brestated\b
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
_PROVISION = re.compile(
    r"""(?:[Ss]ub-?)?(?:[Ss]ection|[Aa]rticle|[Cc]lause|[Pp]aragraph|Exhibit|Schedule|Annex|Appendix|Attachment
            |Recital)s?\s+["“]?(?:\d[\w.-]{0,9}|[A-Z](?:-?\d{1,2})?\b|[IVXLC]{1,7}\b)(?:\(\w{1,4}\)){0,4}
      | (?:[Пп]одпункт|[Пп]ункт|[Сс]тать[юяи]|[Рр]аздел|[Пп]риложени[ея])\w*\s+(?:№\s?)?\d[\d.]{0,11}
      | 第[一二三四五六七八九十百零〇\d]{1,6}[条章节](?:第[一二三四五六七八九十\d]{1,4}[款项])?
      | 附件[一二三四五六七八九十\d]{1,3}""",
    re.VERBOSE,
)


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
    shown = " ".join(provision[0].replace("“", "").replace('"', "").split()).rstrip(".-")
    return Change(_kind(words), shown, start, start + len(words.rstrip()))


def _kind(words: str) -> ChangeKind:
    """The first that the words tell: what is deleted and replaced is replaced."""
    for kind, pattern in _CHANGES:
        if pattern.search(words):
            return kind
    return "amended"

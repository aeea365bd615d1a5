"""Text without what copying changes: case, white space, dashes, quotation marks, ligatures, hyphenation."""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass

_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff*`\\")
_MARKS = frozenset('"“”„‟«»「」『』‹›〝〞')
_APOSTROPHES = frozenset("'’‘‛′")
_HYPHENS = frozenset("-‐‑\ufffe")
_DASHES = frozenset("–—‒―−")
_LETTERS = r"A-Za-z0-9А-Яа-яёЁ!#$%&()+,./:;<=>?@\[\]^_{|}~"
_PLAIN = re.compile(rf"(?:[{_LETTERS}\u4e00-\u9fff]+|(?<=[{_LETTERS}])[ \n](?=[{_LETTERS}]))+")
"""Nearly all of most texts: what folds to its small letters, and the single spaces between them."""


@dataclass(frozen=True, slots=True)
class Folded:
    """``origins[i]`` is where character ``i`` of the folded text comes from; one more entry marks the end."""

    text: str
    origins: array[int]

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original that became ``[start, end)``, which must not be empty."""
        return self.origins[start], self.origins[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold a text: NFKC, case, one space for white space and dashes; no quotation marks, no hyphenation."""
    folded: list[str] = []
    origins = array("l")
    done = 0
    for plain in _PLAIN.finditer(text):
        _fold_apart(text, done, plain.start(), folded, origins)
        done = plain.end()
        folded.append(plain[0].lower().replace("\n", " ").replace("ё", "е"))
        origins.extend(range(plain.start(), done))
    _fold_apart(text, done, len(text), folded, origins)
    if folded and folded[-1] == " ":
        folded.pop()
        origins.pop()
    origins.append(len(text))
    return Folded("".join(folded), origins)


def _fold_apart(text: str, start: int, end: int, folded: list[str], origins: array[int]) -> None:
    """Fold the characters of ``text[start:end]`` one by one, behind what is folded already."""
    length = len(text)
    for position in range(start, end):
        kept = _fold_character(text[position])
        if kept == "-":
            if _joins(text, position, length):
                continue
            kept = " " if _stands_apart(text, position, length) else "-"
        if kept == " " and (not folded or folded[-1] == " " or _inside(text, position, length)):
            continue
        for part in kept:
            folded.append(part)
            origins.append(position)


def _fold_character(character: str) -> str:
    if character in _DROPPED or character in _MARKS:
        return ""
    if character in _APOSTROPHES:
        return "'"
    if character in _HYPHENS:
        return "-"
    if character.isspace() or character in _DASHES:
        return " "
    if character.isascii():
        return character.lower()
    return unicodedata.normalize("NFKC", character).casefold().replace("ё", "е")


def _joins(text: str, position: int, length: int) -> bool:
    """Whether a hyphen stands between letters, perhaps across a line break: non-exclusive, termi-⏎nation."""
    after = position + 1
    while after < length and text[after].isspace():
        after += 1
    apart = text[position + 1 : after]
    return bool(position and text[position - 1].isalpha() and after < length and text[after].isalpha()) and (
        not apart or "\n" in apart
    )


def _stands_apart(text: str, position: int, length: int) -> bool:
    """Whether a hyphen serves as a dash."""
    return (
        position + 1 >= length
        or text[position + 1].isspace()
        or (position > 0 and text[position - 1].isspace())
    )


def _inside(text: str, position: int, length: int) -> bool:
    """Whether white space stands inside a word: hyphenated at a line's end, or Chinese."""
    before = position
    while before and text[before - 1].isspace():
        before -= 1
    after = position
    while after < length and text[after].isspace():
        after += 1
    if not before or after >= length:
        return False
    if text[before - 1] in _HYPHENS and "\n" in text[before:after]:
        return before > 1 and text[before - 2].isalpha() and text[after].isalpha()
    return (
        text[before - 1] >= "\u3000"
        and text[after] >= "\u3000"
        and text[before - 1] < "\uac00"
        and text[after] < "\uac00"
    )

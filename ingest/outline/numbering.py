"""Printed numbers of contracts in English, Russian and Chinese: what they are, and what follows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = tuple[int, ...]

ATTACHED = "attached"
"""The style of exhibits, schedules, annexes and appendices."""
DECIMAL = "decimal"
WORDS = {
    "part": "part",
    "часть": "part",
    "编": "part",
    "編": "part",
    "chapter": "chapter",
    "глава": "chapter",
    "章": "chapter",
    "article": "article",
    "статья": "article",
    "раздел": "chapter",
    "section": "section",
    "sec.": "section",
    "§": "section",
    "clause": "clause",
    "пункт": "clause",
    "节": "section",
    "節": "section",
    "条": "article",
    "條": "article",
    "款": "paragraph",
    "项": "item",
    "項": "item",
    "exhibit": ATTACHED,
    "schedule": ATTACHED,
    "annex": ATTACHED,
    "appendix": ATTACHED,
    "attachment": ATTACHED,
    "приложение": ATTACHED,
    "附件": ATTACHED,
    "附录": ATTACHED,
}
"""What the word beside a number makes of it."""
RANKS = {ATTACHED: 0, "part": 1, "chapter": 2, "section": 4, "article": 3, "clause": 5}
"""Outer before inner; Chinese sections stand over articles and are told by their nesting."""
_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_IS_ROMAN = re.compile(r"(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$")
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщэюя"
"""The letters that lists use: no й, ё, ъ, ы, ь."""
_SPELLED = {
    word: n
    for n, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(), 1
    )
}
_HAN = "一二三四五六七八九十百零〇两"
_NUMBER = re.compile(
    rf"""
      (?P<word>(?:ARTICLE|Article|SECTION|Section|Sec\.|CLAUSE|Clause|PART|Part|CHAPTER|Chapter
          |EXHIBIT|Exhibit|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix|ATTACHMENT|Attachment
          |СТАТЬЯ|Статья|РАЗДЕЛ|Раздел|ГЛАВА|Глава|ЧАСТЬ|Часть|ПУНКТ|Пункт|ПРИЛОЖЕНИЕ|Приложение|§))
        \s{{0,3}}(?:№|No\.|N)?\s{{0,3}}
        ["“«]?(?P<value>\d{{1,4}}(?:\.\d{{1,3}}){{0,5}}|(?<![A-Za-z])(?:[IVXLC]{{1,7}}|[A-Z](?:-?\d{{1,2}})?)
          |(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen))
        (?![\w-])["”»]?
    | 第\s?(?P<hanvalue>[{_HAN}\d]{{1,6}})\s?(?P<hanword>[编編章节節条條款项項])
    | (?P<attached>附件|附录)\s?(?P<attachedvalue>[{_HAN}\d]{{1,3}})
    | (?P<hanlist>[{_HAN}]{{1,3}})、
    | (?P<digits>\d{{1,3}})、
    | (?P<decimal>\d{{1,3}}(?:\.\d{{1,3}}){{1,5}})(?![\w%])[.)]?
    | (?P<open>[(（]?)
        (?P<plain>\d{{1,3}}|[IVXLC]{{1,6}}|[ivxlc]{{1,6}}|[A-Za-z]|[a-z]{{2}}|[а-яА-Я]|[{_HAN}]{{1,3}})
        (?P<close>[)）.])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number: ``styles`` are its readings, the likelier one first.

    Numbers of one style count on from each other: ``(i)`` is the ninth letter or the first roman numeral.
    """

    start: int
    end: int
    styles: tuple[tuple[str, Value], ...]
    named: bool
    """Whether a word stands with it: ``Article IV``, ``第三条``."""


def number_at(text: str, position: int, end: int) -> Number | None:
    """The number that stands at ``position``, if one does."""
    found = _NUMBER.match(text, position, end)
    if found is None:
        return None
    styles = _styles(found)
    if not styles or (
        found["close"] == "." and _goes_on(found["plain"], text[found.end() : found.end() + 1])
    ):
        return None
    named = any(found[group] for group in ("word", "hanword", "attached"))
    return Number(found.start(), found.end(), styles, named)


def _goes_on(plain: str, following: str) -> bool:
    """``E.L.F. Beauty``, ``1.eml``; ``1.Definitions`` is a number."""
    return following.isalnum() if plain.isalpha() else following.islower()


def printed(text: str, number: Number) -> str:
    """As people write it: ``4.2``, ``(b)``, ``Article IV``, ``第三条``."""
    return " ".join(text[number.start : number.end].split()).rstrip(".、:")


def _styles(found: re.Match[str]) -> tuple[tuple[str, Value], ...]:
    if word := found["word"]:
        return _named(WORDS[word.lower()], found["value"])
    for style, numeral in (
        (WORDS[found["hanword"]] + "-han" if found["hanword"] else "", found["hanvalue"]),
        (ATTACHED, found["attachedvalue"]),
        ("一、", found["hanlist"]),
        ("1、", found["digits"]),
    ):
        if numeral:
            return ((style, (han_value(numeral),)),)
    if found["decimal"]:
        return ((DECIMAL, _decimals(found["decimal"])),)
    return _lettered(found["open"].replace("（", "("), found["plain"], found["close"].replace("）", ")"))


def _named(word: str, value: str) -> tuple[tuple[str, Value], ...]:
    if word != ATTACHED and "." in value:
        return ((DECIMAL, _decimals(value)),)
    return ((word, plain_value(value)),)


def _lettered(opening: str, plain: str, close: str) -> tuple[tuple[str, Value], ...]:
    if opening and close == ".":
        return ()
    shape = opening + "{}" + close
    if plain.isdecimal():
        return ((shape.format("1"), (int(plain),)),)
    if plain[0] in _HAN:
        return ((shape.format("一"), (han_value(plain),)),)
    case = "A" if plain.isupper() else "a"
    readings: list[tuple[str, Value]] = []
    if plain.lower() in _CYRILLIC and len(plain) == 1:
        readings.append((shape.format("а"), (_CYRILLIC.index(plain.lower()) + 1,)))
    elif plain.isascii() and (len(plain) == 1 or plain == plain[0] * 2):
        readings.append((shape.format(case), (letter_value(plain),)))
    if roman := roman_value(plain):
        readings.append((shape.format("I" if case == "A" else "i"), (roman,)))
    return tuple(readings)


def plain_value(value: str) -> Value:
    """The number that digits, roman numerals, a letter or a word spell; ``A-1`` is (1, 1)."""
    if value[0].isdecimal():
        return _decimals(value)
    if value.lower() in _SPELLED:
        return (_SPELLED[value.lower()],)
    if roman := roman_value(value):
        return (roman,)
    letter, _, digits = value.partition("-")
    if digits or value[1:].isdecimal():
        return (letter_value(letter[0]), int(digits or value[1:]))
    return (letter_value(value),)


def letter_value(letters: str) -> int:
    """A is 1, z is 26, aa is 27."""
    return ord(letters[0].lower()) - ord("a") + 1 + 26 * (len(letters) - 1)


def roman_value(numeral: str) -> int:
    """What a roman numeral below 100 is worth; 0 where it is none."""
    numeral = numeral.lower()
    if not numeral or not _IS_ROMAN.match(numeral):
        return 0
    values = [_ROMAN[c] for c in numeral]
    return sum(-v if following > v else v for v, following in zip(values, [*values[1:], 0], strict=True))


def han_value(numeral: str) -> int:
    """What a Chinese numeral below 1,000 is worth; digits count as they are."""
    if numeral.isdecimal() and numeral.isascii():
        return int(numeral)
    total = current = 0
    for character in numeral:
        if character in "十百":
            total += (current or 1) * (10 if character == "十" else 100)
            current = 0
        else:
            current = _HAN_DIGITS.get(character, int(character) if character.isdecimal() else 0)
    return total + current


def _decimals(value: str) -> Value:
    return tuple(int(part) for part in value.split("."))

"""Numbers written as words: English, Russian in all cases, Chinese."""

from __future__ import annotations

import re
from decimal import Decimal

_ENGLISH_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen "
    "eighteen nineteen"
).split()
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ENGLISH_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_RUSSIAN_FORMS = {
    0: "ноль нуль нуля",
    1: "один одна одно одного одной одному одним одну",
    2: "два две двух двум двумя",
    3: "три трех трем тремя",
    4: "четыре четырех четырем четырьмя",
    5: "пять пяти пятью",
    6: "шесть шести шестью",
    7: "семь семи семью",
    8: "восемь восьми восемью",
    9: "девять девяти девятью",
    10: "десять десяти десятью",
    11: "одиннадцать одиннадцати",
    12: "двенадцать двенадцати",
    13: "тринадцать тринадцати",
    14: "четырнадцать четырнадцати",
    15: "пятнадцать пятнадцати",
    16: "шестнадцать шестнадцати",
    17: "семнадцать семнадцати",
    18: "восемнадцать восемнадцати",
    19: "девятнадцать девятнадцати",
    20: "двадцать двадцати двадцатью",
    30: "тридцать тридцати тридцатью",
    40: "сорок сорока",
    50: "пятьдесят пятидесяти",
    60: "шестьдесят шестидесяти",
    70: "семьдесят семидесяти",
    80: "восемьдесят восьмидесяти",
    90: "девяносто девяноста",
    100: "сто ста",
    200: "двести двухсот",
    300: "триста трехсот",
    400: "четыреста четырехсот",
    500: "пятьсот пятисот",
    600: "шестьсот шестисот",
    700: "семьсот семисот",
    800: "восемьсот восьмисот",
    900: "девятьсот девятисот",
}
_RUSSIAN_SCALES = {
    1000: "тысяча тысячи тысяч тысячу тысячам тыс",
    10**6: "миллион миллиона миллионов миллионам млн",
    10**9: "миллиард миллиарда миллиардов млрд",
}

_CARDINALS: dict[str, int] = (
    {word: value for value, word in enumerate(_ENGLISH_UNITS)}
    | {word: 20 + 10 * place for place, word in enumerate(_ENGLISH_TENS)}
    | {form: value for value, forms in _RUSSIAN_FORMS.items() for form in forms.split()}
)
SCALES: dict[str, int] = _ENGLISH_SCALES | {
    form: value for value, forms in _RUSSIAN_SCALES.items() for form in forms.split()
}

_WORDS = "|".join(sorted({*_CARDINALS, *SCALES} - {"тыс", "млн", "млрд"}, key=len, reverse=True))
NUMBER_WORDS = re.compile(rf"\b(?:{_WORDS})(?:(?:[\s-]+|[\s-]+and\s+)(?:{_WORDS}))*\b")
"""In small letters, without ё."""

_CHINESE_DIGITS = {
    character: value
    for value, characters in enumerate(
        ("零〇", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for character in characters
}
_CHINESE_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10**4, "亿": 10**8}
CHINESE_NUMBER = re.compile(rf"[{''.join(_CHINESE_DIGITS)}{''.join(_CHINESE_SCALES)}]+")


_ENGLISH_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_RUSSIAN_ORDINALS = (
    "перв втор треть четверт пят шест седьм восьм девят десят одиннадцат двенадцат тринадцат четырнадцат"
    " пятнадцат шестнадцат семнадцат восемнадцат девятнадцат двадцат"
).split()
_ORDINALS = {
    word: place for words in (_ENGLISH_ORDINALS, _RUSSIAN_ORDINALS) for place, word in enumerate(words, 1)
} | {
    "thirtieth": 30,
    "тридцат": 30,
}
_RUSSIAN_ENDINGS = "ый|ой|ого|его|ому|ая|ую|ое|ом|ьего|ий"
ORDINAL_WORDS = re.compile(
    rf"\b(?:{'|'.join([*_ENGLISH_ORDINALS, 'thirtieth'])})\b"
    rf"|\b(?:{'|'.join([*_RUSSIAN_ORDINALS, 'тридцат'])})(?:{_RUSSIAN_ENDINGS})\b"
)
"""In small letters, up to the twentieth and the thirtieth."""
_RUSSIAN_ORDINAL_ENDING = re.compile(rf"(?:{_RUSSIAN_ENDINGS})$")
_WORD_PARTS = frozenset(_WORDS.split("|"))
_LETTERS = re.compile(r"[a-zа-я]+")


def has_number_words(text: str) -> bool:
    """Whether any word of a lower-case text is a numeral: cheaper than looking for whole numbers."""
    return not _WORD_PARTS.isdisjoint(_LETTERS.findall(text))


def value_of_words(words: str) -> Decimal | None:
    """The value of ``twenty-five thousand`` or ``двадцати пяти``; None where a scale stands alone."""
    total = group = 0
    seen = False
    for word in re.split(r"[\s-]+", words.lower().replace("ё", "е")):
        if word in _CARDINALS:
            group += _CARDINALS[word]
            seen = True
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in SCALES:
            total += max(group, 1) * SCALES[word]
            group = 0
    return Decimal(total + group) if seen else None


def value_of_chinese(characters: str) -> Decimal | None:
    """The value of ``一千二百`` or ``二〇二四``; None where a scale stands alone, as in 万一."""
    if not any(character in _CHINESE_DIGITS for character in characters) and characters[0] not in "十拾":
        return None
    if all(character in _CHINESE_DIGITS for character in characters):
        return Decimal("".join(str(_CHINESE_DIGITS[character]) for character in characters))
    total = section = digit = 0
    for character in characters:
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
            continue
        scale = _CHINESE_SCALES[character]
        if scale < 10**4:
            section += max(digit, 1) * scale
        else:
            total = (total + max(section + digit, 1)) * scale
            section = 0
        digit = 0
    return Decimal(total + section + digit)


def value_of_ordinal(word: str) -> int:
    """The place that a word of ``ORDINAL_WORDS`` names."""
    return _ORDINALS.get(word) or _ORDINALS[_RUSSIAN_ORDINAL_ENDING.sub("", word)]

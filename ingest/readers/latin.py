"""Which of the Latin alphabets: their encodings give one byte to different letters.

Nothing in the bytes themselves tells Spanish "años" from "ańos": only that no language writes all of the
letters that a wrong reading shows, or writes them next to a digit.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

ENCODINGS = ("cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "cp850", "cp852", "mac-roman")
"""The likelier first: where all readings are as plausible, it is taken."""
_OLD = frozenset({"cp850", "cp852", "mac-roman"})
_DATED = 0.75
"""What the reading of an old system is worth against one of today."""
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "áéíóúüñªº",  # Spanish
            "áâãàçéêíóôúüªº",  # Portuguese, but for its "õe"
            "àâçéèêëîïôœùûüÿ",  # French
            "àèéìíîòóùú",  # Italian
            "àçèéíïòóúü·",  # Catalan
            "äöüß",  # German
            "éëïöüèá",  # Dutch
            "äåöé",  # Swedish, Finnish
            "æøåé",  # Danish, Norwegian
            "áðéíóúýþæö",  # Icelandic
            "ąćęłńóśźż",  # Polish
            "áčďéěíňóřšťúůýž",  # Czech
            "áäčďéíĺľňóôŕšťúýž",  # Slovak
            "áéíóöőúüű",  # Hungarian
            "ăâîşţ",  # Romanian
            "čćđšž",  # Croatian, Slovenian
            "çğıöşüâİ",  # Turkish
            "ąčęėįšųūž",  # Lithuanian
            "āčēģīķļņšūž",  # Latvian
            "äõöüšž",  # Estonian
        ),
    )
)
_KNOWN = frozenset[str]().union(*_ALPHABETS)
_ALONE = frozenset("àáéèóôåöÀÁÉÈÓÔÅÖªº")
"""Letters beyond ASCII that are words by themselves."""
_MARKS = frozenset("“”‘’‚„«»‹›–—…•·†‡¿¡©®™§°£€²³½¼¾ªº\xa0\xad")
_JOINING = frozenset("’–—·\xa0\xad")
"""Marks that stand between letters."""
_OPENING = frozenset("“‘‚„«¿¡")
_NEVER = frozenset("\ufffd¤") | {chr(code) for code in range(0x80, 0xA0)}
"""Holes, controls, and a currency that there is not."""
_NASAL_PAIR = re.compile("õe", re.IGNORECASE)
_NASAL = str.maketrans("õÕ", "ãÃ")
"""Portuguese writes its õ before e alone; elsewhere it would be a Hungarian ő, read wrongly."""
_LONG = 20_000
"""Bytes that are looked at."""
_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_RUN = re.compile(rb"[\x80-\xff]+")


def accented(data: bytes) -> str | None:
    """The encoding of a text whose bytes beyond ASCII stand among ASCII, as accents do in no other script.

    None where they do not, or where no European language would be written as they then read.
    """
    data = data[:_LONG]
    runs = _RUN.findall(data)
    encoding = likeliest(data)
    lone = sum(len(run) == 1 for run in runs) * 5 >= len(runs) * 4
    good = _plausibility(data.decode(encoding, "replace")) * 2 >= sum(map(len, runs))
    return encoding if lone and good else None


def likeliest(data: bytes) -> str:
    """The name of the encoding that reads the bytes of a European text best."""
    return max(ENCODINGS, key=lambda encoding: _value(data[:_LONG], encoding))


def _value(data: bytes, encoding: str) -> float:
    return _plausibility(data.decode(encoding, "replace")) * (_DATED if encoding in _OLD else 1.0)


def _plausibility(text: str) -> int:
    text = text.replace("µ", "°")  # a unit, although Unicode calls it a letter
    words = _WORD.findall(_NASAL_PAIR.sub(lambda pair: pair[0].translate(_NASAL), text))
    shaped = [word for word in words if not _is_misshapen(word)]
    letters = Counter(letter for word in shaped for letter in word if not letter.isascii())
    written = max(_held(letters, alphabet) for alphabet in _ALPHABETS)
    unknown = letters.total() - _held(letters, _KNOWN)
    return written - unknown - (len(words) - len(shaped)) + _marks(text)


def _held(letters: Counter[str], alphabet: frozenset[str]) -> int:
    return sum(count for letter, count in letters.items() if {letter, letter.lower()} & alphabet)


def _is_misshapen(word: str) -> bool:
    """A letter alone, beside a digit, or a capital inside small letters."""
    if len(word) == 1:
        return word not in _ALONE
    return any(
        (not one.isascii() and other.isdigit() and one not in _ALONE)
        or (one.isdigit() and not other.isascii() and other not in _ALONE)
        or (one.islower() and other.isupper() and not other.isascii())
        for one, other in pairwise(word)
    )


def _marks(text: str) -> int:
    """Marks that printers use, less those that stand where only a letter can, and what nobody prints."""
    value = 0
    for place, mark in enumerate(text):
        if mark.isascii() or mark.isalpha():
            continue
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        inside = before.isalpha() and after.isalpha() and mark not in _JOINING
        wrong_side = (mark in "£€" and after.isalpha()) or (mark in _OPENING and before.isalpha())
        if inside or wrong_side or mark in _NEVER:
            value -= 1
        elif mark == "–" and before.isalpha() != after.isalpha():
            continue
        else:
            value += mark in _MARKS
    return value

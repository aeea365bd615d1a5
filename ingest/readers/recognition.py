"""A picture of a page → its words: which way up, in which languages, and how sure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.readers import tesseract
from ingest.readers.pictures import resized
from ingest.readers.rows import is_dense
from ingest.readers.signs import restored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.readers.tesseract import Engine, Orientation, Picture, Word

_CYRILLIC: Final = frozenset("bel bul kaz kir mkd mon rus srp tgk ukr uzb_cyrl aze_cyrl tat".split())
_HAN: Final = "Han"
_SCRIPTS: Final = {
    **dict.fromkeys(_CYRILLIC, "Cyrillic"),
    **dict.fromkeys("chi_sim chi_tra chi_sim_vert chi_tra_vert".split(), _HAN),
    **dict.fromkeys(("ara", "fas", "pus", "uig", "urd"), "Arabic"),
    **dict.fromkeys(("hin", "mar", "nep", "san"), "Devanagari"),
    **dict.fromkeys(("ell", "grc"), "Greek"),
    "jpn": "Japanese",
    "kor": "Korean",
    "heb": "Hebrew",
    "tha": "Thai",
    "kat": "Georgian",
    "hye": "Armenian",
}
_LATIN: Final = "Latin"
_JOINED_BY_LATIN: Final = frozenset({"Cyrillic", "Greek", "Armenian", "Georgian"})
"""Scripts whose pages have names and abbreviations in Latin letters that their own model misreads; of Han
and its like the own model reads Latin letters, and a second one costs Chinese two points of accuracy."""
_FIXED_PITCH: Final = ("textord_use_cjk_fp_model=1",)
"""Of tesseract: characters are as wide as each other."""
_FINE_ENOUGH: Final = 160
"""Pixels an inch of a page in Chinese alone: its model reads letters of about 25 pixels best."""
_SURE_TURN: Final = 2.0
_SURE: Final = 82.0
"""Mean confidence of a page in the right languages; below it all languages are tried."""
_LEAST_CONFIDENCE, _LEAST_SIGN_CONFIDENCE = 25.0, 50.0
"""Mean of a line that is kept; of one that has neither letter nor digit. Below are specks and rules."""
_PLAIN: Final = 60.0
"""Confidence of at least one word of a page that has words at all."""
_DARK: Final = 128
"""Mean grey level below which letters may be light on dark."""
_LIGHT: Final = 180
"""Grey level above which a pixel of a dark picture may be of a letter."""
_LEAST_INK: Final = 40
"""Grey levels between the lightest and the darkest pixel of a page that is not blank."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The words of a page in reading order, in pixels of the picture turned upright."""

    turn: int
    """Degrees clockwise that put the picture upright."""
    words: tuple[Word, ...]


def is_blank(picture: Picture) -> bool:
    """Whether nothing is printed on it."""
    return picture.size == 0 or int(picture.max()) - int(picture.min()) < _LEAST_INK


def recognise(engine: Engine, picture: Picture, languages: Sequence[str], resolution: int) -> Recognised:
    """Recognise a page.

    The script of the page picks the languages: with all at once Chinese is read worse and everything more
    slowly. Where the result is unsure, as on a page in two scripts, all are tried and the surer is kept.

    Args:
        engine: see ``tesseract.installed``.
        picture: the page, whichever way up.
        languages: of tesseract, each among the engine's.
        resolution: pixels an inch.

    Raises:
        NotRecognised: tesseract failed.
    """
    seen = tesseract.orientation(engine, picture)
    turn = seen.turn if seen and seen.certainty >= _SURE_TURN else 0
    likely = likely_languages(languages, seen)
    upright = np.ascontiguousarray(np.rot90(picture, -turn // 90))
    words = _read(engine, upright, likely, languages, resolution)
    if not words and upright.mean() < _DARK:
        words = _read(engine, _light_letters(upright), likely, languages, resolution)
    return Recognised(turn, words)


def _light_letters(picture: Picture) -> Picture:
    """What is light as black on white. Tesseract inverts plain rows itself, but not over a photograph."""
    return np.where(picture > _LIGHT, 0, 255).astype(np.uint8)


def _read(
    engine: Engine, upright: Picture, likely: Sequence[str], languages: Sequence[str], resolution: int
) -> tuple[Word, ...]:
    found = _first(engine, upright, likely, resolution)
    if _confidence(found) < _SURE and tuple(likely) != tuple(languages):
        again = tesseract.words(engine, upright, languages, resolution)
        found = max(found, again, key=_worth)
    chinese = [language for language in languages if _SCRIPTS.get(language) == _HAN]
    if chinese and tuple(likely) != tuple(chinese) and _is_mostly_han(found):
        # The script was seen wrongly, or not at all.
        found = max(found, _first(engine, upright, chinese, resolution), key=_worth)
    return restored(_kept(found), upright)


def _first(engine: Engine, upright: Picture, likely: Sequence[str], resolution: int) -> tuple[Word, ...]:
    """As its script is read best."""
    if any(_SCRIPTS.get(language) != _HAN for language in likely):
        return tesseract.words(engine, upright, likely, resolution)
    scale = min(1.0, _FINE_ENOUGH / resolution)
    coarse = resized(upright, scale) if scale < 1 else upright
    found = tesseract.words(engine, coarse, likely, round(resolution * scale), _FIXED_PITCH)
    return tuple(_enlarged(word, 1 / scale) for word in found)


def _enlarged(word: Word, scale: float) -> Word:
    sides = (word.left, word.top, word.right, word.bottom)
    left, top, right, bottom = (round(side * scale) for side in sides)
    return replace(word, left=left, top=top, right=right, bottom=bottom)


def likely_languages(languages: Sequence[str], seen: Orientation | None) -> Sequence[str]:
    """Those of the script that was seen; all where none is, or none was seen."""
    if seen is None:
        return languages
    own = [language for language in languages if _SCRIPTS.get(language, _LATIN) == seen.script]
    if own and seen.script in _JOINED_BY_LATIN:
        own += [language for language in languages if language not in _SCRIPTS]
    return own or languages


def _is_mostly_han(found: Sequence[Word]) -> bool:
    letters = [character for word in found for character in word.text if character.isalnum()]
    return 2 * sum(map(is_dense, letters)) > len(letters)


def _confidence(found: Sequence[Word]) -> float:
    """Mean over the characters."""
    characters = sum(len(word.text) for word in found)
    return sum(len(word.text) * word.confidence for word in found) / characters if characters else 0.0


def _worth(found: Sequence[Word]) -> float:
    """Characters that are likely right."""
    return sum(len(word.text) * (word.confidence - 50) for word in found)


def _kept(found: Sequence[Word]) -> tuple[Word, ...]:
    """Without lines that are specks and rules; a page on which no word is plain has none."""
    lines = [tuple(group) for _, group in groupby(found, key=lambda word: word.line)]
    words = [word for line in lines if _confidence(line) >= _least(line) for word in line]
    plain = any(word.confidence >= _PLAIN and any(map(str.isalnum, word.text)) for word in words)
    return tuple(words) if plain else ()


def _least(line: Sequence[Word]) -> float:
    written = any(character.isalnum() for word in line for character in word.text)
    return _LEAST_CONFIDENCE if written else _LEAST_SIGN_CONFIDENCE

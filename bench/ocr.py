"""How many characters of clean printed pages are read right: ``python -m bench.ocr``.

    python -m bench.ocr [--languages en,ru,zh] [--pages 12] [--dots 200] [--points 11] [TEXT…]

Draws pages from the data sets beside the tree, or from text files, and reads each through the whole
reader with the default settings. Accuracy is 1 - edits / characters; white space does not count, and
neither do rules drawn with dashes or low lines, unless letters are read there. ``folded``
takes the forms of a sign that differ in width alone for one, as NFKC does.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from ingest.readers.images import read_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from PIL.ImageFont import FreeTypeFont

_DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data"
_SOURCES: Final = {
    "en": ("cuad",),
    "ru": ("multilingual/xquad-ru",),
    "zh": ("multilingual/xquad-zh", "multilingual/cmrc2018-dev"),
}
_DEBIAN: Final = Path("/usr/share/fonts")
_DEJAVU: Final = ("truetype/dejavu/DejaVuSerif.ttf", "truetype/dejavu/DejaVuSans.ttf")
_FONTS: Final = {
    "en": _DEJAVU,
    "ru": _DEJAVU,
    "zh": ("opentype/noto/NotoSansCJK-Regular.ttc", "opentype/noto/NotoSerifCJK-Regular.ttc"),
}
_SIMPLIFIED: Final = 2
"""Number of the simplified Chinese face in Noto's collections."""
_PAPER, _MARGIN, _LEADING = (8.27, 11.69), 1.0, 1.5
"""A4 and its margin in inches; distance of the lines in font sizes."""
_RULE: Final = re.compile(r"[-_=~]{3,}")
_UNSEEN: Final = re.compile("[\u200b-\u200f\ufeff\u00ad]")
_ENOUGH: Final = 1_200
"""Characters that fill most of a page."""
_NOT_AT_THE_START, _NOT_AT_THE_END = (
    frozenset("，。、；：？！）》”’】〉」』…·%,.;:?!)]"),
    frozenset("（《“‘【〈「『(["),
)
_UNIT: Final = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+|[ \t]+")
"""What stays on one line: a Chinese character or sign, a word, a blank."""


@dataclass
class Score:
    """Of the pages of one language."""

    strict: list[float] = field(default_factory=list[float])
    folded: list[float] = field(default_factory=list[float])
    confusions: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Printed:
    """A page and what is printed on it."""

    picture: Image.Image
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", nargs="*", type=Path, help="text files of the one language named")
    parser.add_argument("--languages", default="en,ru,zh")
    parser.add_argument("--pages", type=int, default=12, help="of each language")
    parser.add_argument("--dots", type=int, default=200, help="an inch")
    parser.add_argument("--points", type=float, default=11)
    parser.add_argument("--confusions", type=int, default=12, help="how many to print")
    chosen = parser.parse_args()
    for language in chosen.languages.split(","):
        texts = [path.read_text(encoding="utf-8") for path in chosen.texts] or list(samples(language))
        pages = islice(printed(texts, language, chosen.points, chosen.dots), chosen.pages)
        report(language, measure(language, pages, chosen.dots), chosen.confusions)


def samples(language: str) -> Iterator[str]:
    """Texts of the data sets of a language that fill a page, one of each set in turn."""
    sets = [_filled(_DATA / name / "documents.jsonl") for name in _SOURCES[language]]
    for texts in zip(*sets, strict=False):
        yield from texts


def _filled(location: Path) -> Iterator[str]:
    """Texts that follow one another, joined until they fill a page."""
    gathered: list[str] = []
    with location.open(encoding="utf-8") as lines:
        for line in lines:
            gathered.append(_UNSEEN.sub("", json.loads(line)["text"]).strip())
            if sum(map(len, gathered)) >= _ENOUGH:
                yield "\n".join(gathered)
                gathered = []


def printed(texts: Iterable[str], language: str, points: float, dots: int) -> Iterator[Printed]:
    """A page of each text, in each font of the language in turn; without texts that a font has not."""
    fonts = cycle(_DEBIAN / name for name in _FONTS[language])
    faces = (
        ImageFont.truetype(font, round(points * dots / 72), index=_SIMPLIFIED if language == "zh" else 0)
        for font in fonts
    )
    # The font changes after each round of the data sets, so that each set is printed in each font.
    rounds = (face for face in faces for _ in _SOURCES[language])
    for text, face in zip(texts, rounds, strict=False):
        if text.strip() and not lacking(text, face):
            yield draw(text, face, dots)


def lacking(text: str, face: FreeTypeFont) -> set[str]:
    """Characters that the font has no glyph for."""
    absent = _shape("\U0010fffe", face)
    return {sign for sign in set(text) if not sign.isspace() and _shape(sign, face) == absent}


def _shape(sign: str, face: FreeTypeFont) -> tuple[int, bytes]:
    picture = Image.new("L", (2 * round(face.size), 2 * round(face.size)), 255)
    ImageDraw.Draw(picture).text((0, 0), sign, font=face, fill=0)
    return round(face.getlength(sign)), picture.tobytes()


def draw(text: str, face: FreeTypeFont, dots: int) -> Printed:
    """A page as full as the text makes it."""
    picture = Image.new("L", (round(_PAPER[0] * dots), round(_PAPER[1] * dots)), 255)
    pen, margin, step = ImageDraw.Draw(picture), round(_MARGIN * dots), round(_LEADING * face.size)
    rows: list[str] = []
    for paragraph in text.split("\n"):
        rows += [*broken(paragraph, face, picture.width - 2 * margin)]
    rows = rows[: (picture.height - 2 * margin) // step]
    for number, row in enumerate(rows):
        pen.text((margin, margin + number * step), row, font=face, fill=0)
    return Printed(picture, "\n".join(rows).strip())


def broken(paragraph: str, face: FreeTypeFont, width: float) -> Iterator[str]:
    """The lines of a paragraph; signs that must not start or end a line do not."""
    row = ""
    for unit in _UNIT.findall(paragraph):
        if row and unit not in _NOT_AT_THE_START and face.getlength(row + unit) > width:
            carried = ""
            while row and row[-1] in _NOT_AT_THE_END:
                row, carried = row[:-1], row[-1] + carried
            yield row.strip()
            row = carried
        row += unit
    yield row.strip()


def measure(language: str, pages: Iterable[Printed], dots: int) -> Score:
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages, 1):
            location = Path(folder) / "page.png"
            page.picture.save(location, dpi=(dots, dots))
            began = time.perf_counter()
            read = read_image(location).text
            score.seconds += time.perf_counter() - began
            strict, folded = accuracy(read, page.text), accuracy(fold(read), fold(page.text))
            score.strict.append(strict)
            score.folded.append(folded)
            score.confusions.update(confusions(fold(page.text), fold(read)))
            print(f"{language} {number}: {len(page.text)} characters, {strict:.2%}, folded {folded:.2%}")
    return score


def accuracy(read: str, expected: str) -> float:
    """Share of characters that is right, from 0 to 1."""
    read, expected = bare(read), bare(expected)
    return max(0.0, 1 - Levenshtein.distance(expected, read) / len(expected))


def bare(text: str) -> str:
    """Without white space and drawn rules."""
    return "".join(_RULE.sub("", text).split())


def fold(text: str) -> str:
    """With one form for signs that differ in width alone."""
    return unicodedata.normalize("NFKC", text)


def confusions(expected: str, read: str) -> Iterator[str]:
    """What is printed and what is read, where they differ."""
    expected, read = bare(expected), bare(read)
    for edit in Levenshtein.opcodes(expected, read):
        if edit.tag != "equal":
            printed_there = expected[edit.src_start : edit.src_end]
            yield f"{printed_there or '∅'}→{read[edit.dest_start : edit.dest_end] or '∅'}"


def report(language: str, score: Score, most: int) -> None:
    def summed(shares: Sequence[float]) -> str:
        return f"{sum(shares) / len(shares):.2%} (worst {min(shares):.2%})"

    print(
        f"{language}: {len(score.strict)} pages, {summed(score.strict)}, folded {summed(score.folded)}, "
        f"{score.seconds / len(score.strict):.1f} s a page"
    )
    print("  " + "  ".join(f"{found}{pair}" for pair, found in score.confusions.most_common(most)))


if __name__ == "__main__":
    main()

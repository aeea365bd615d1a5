"""Of clean printed pages at least 99 of 100 characters are read right in each language."""

from __future__ import annotations

import re
import shutil
import textwrap
import unicodedata
from typing import TYPE_CHECKING

import pytest
from rapidfuzz.distance import Levenshtein

from ingest.readers import tesseract
from ingest.readers.images import read_image
from ingest.readers.rows import is_dense
from tests.fakes.clean_pages import CHINESE_PAGES, ENGLISH_PAGES, RUSSIAN_PAGES
from tests.fakes.paper import CHINESE, CYRILLIC, printed

if TYPE_CHECKING:
    from pathlib import Path

_LANGUAGES = {"eng", "rus", "chi_sim", "osd"}
_A4 = (595, 842)
_LEAST = 600
"""Characters a page."""
_DOTS = 200
"""An inch."""

pytestmark = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


@pytest.mark.parametrize(
    ("pages", "font"),
    [(ENGLISH_PAGES, CYRILLIC), (RUSSIAN_PAGES, CYRILLIC), (CHINESE_PAGES, CHINESE)],
    ids=["english", "russian", "chinese"],
)
def test_of_a_clean_page_99_of_100_characters_are_read_right(
    tmp_path: Path, pages: tuple[str, ...], font: Path
) -> None:
    engine = tesseract.installed()
    if lacking := _LANGUAGES - (engine.languages if engine else frozenset()):
        pytest.skip(f"tesseract lacks {sorted(lacking)}")
    if not font.exists():
        pytest.skip(f"no font: {font}")
    wrong = characters = 0
    for number, page in enumerate(pages):
        location = tmp_path / f"{number}.png"
        printed(rows_of(page), font, size=_A4, resolution=_DOTS).save(location, dpi=(_DOTS, _DOTS))
        expected, read = folded(page), folded(read_image(location).text)
        wrong += Levenshtein.distance(expected, read)
        characters += len(expected)
    assert characters >= _LEAST * len(pages)
    assert wrong <= 0.01 * characters


def rows_of(page: str) -> list[str]:
    """As a printer breaks lines: between words, and among Chinese behind any character but before no stop."""
    if not is_dense(page[0]):
        return textwrap.wrap(page, 80)
    return [row for line in page.split("\n") for row in re.findall(r".{1,42}[，。；：、）》」”]?", line)]


def folded(text: str) -> str:
    """Without white space, and with one form for signs that differ in width alone."""
    return "".join(unicodedata.normalize("NFKC", text).split())

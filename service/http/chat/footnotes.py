"""Footnotes: the sources of an answer as a short list after it, for clients that show nothing but its text.

What documents say stands there as text: it cannot make a link, an image or a mark of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.additions import CHINESE, ENGLISH, RULE, RUSSIAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.answers import Answer, PlacedCitation

LONGEST_WORDS = 200
"""Code points of a document, or of a claim, that a footnote repeats."""
_MARKDOWN = re.compile(r"[\\`*_\[\]()<>#|~&!$]")
_UNSEEN = re.compile(r"[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that turn the direction of writing, or hide between letters."""
_CYRILLIC, _CHINESE = re.compile(r"[А-яЁё]"), re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of ours, in the language of the answer."""

    headings: tuple[str, str]
    page: str
    line: str
    lines: str


_ENGLISH = _Words(ENGLISH, "p. {}", "line {}", "lines {}")
_RUSSIAN = _Words(RUSSIAN, "с. {}", "строка {}", "строки {}")
_CHINA = _Words(CHINESE, "第 {} 页", "第 {} 行", "第 {} 行")


def write_footnotes(answer: Answer, link: Callable[[PlacedCitation], str]) -> str:
    """What follows the answer's text: its sources, then the claims that nothing supports; empty for neither.

    Args:
        answer: whose text stands before.
        link: the address of a citation's place.
    """
    words = _words_of(answer.text)
    sources = [_source(citation, link(citation), words) for citation in answer.citations]
    claims = [claim for claim in answer.claims if claim.substantive and not claim.supported]
    doubts = [f"- “{_shown(answer.text[claim.start : claim.end])}”" for claim in claims]
    lists = zip(words.headings, (sources, doubts), strict=True)
    told = [f"{heading}\n\n" + "\n".join(lines) for heading, lines in lists if lines]
    return f"\n\n{RULE}\n\n" + "\n\n".join(told) if told else ""


def _words_of(text: str) -> _Words:
    counts = {
        _RUSSIAN: len(_CYRILLIC.findall(text)),
        _CHINA: 3 * len(_CHINESE.findall(text)),  # a character says as much as three letters
    }
    most = max(counts, key=counts.__getitem__)
    return most if 2 * counts[most] > len(text) else _ENGLISH


def _source(placed: PlacedCitation, url: str, words: _Words) -> str:
    """``- [1] [Lease › 1. Rent, p. 4](address): “the words”``."""
    name = ", ".join(_place(placed, words))
    return f"- [{placed.citation.index}] [{name}]({url}): “{_shown(placed.place.text)}”"


def _place(placed: PlacedCitation, words: _Words) -> Iterator[str]:
    document, place = placed.document, placed.place
    path = [document.title or document.path, *(part for part in place.section if part != document.title)]
    yield _shown(" › ".join(path))
    if place.page_start is not None:
        yield words.page.format(_range(place.page_start, place.page_end or place.page_start))
    else:
        lines = words.line if place.line_start == place.line_end else words.lines
        yield lines.format(_range(place.line_start, place.line_end))


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _shown(text: str) -> str:
    """Words on one line in which Markdown sees nothing but words."""
    line = " ".join(_UNSEEN.sub("", text).split())
    cut = line if len(line) <= LONGEST_WORDS else f"{line[: LONGEST_WORDS - 1].rstrip()}…"
    return _MARKDOWN.sub(r"\\\g<0>", cut)

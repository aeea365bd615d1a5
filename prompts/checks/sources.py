"""What a claim is held against: a cited text, its sentences, and what became of the quote in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from prompts.checks.code import looks_like_code
from prompts.checks.facts import SourceFacts
from prompts.checks.negations import polarity
from prompts.folding import fold
from prompts.sentences import sentence_spans
from prompts.words import concept, content_words, script_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompts.checks.negations import Polarity
    from prompts.model import Quoted
    from prompts.words import Script, Word

_BREAK = re.compile(
    r"\n[ \t]*\n\s*|(?<=[;{}])[ \t]*\n|\n(?=[ \t]*(?:[-*•]|\(?[a-z0-9ivx]{1,4}[.)]|\|)\s?)|\n(?=[ \t]{4,}|\t)"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A cited text and what became of the quote in it: ``text[start:end]`` where it was found."""

    source: Source
    quoted: Quoted
    start: int
    end: int

    @property
    def has_quote(self) -> bool:
        """Whether the quote was found."""
        return self.quoted in ("exact", "normalized", "fuzzy")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a source; its words carry offsets into its own text."""

    start: int
    end: int
    text: str
    words: tuple[Word, ...]

    @cached_property
    def concepts(self) -> frozenset[str]:
        """What its content words mean."""
        return frozenset(concept(word.stem) for word in self.words)

    @cached_property
    def folded(self) -> str:
        """Its words without what copying changes."""
        return fold(self.text).text.rstrip(" .;。；")

    @cached_property
    def facts(self) -> SourceFacts:
        """Its numbers, dates and names."""
        return SourceFacts(self.text)

    @cached_property
    def script(self) -> Script | None:
        """The script of most of its letters."""
        return script_of(self.text)

    @cached_property
    def polarity(self) -> Polarity:
        """What it denies and states."""
        return polarity(self.text, self.words)


class Source:
    """A cited text, read once however many claims cite it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.facts = SourceFacts(text)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Its sentences; list items and lines of code count as such."""
        return [
            Sentence(start, end, self.text[start:end], tuple(content_words(self.text[start:end])))
            for first, last in self._blocks()
            for start, end in sentence_spans(self.text, first, last)
        ]

    @cached_property
    def concepts(self) -> frozenset[str]:
        """What all its content words mean."""
        return frozenset[str]().union(*(sentence.concepts for sentence in self.sentences))

    @cached_property
    def script(self) -> Script | None:
        """The script of most of its letters."""
        return script_of(self.text)

    @cached_property
    def is_code(self) -> bool:
        """Whether its lines look like a program's."""
        return looks_like_code(self.text)

    def _blocks(self) -> Iterator[tuple[int, int]]:
        start = 0
        for end in [match.start() for match in _BREAK.finditer(self.text)] + [len(self.text)]:
            yield start, end
            start = end

"""An answer as HTML, block by block while it arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.answers import Cited, Done, Judged, Planned, Written
from service.links import source_link
from service.rendering.markdown import to_html, top_blocks
from service.rendering.signs import signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.model import Claim
    from service.answers import Answer, AnswerEvent, PlacedCitation

_BORDER = re.compile(r"\n[ \t\r]*\n")
_GROWTH = 1.25
"""How much longer an unfinished block must be before it is looked at again: its length counts once in all."""


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """A part of an answer; ``start`` and ``end`` are code points of it, ``html`` is sanitised."""

    start: int
    end: int
    html: str


class AnswerHtml:
    """Renders what of an answer is complete and judged; nothing is rendered twice.

    The blocks follow one another, and between them stands white space only.
    """

    def __init__(self) -> None:
        self._text = ""
        self._claims: list[Claim] = []
        self._citations: dict[int, PlacedCitation] = {}
        self._literal = False
        """It quotes a document: what looks like markup there is none."""
        self._done = 0
        self._next_look = 0
        self._written: list[str] = []

    @property
    def html(self) -> str:
        """All blocks so far."""
        return "".join(self._written)

    def feed(self, event: AnswerEvent) -> list[HtmlBlock]:
        """Take an event; give the blocks that no later one can change."""
        match event:
            case Planned():
                self._literal = event.plan.mode == "extract"
            case Written():
                self._text += event.text
            case Cited():
                self._citations[event.citation.citation.index] = event.citation
            case Judged():
                self._claims.append(event.claim)
                return list(self._complete())
            case Done():
                return list(self._rest(event.answer))
            case _:
                pass
        return []

    def _complete(self) -> Iterator[HtmlBlock]:
        """The blocks that another one follows, and whose claims are judged."""
        if len(self._text) < self._next_look or not _BORDER.search(self._text, self._done):
            return
        whole_lines = self._text.rfind("\n") + 1
        begun = self._done
        blocks = top_blocks(self._text[begun:whole_lines], literal=self._literal)
        for start, end in blocks[:-1]:
            if begun + len(self._text[begun : begun + end].rstrip()) > self._claims[-1].end:
                break
            yield self._block(begun + start, begun + end)
        self._next_look = self._done + int(_GROWTH * (len(self._text) - self._done))

    def _rest(self, answer: Answer) -> Iterator[HtmlBlock]:
        self._text = answer.text
        self._literal = not answer.llm_generated
        self._claims = list(answer.claims)
        self._citations = {placed.citation.index: placed for placed in answer.citations}
        begun = self._done
        for start, end in top_blocks(self._text[begun:], literal=self._literal):
            yield self._block(begun + start, begun + end)

    def _block(self, start: int, end: int) -> HtmlBlock:
        claims = [
            (number, claim)
            for number, claim in enumerate(self._claims)
            if claim.start < end and claim.end > start
        ]
        marks = {number: placed.citation.answer_spans for number, placed in self._citations.items()}
        links = {number: _link(placed) for number, placed in self._citations.items()}
        text = signed(self._text, start, end, claims, marks)
        html = to_html(text, links, verdicts(self._claims), literal=self._literal)
        self._done = end
        self._written.append(html)
        return HtmlBlock(start, end, html)


def html_of(answer: Answer) -> str:
    """The whole answer, rendered at once: what its blocks join to."""
    rendered = AnswerHtml()
    rendered.feed(Done(answer))
    return rendered.html


def verdicts(claims: Sequence[Claim]) -> list[str]:
    """How each claim is marked."""
    return [
        "plain" if not claim.substantive else "supported" if claim.supported else "unsupported"
        for claim in claims
    ]


def _link(placed: PlacedCitation) -> str:
    return source_link("", placed.document.id, placed.document.number, placed.place.start, placed.place.end)

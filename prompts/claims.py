"""Split an answer into claims: the sentences, list items and table rows that must each be proven.

A claim owns the citations inside it and those that follow its final stop. Nothing is inherited: a sentence
without a citation of its own stays without proof, even when the next sentence of its paragraph has one,
because nobody can tell what the model meant to cover. A program is a claim too: it may be run. So is whatever
holds an address, even a heading or a question: it may be followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.blocks import BlockReader
from prompts.checks.quantities import quantities
from prompts.refusals import is_courtesy, is_refusal
from prompts.sentences import CITATION, sentence_spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.blocks import Block, BlockKind
    from prompts.model import Span

SETTLED = 16
"""A sentence border is certain once this many characters of the next sentence are known."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim before it is judged: its range in the answer, and its words without markup and citations."""

    start: int
    end: int
    words: str
    substantive: bool
    kind: BlockKind = "paragraph"
    """Of its block."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a claim stands; its words are read when nothing can change them any more."""

    start: int
    end: int
    kind: BlockKind
    """Of its block."""


_FENCE_LINE = re.compile(r"^\s*(?:`{3,}|~{3,}).*$", re.MULTILINE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|shall|will|must|may|can|does|do|pays?|charges?|costs?"
    r"|requires?|applies|apply)\b"
    r"|\b(?:составля\w+|равн\w+|долж\w+|обязан\w*|вправе|может|плат\w+)\b|[为是应须可]",
    re.IGNORECASE,
)

ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]*://|\b(?:data|file|javascript|mailto|tel):\S|\bwww\.|\]\(|!\["
    r"|(?<!\S)\S[^\s@]*@\S+\.\w",
    re.IGNORECASE,
)
"""Where it stands, people or programs may be led away: by a link, an image, an address of mail.

A scheme and a mail address are tried where a run of their characters begins, not at each of them: that would
be quadratic in the run.
"""
_MARKUP = re.compile(r"\*\*|__(?=\w)|(?<=\w)__|~~|^\s*(?:#{1,6}\s+|>\s*)+|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|\|")
_REPLY = re.compile(
    r"(?:yes|no|correct|yes,? (?:it|they) (?:is|are|does|do|may|can)|no,? (?:it|they) (?:is|are|does|do"
    r"|may|can)(?: not|n['’]t)"
    r"|да|нет|是的?|否|不是|可以|不可以|(?:short )?answer)[.,!:;。，！；：—–-]*",
    re.IGNORECASE,
)

_RUN_IN = re.compile(r"(?:\*\*|__)[^*_\d\n]{1,60}[.:：。](?:\*\*|__)")
"""A heading in bold type in front of its text."""
_BULLET = re.compile(
    r"\s*(?:[-*+•–—]|\(?\d{1,3}[.)、]|\(?[a-zA-Zа-я][)]|[①-⑳]|[（(][一二三四五六七八九十]+[）)])\s+"
)


def _states_a_figure(words: str) -> bool:
    """Whether a heading or a lead-in says how much or how long: then it must be proven like a sentence."""
    return _VERB.search(words) is not None and any(quantity.unit for quantity in quantities(words))


def mask(text: str, citations: Sequence[Span]) -> str:
    """The answer with every citation replaced by as many ``CITATION`` characters; offsets hold."""
    parts: list[str] = []
    done = 0
    for span in citations:
        parts += [text[done : span.start], CITATION * (span.end - span.start)]
        done = span.end
    return "".join([*parts, text[done:]])


def split_claims(text: str, citations: Sequence[Span]) -> list[Statement]:
    """The claims of an answer in order. ``citations`` are the ranges of its ``[1]``, in order."""
    masked = mask(text, citations)
    return [
        read_claim(masked, extent)
        for block in BlockReader().split_blocks(masked)
        for extent in claims_of(masked, block)
    ]


def claims_of(masked: str, block: Block) -> Iterator[Extent]:
    """The claims of one block: sentences of a paragraph or list item, a row or code block as a whole."""
    if block.kind == "rule":
        return
    if block.kind in ("code", "row", "heading"):
        yield Extent(block.start, block.end, block.kind)
        return
    bullet = _BULLET.match(masked, block.start, block.end) if block.kind == "item" else None
    carried: int | None = None
    for start, end in sentence_spans(masked, bullet.end() if bullet else block.start, block.end):
        begin = start if carried is None else carried
        if _is_opening(masked[start:end]) and end < block.end:
            carried = begin
            continue
        carried = None
        yield Extent(begin, end, block.kind)
    if carried is not None:
        yield Extent(carried, block.end, block.kind)


def _is_opening(sentence: str) -> bool:
    """Whether a sentence only opens the next one: "Yes.", "**No.**", "**Audit costs.**"."""
    return bool(_REPLY.fullmatch(sentence.strip("*_ ")) or _RUN_IN.fullmatch(sentence))


def read_claim(masked: str, extent: Extent) -> Statement:
    """The claim that stands there."""
    words = words_of(masked, extent)
    cited = CITATION in masked[extent.start : extent.end]
    substantive = _is_substantive(words, extent.kind, cited=cited)
    return Statement(extent.start, extent.end, words, substantive, extent.kind)


def words_of(masked: str, extent: Extent) -> str:
    """The words of a claim without markup and citations."""
    words = masked[extent.start : extent.end].replace(CITATION, "")
    if extent.kind == "row":
        words = words.strip().strip("|").replace("|", ";")  # each cell begins like a sentence
    words = _MARKUP.sub(" ", words) if extent.kind != "code" else _FENCE_LINE.sub("", words)
    return _without_reply(words.strip())


def _without_reply(words: str) -> str:
    """The statement without the "No," that it opens with: that answers the question, and negates nothing."""
    reply = _REPLY.match(words)
    if not reply or reply[0][-1].isalpha():
        return words
    return words[reply.end() :].lstrip() or words


def _is_substantive(words: str, kind: BlockKind, *, cited: bool) -> bool:
    if not any(map(str.isalnum, words)):
        return False
    if kind == "code" or ADDRESS.search(words):
        return True
    if words.endswith(("?", "？")):
        return False
    if kind == "heading" or words.endswith((":", "：")):
        return _states_a_figure(words)
    return not (is_refusal(words) or (not cited and is_courtesy(words)))

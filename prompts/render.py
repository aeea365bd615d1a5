"""Prompt text from passages: the same bytes for the same passage, everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from prompts import labels
from prompts.markers import escape, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage


_LONGEST_WHY = 80
_REMEMBERED = 4_096
"""Passages kept as prompts show them: a plan weighs each several times, and the next plans the same ones."""
_SHOWN = re.compile(r"(?:^|\n)\[D(\d{1,12}):\d")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer as they are told again, without passages and citations."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class DocumentName:
    """What a prompt says of a document besides its passages."""

    number: int
    path: str
    title: str


@cache
def rules() -> str:
    """The constant instructions that open every prompt."""
    return (files("prompts") / "templates" / "rules.md").read_text(encoding="utf-8")


@lru_cache(maxsize=_REMEMBERED)
def render_passage(passage: PromptPassage) -> str:
    """``[D7:31] its text``, in which nothing else can be taken for a marker."""
    return f"[{passage.marker}] {quote(passage.text.strip())}\n"


def documents_shown(text: str) -> set[int]:
    """Numbers of the documents whose passages a prompt's text shows: the 7 of a line ``[D7:31] …``."""
    return {int(number) for number in _SHOWN.findall(text)}


def quote(text: str) -> str:
    """Text of documents in which nothing can be taken for a marker, a turn, or a line of Lectern's own."""
    return labels.guard(escape(text))


def unquote(text: str) -> str:
    """The inverse of ``quote``."""
    return unescape(labels.unguard(text))


def render_passages(passages: Iterable[PromptPassage], names: Mapping[int, DocumentName]) -> str:
    """Passages in canonical order, by document and number, each document under its name."""
    return render_in_order(sorted(set(passages), key=lambda p: (p.document, p.number)), names)


def render_in_order(passages: Iterable[PromptPassage], names: Mapping[int, DocumentName]) -> str:
    """Passages as they come; a document is named wherever another one came before it."""
    parts: list[str] = []
    for document, group in groupby(passages, key=lambda p: p.document):
        parts.append(render_name(names[document]))
        parts += [render_passage(passage) for passage in group]
    return "".join(parts)


def render_question(
    question: str,
    *,
    relevant: Sequence[str] = (),
    context: Sequence[ContextPassage] = (),
    conversation: Sequence[Exchange] = (),
    notices: Sequence[str] = (),
    instructions: str = "",
    day: str = "",
) -> str:
    """The end of a turn; the question comes last."""
    lines: list[str] = []
    if instructions:
        lines.append(f"\n{labels.INSTRUCTIONS}\n{instructions.strip()}\n")
    if conversation:
        lines.append(render_conversation(conversation))
    if relevant:
        lines.append(f"\n{labels.RELEVANT}{', '.join(relevant)}.\n")
    if context:
        lines.append(render_context(context))
    if notices:
        lines.append(f"\n{labels.CHANGED}{' '.join(notices)}\n")
    if day:
        lines.append(f"\n{labels.DAY}{day}.\n")
    lines.append(f"\n{labels.QUESTION}{question.strip()}")
    return "".join(lines)


def render_conversation(conversation: Sequence[Exchange]) -> str:
    """What was asked and answered before, for a prompt that does not begin with it."""
    told = "".join(
        f"Q: {quote(one.question.strip())}\nA: {quote(one.answer.strip())}\n" for one in conversation
    )
    return f"\n{labels.CONVERSATION}\n{told}"


def render_context(context: Sequence[ContextPassage]) -> str:
    """One line: which passages only stand beside others, and why; in canonical order."""
    ordered = sorted(context, key=lambda c: (c.passage.document, c.passage.number))
    named = (f"{one.passage.marker} ({_inline(one.why)})" for one in ordered)
    return f"{labels.CONTEXT}{', '.join(named)}.\n"


def _inline(words: str) -> str:
    """Words of a document inside a line of ours: no line of their own, no marker."""
    return escape(" ".join(words.split())[:_LONGEST_WHY])


def render_name(name: DocumentName) -> str:
    """The line before a document's passages; a title that the path ends in is not said twice."""
    named = PurePosixPath(name.path)
    title = (
        "" if name.title in {"", name.path, named.name, named.stem} else f" ({' '.join(name.title.split())})"
    )
    return f"\n# D{name.number} {escape(' '.join(name.path.split()))}{escape(title)}\n"

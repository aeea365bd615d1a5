"""Prompt text from passages: the same bytes for the same passage, everywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from prompts.markers import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage


_HEADING = re.compile(r"^([ \t]*#)(?=[ \t]*D\d)", re.MULTILINE)
_QUOTED = r"\1\\"
"""No document can pass for the name of another one."""
_LONGEST_WHY = 80
_SHOWN = re.compile(r"(?:^|\n)\[D(\d{1,12}):\d")


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


def render_passage(passage: PromptPassage) -> str:
    """``[D7:31] its text``, in which nothing else can be taken for a marker."""
    return f"[{passage.marker}] {quote(passage.text.strip())}\n"


def documents_shown(text: str) -> set[int]:
    """Numbers of the documents whose passages a prompt's text shows: the 7 of a line ``[D7:31] …``."""
    return {int(number) for number in _SHOWN.findall(text)}


def quote(text: str) -> str:
    """Text of documents in which nothing can be taken for a marker or for the line that names a document."""
    return _HEADING.sub(_QUOTED, escape(text))


def render_passages(passages: Iterable[PromptPassage], names: Mapping[int, DocumentName]) -> str:
    """Passages in canonical order, by document and number, each document under its name."""
    ordered = sorted(set(passages), key=lambda p: (p.document, p.number))
    parts: list[str] = []
    for document, group in groupby(ordered, key=lambda p: p.document):
        parts.append(_heading(names[document]))
        parts += [render_passage(passage) for passage in group]
    return "".join(parts)


def render_question(
    question: str,
    *,
    relevant: Sequence[str] = (),
    context: Sequence[ContextPassage] = (),
    instructions: str = "",
    day: str = "",
) -> str:
    """The end of a turn; the question comes last."""
    lines: list[str] = []
    if instructions:
        lines.append(f"\nInstructions of the application:\n{instructions.strip()}\n")
    if relevant:
        lines.append(f"\nProbably most relevant: {', '.join(relevant)}.\n")
    if context:
        lines.append(render_context(context))
    if day:
        lines.append(f"\nToday is {day}.\n")
    lines.append(f"\nQuestion: {question.strip()}")
    return "".join(lines)


def render_context(context: Sequence[ContextPassage]) -> str:
    """One line: which passages only stand beside others, and why; in canonical order."""
    ordered = sorted(context, key=lambda c: (c.passage.document, c.passage.number))
    named = (f"{one.passage.marker} ({_inline(one.why)})" for one in ordered)
    return f"Context: {', '.join(named)}.\n"


def _inline(words: str) -> str:
    """Words of a document inside a line of ours: no line of their own, no marker."""
    return escape(" ".join(words.split())[:_LONGEST_WHY])


def _heading(name: DocumentName) -> str:
    """One line whatever the title holds; a title equal to the path is not said twice."""
    title = "" if name.title in {"", name.path} else f" ({' '.join(name.title.split())})"
    return f"\n# D{name.number} {escape(' '.join(name.path.split()))}{escape(title)}\n"

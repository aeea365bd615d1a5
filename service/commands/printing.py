"""How answers, hits and reports look in a terminal."""

from __future__ import annotations

import textwrap
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.showing import shown_line
from service.commands.terminal import say

if TYPE_CHECKING:
    from service.http.event_shapes import StepEvent
    from service.http.place_shapes import Citation, Hit, PlacedText
    from service.http.responses import QueryResponse

_WIDTH = 100
_LINES = 14
_SHOWN = 400
"""Characters of a source under an answer that tells what it says."""
_TOLD = 1_200
"""Of an extract, which is the answer."""
_CODE = frozenset(".py .pyi .js .mjs .cjs .jsx .ts .tsx .go .java .c .h .cc .cpp .cxx .hpp .rs".split())


def where(place: PlacedText) -> str:
    """``contracts/lease.pdf, p. 12, Article 4 › 4.2 Payment`` or ``ledger.py, lines 10–18, Ledger.post``."""
    parts = [place.path]
    if place.page_start is not None:
        parts.append(_reach("p. ", "pp. ", place.page_start, place.page_end or place.page_start))
    else:
        parts.append(_reach("line ", "lines ", place.line_start, place.line_end))
    if place.section:
        parts.append(".".join(place.section) if _is_code(place.path) else " › ".join(place.section))
    return shown_line(", ".join(parts))


def print_answer(answer: QueryResponse) -> None:
    """The answer; extracts are their own sources and are not said twice."""
    if answer.llm_generated or not answer.citations:
        say(f"{answer.answer}\n")
    print_sources(answer)
    print_footer(answer)


def print_sources(answer: QueryResponse) -> None:
    """The list under an answer: each number, its place, its verdict, its words."""
    for citation in answer.citations:
        verdict = "" if citation.quoted in {"exact", "normalized"} else f"  ({citation.quoted})"
        say(f"  [{citation.index}] ", nl=False)
        say(where(citation), bold=True, nl=False)
        say(verdict)
        say(_quoted(citation, _SHOWN if answer.llm_generated else _TOLD))
    for claim in answer.claims:
        if claim.substantive and not claim.supported:
            why = f" ({', '.join(claim.missing)})" if claim.missing else ""
            words = " ".join(answer.answer[claim.start : claim.end].split())
            say(f"  not proven{why}: {_shortened(words, 160)}", fg="yellow")
    for marker in answer.unresolved:
        say(f"  names no source: {marker}", fg="yellow")


def print_step(step: StepEvent) -> None:
    """What an agent did, beside the answer: on the other stream."""
    brought = f"{step.results} found" if step.error is None else step.error
    say(f"  {step.tool} {_shortened(step.arguments, 80)}: {brought}", dim=True, err=True)


def print_footer(answer: QueryResponse) -> None:
    """What was searched for and failed, where it is worth a word, and what the answer took."""
    if answer.plan.searched is not None:
        say(f"  searched for: {answer.plan.searched}", dim=True)
    for warning in answer.plan.warnings:
        say(f"  {warning}", fg="yellow")
    if answer.llm_generated and not answer.answer.strip():
        say("  the model wrote no answer", fg="yellow")
    if answer.confidence is not None and not answer.citations:
        sure = f"{answer.confidence:.0%} sure of an answer"
        say(f"  {sure}: lectern search shows what comes nearest", dim=True)
    if not answer.llm_generated:
        withheld = answer.plan.withheld_from is not None
        why = answer.plan.reason if withheld else "no model is configured (LECTERN_LLM_API_KEY)"
        known = answer.confidence is not None and bool(answer.citations)
        sure = f" · {answer.confidence:.0%} sure of an answer" if known else ""
        say(f"  extracts: {why}{sure} · session {answer.session_id}", dim=True)
        return
    usage, cost = answer.usage, answer.cost
    price = "price unknown" if cost.usd is None else f"${cost.usd:.5f}"
    say(
        f"  {'grounded' if answer.grounded else 'not fully proven'} · {answer.model} · {answer.plan.mode} · "
        f"{usage.prompt_tokens} tokens read, {usage.cached_tokens} of them from the cache, "
        f"{usage.completion_tokens} written · {price} · session {answer.session_id}",
        dim=True,
    )


def print_hit(rank: int, hit: Hit) -> None:
    """One search hit."""
    say(f"{rank:>3}. ", nl=False)
    say(where(hit), bold=True, nl=False)
    say(f"  {hit.passages[0]}  {hit.score:.4f}")
    say(textwrap.indent(textwrap.fill(" ".join(hit.text.split()), _WIDTH), "     "))
    if hit.context:
        beside = ", ".join(f"{one.marker} ({one.why})" for one in hit.context)
        say(textwrap.indent(textwrap.fill(f"with {beside}", _WIDTH), "     "), dim=True)


def _quoted(citation: Citation, most: int) -> str:
    """The cited words, so many characters of them; lines of code stay lines."""
    text = citation.cited_text
    if citation.page_start is None and _is_code(citation.path):
        lines = text.strip("\n").split("\n")
        shown = lines if len(lines) <= _LINES else [*lines[:_LINES], "…"]
        return textwrap.indent(textwrap.dedent("\n".join(shown)), "      │ ", lambda _: True)
    return textwrap.indent(textwrap.fill(f"“{_shortened(text, most)}”", _WIDTH), "      ")


def _shortened(text: str, most: int) -> str:
    """A text on one line, cut between words where it has any: Chinese has none."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    between = line.rfind(" ", most // 2, most - 1)
    return f"{line[:between]} …" if between > 0 else f"{line[: most - 1]}…"


def _is_code(path: str) -> bool:
    return PurePosixPath(path).suffix in _CODE


def _reach(one: str, many: str, first: int, last: int) -> str:
    return f"{one}{first}" if first == last else f"{many}{first}–{last}"

"""A checked answer as people see it in a chat: footnotes with links, what is not proven said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bots.markdown import styled_markdown
from service.bots.styled import Styled, joined, marked, plain
from service.commands.printing import where
from service.links import source_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.http.place_shapes import Citation
    from service.http.responses import Claim, QueryResponse

NOT_PROVEN = "⚠ not proven"
NO_ANSWER = "The model wrote no answer. Ask again, or ask in other words."
_FOUND = frozenset({"exact", "normalized"})
_DOUBTS = {
    "fuzzy": "the quotation differs a little",
    "not_found": "the quoted words are not there",
    "unquoted": "no words were quoted",
}


def reply_of(answer: QueryResponse, server: str) -> Styled:
    """The whole answer.

    Args:
        answer: with citations and verdicts.
        server: the address that people reach the server by; empty where they cannot, then without links.
    """
    inserts = [*_inserts(answer, server)]
    # An extract is a document's own text: what looks like markup there is none.
    body = (
        styled_markdown(answer.answer, inserts) if answer.llm_generated else _put_in(answer.answer, inserts)
    )
    if not body.text.strip():
        body = plain(NO_ANSWER)
    footer = joined([*_footnotes(answer, server), *_remarks(answer)], "\n")
    return joined([part for part in (body, footer) if part.text], "\n\n")


def partly(text: str) -> Styled:
    """What has arrived of an answer."""
    return styled_markdown(text) + plain(" …")


def link_to(citation: Citation, server: str) -> str:
    """Where the viewer shows it; empty where people cannot reach that."""
    if not server:
        return ""
    return source_link(server, citation.document_id, citation.number, citation.start_char, citation.end_char)


def _inserts(answer: QueryResponse, server: str) -> Iterator[tuple[int, int, Styled]]:
    """Links in place of ``[1]``, and words after each claim of substance that is not proven."""
    numbers = {
        (span.start, span.end): marked(f"[{citation.index}]", "link", link)
        if (link := link_to(citation, server))
        else plain(f"[{citation.index}]")
        for citation in answer.citations
        for span in citation.answer_spans
    }
    doubts = {
        (end, end): plain(" (") + marked(NOT_PROVEN, "italic") + plain(")")
        for claim in answer.claims
        if claim.substantive and not claim.supported
        for end in [_end(answer.answer, claim)]
    }
    at = 0
    for (start, end), insert in sorted({**numbers, **doubts}.items()):
        if start >= at:
            yield start, end, insert
            at = end


def _put_in(text: str, inserts: Iterable[tuple[int, int, Styled]]) -> Styled:
    whole, at = Styled(), 0
    for start, end, insert in inserts:
        whole += plain(text[at:start]) + insert
        at = end
    return whole + plain(text[at:])


def _end(text: str, claim: Claim) -> int:
    """Behind the last word of a claim, and its citations."""
    return claim.start + len(text[claim.start : claim.end].rstrip())


def _footnotes(answer: QueryResponse, server: str) -> Iterator[Styled]:
    for citation in answer.citations:
        link = link_to(citation, server)
        place = marked(where(citation), "link", link) if link else plain(where(citation))
        doubt = "" if citation.quoted in _FOUND or not answer.llm_generated else _DOUBTS[citation.quoted]
        yield plain(f"[{citation.index}] ") + place + plain(f" ({doubt})" if doubt else "")


def _remarks(answer: QueryResponse) -> Iterator[Styled]:
    """What a reader must know of the answer as a whole."""
    if answer.unresolved:
        yield marked("⚠ [?] names a source that the model was not shown.", "italic")
    if any(claim.substantive and not claim.supported for claim in answer.claims):
        yield marked(f"“{NOT_PROVEN}”: the documents shown do not support this statement.", "italic")
    for warning in answer.plan.warnings:
        yield marked(warning, "italic")
    if not answer.llm_generated and answer.citations:
        yield marked("Passages of the documents; no language model is set up.", "italic")

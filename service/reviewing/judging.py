"""A cell from what the model wrote: its value read, its citations located, its claims proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.proof import prove
from prompts.typed_values import absent_value, is_absent, read_value, uncited, unsupported
from service.reviewing.cells import Cell, CellSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.catalog.records import VersionRecord
    from prompts.model import Citation, PromptPassage, ProvenAnswer
    from prompts.reviewing import ReviewQuestion
    from prompts.typed_values import CellValue
    from service.library import Library
    from service.reviewing.cells import ReadBy

TOO_LONG = "the document is too long to be read whole: answered from the passages found in it"
CUT_SHORT = "the answer was cut short"
NOTHING_CITED = "nothing is cited"


def judge(
    library: Library,
    version: VersionRecord,
    question: ReviewQuestion,
    reply: str,
    passages: Sequence[PromptPassage],
    *,
    read: ReadBy,
    whole: bool,
) -> Cell:
    """The cell that a reply gives.

    Args:
        library: where the version is.
        version: the document.
        question: what was asked.
        reply: what the model wrote, with its markers.
        passages: those of the prompt; only they can be cited.
        read: what of the document the prompt held.
        whole: False where the reply was cut short.
    """
    notes = (TOO_LONG,) if read == "passages" else ()
    text = uncited(reply)
    if not text:
        return Cell("failed", reason="the model wrote no answer", read=read, marks=notes)
    if whole and is_absent(text):
        shown = absent_value(question.type)
        return Cell("absent", shown, text, supported=True, marks=notes, read=read)
    proven = prove(reply.strip(), {(p.document, p.number): p for p in passages})
    value = read_value(text, question.type)
    doubts = tuple(dict.fromkeys(_doubts(proven, value, passages, whole=whole)))
    return Cell(
        state="answered",
        value=value,
        text=proven.text,
        supported=not doubts,
        marks=(*doubts, *((value.note,) if value.note else ()), *notes),
        sources=tuple(_source(library, version, citation) for citation in proven.citations),
        read=read,
    )


def _doubts(
    proven: ProvenAnswer, value: CellValue, passages: Sequence[PromptPassage], *, whole: bool
) -> Iterator[str]:
    """Why the cited text does not prove the cell; nothing where it does."""
    if not whole:
        yield CUT_SHORT
    if not proven.citations:
        yield NOTHING_CITED
    for claim in proven.claims:
        if claim.substantive and not claim.supported:
            yield from (f"not in the cited text: {missing}" for missing in claim.missing or ("words",))
    for citation in proven.citations:
        if citation.quoted == "not_found":
            yield f"quote not found: {citation.quote}"
    for marker in proven.unresolved:
        yield f"names no passage: {marker}"
    if proven.citations and not any(claim.substantive for claim in proven.claims):
        yield "there is no statement to prove"
    if missing := unsupported(value, list(_cited(proven.citations, passages))):
        yield f"not in the cited text: {missing}"


def _cited(citations: Iterable[Citation], passages: Sequence[PromptPassage]) -> Iterator[str]:
    """The passages that are cited, whole."""
    for citation in citations:
        numbers = range(citation.first_passage, citation.last_passage + 1)
        yield "".join(p.text for p in passages if p.document == citation.document and p.number in numbers)


def _source(library: Library, version: VersionRecord, citation: Citation) -> CellSource:
    place = library.place(version, citation.start, citation.end)
    return CellSource(
        index=citation.index,
        marker=citation.marker,
        start=citation.start,
        end=citation.end,
        text=place.text,
        quote=citation.quote,
        quoted=citation.quoted,
        support=round(citation.support, 3),
        page_start=place.page_start,
        page_end=place.page_end,
        line_start=place.line_start,
        line_end=place.line_end,
        section=place.section,
    )

"""Places in documents as HTTP gives them: what was found, cited, or brought along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from ingest.model import ContextKind
from prompts.model import Quoted
from service.http.shapes import Response

if TYPE_CHECKING:
    from service.answers import DocumentName, PlacedCitation, SearchHit
    from service.places import Place


class Span(Response):
    """Code points of the answer."""

    start: int
    end: int


class Box(Response):
    """Points of the page, the origin at the top left."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


class PlacedText(Response):
    """Where a text stands; offsets are code points of the document's text."""

    document_id: str
    number: int = Field(description="The 7 of `[D7:31]`.")
    version: int
    path: str
    title: str
    section: list[str]
    page_start: int | None
    page_end: int | None
    line_start: int
    line_end: int
    start_char: int
    end_char: int
    boxes: list[Box]


class PlacedRange(PlacedText):
    """A range of a text, and where it stands."""

    cited_text: str

    @classmethod
    def of(cls, document: DocumentName, place: Place) -> Self:
        """Document and place in one."""
        return cls(**_placed(document, place), cited_text=place.text)


class Citation(PlacedText):
    """A place that the answer rests on, with its verdicts."""

    index: int
    marker: str
    answer_spans: list[Span]
    cited_text: str
    quote: str
    quoted: Quoted
    support: float

    @classmethod
    def of(cls, placed: PlacedCitation) -> Self:
        """Citation, document and place in one."""
        citation = placed.citation
        return cls(
            **_placed(placed.document, placed.place),
            index=citation.index,
            marker=citation.marker,
            answer_spans=[Span.model_validate(span) for span in citation.answer_spans],
            cited_text=placed.place.text,
            quote=citation.quote,
            quoted=citation.quoted,
            support=round(citation.support, 3),
        )


class Context(Response):
    """A passage that another one cannot be read without."""

    marker: str
    kind: ContextKind
    why: str = Field(description="`definition of Services`, `Section 4.2`, `class Ledger(Base)`.")
    start: int = Field(description="Of what is needed, in code points of its document's text.")
    end: int
    beside: str = Field(description="Marker of the passage that it was brought for.")


class Hit(PlacedText):
    """A place that answers a search."""

    text: str
    passages: list[str]
    """Markers of the passages that hold it."""
    score: float
    context: list[Context] = Field(description="What the place cannot be read without; of the best hits.")

    @classmethod
    def of(cls, hit: SearchHit) -> Self:
        """From the service's hit."""
        first, last = hit.passages
        return cls(
            **_placed(hit.document, hit.place),
            text=hit.place.text,
            passages=[f"D{hit.document.number}:{number}" for number in range(first, last + 1)],
            score=hit.score,
            context=[Context.model_validate(one) for one in hit.context],
        )


class SearchResponse(Response):
    """Places, best first."""

    hits: list[Hit]


def _placed(document: DocumentName, place: Place) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "number": document.number,
        "version": document.version,
        "path": document.path,
        "title": document.title,
        "section": list(place.section),
        "page_start": place.page_start,
        "page_end": place.page_end,
        "line_start": place.line_start,
        "line_end": place.line_end,
        "start_char": place.start,
        "end_char": place.end,
        "boxes": [Box.model_validate(box) for box in place.boxes],
    }

"""What tools give to agents: the same places that HTTP gives, each with a link that people can open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field

from prompts.model import Quoted  # noqa: TC001 — a field's type
from service.http.shapes import Response
from service.links import source_link

if TYPE_CHECKING:
    from ingest.catalog.records import VersionRecord
    from prompts.model import PromptPassage
    from service.answers import Answer, DocumentName, PlacedCitation, SearchHit
    from service.places import Place


class Source(Response):
    """A place in a document."""

    marker: str = Field(description="`D7:31`, or the first passage of several; read_passages takes it.")
    document_id: str
    title: str
    path: str
    section: list[str]
    page_start: int | None
    page_end: int | None
    line_start: int
    line_end: int
    start_char: int = Field(description="Code points of the document's text.")
    end_char: int
    link: str | None = Field(description="Where a person sees it highlighted; null where no server runs.")


class FoundPlace(Source):
    """A place that answers a search."""

    text: str
    passages: list[str] = Field(description="Markers of the passages that hold it.")
    score: float

    @classmethod
    def of(cls, hit: SearchHit, server: str) -> Self:
        """From the service's hit."""
        first, last = hit.passages
        markers = [f"D{hit.document.number}:{number}" for number in range(first, last + 1)]
        placed = _placed(hit.document, hit.place, markers[0], server)
        return cls(**placed, text=hit.place.text, passages=markers, score=hit.score)


class Found(Response):
    """Places, best first."""

    collection: str
    places: list[FoundPlace]


class Cited(Source):
    """A place that the answer rests on; its number stands in the answer as ``[1]``."""

    index: int
    quote: str = Field(description="The words that the model gave as its proof.")
    cited_text: str
    quoted: Quoted = Field(description="Whether these words are in the document.")
    support: float = Field(description="How well the place supports what is claimed, from 0 to 1.")

    @classmethod
    def of(cls, placed: PlacedCitation, server: str) -> Self:
        """From the service's citation."""
        citation = placed.citation
        return cls(
            **_placed(placed.document, placed.place, citation.marker, server),
            index=citation.index,
            quote=citation.quote,
            cited_text=placed.place.text,
            quoted=citation.quoted,
            support=round(citation.support, 3),
        )


class Answered(Response):
    """A checked answer."""

    answer: str
    grounded: bool = Field(description="Every claim of substance is supported by what it cites.")
    llm_generated: bool = Field(
        description="False: no model is configured, or may be shown the documents; these are extracts."
    )
    unsupported: list[str] = Field(description="Claims of the answer that its sources do not support.")
    unresolved: list[str] = Field(description="Markers that it cites and that are not there.")
    citations: list[Cited]
    session_id: str = Field(description="Continues the conversation.")
    usd: float | None = Field(description="What it cost; null where nobody knows.")

    @classmethod
    def of(cls, answer: Answer, server: str) -> Self:
        """From the service's answer."""
        doubtful = (claim for claim in answer.claims if claim.substantive and not claim.supported)
        return cls(
            answer=answer.text,
            grounded=answer.grounded,
            llm_generated=answer.llm_generated,
            unsupported=[answer.text[claim.start : claim.end] for claim in doubtful],
            unresolved=list(answer.unresolved),
            citations=[Cited.of(placed, server) for placed in answer.citations],
            session_id=answer.session,
            usd=answer.cost.usd,
        )


class ReadPassage(Source):
    """A passage in full."""

    text: str

    @classmethod
    def of(cls, passage: PromptPassage, document: DocumentName, place: Place, server: str) -> Self:
        """From the library's passage."""
        return cls(**_placed(document, place, passage.marker, server), text=passage.text)


class PassagesRead(Response):
    """Passages in the order in which they were asked for."""

    collection: str
    passages: list[ReadPassage]
    left_out: list[str] = Field(description="Markers that one call cannot hold; ask for them again.")


class ListedDocument(Response):
    """A document."""

    id: str
    number: int = Field(description="The 7 of `D7:31`.")
    title: str
    path: str
    pages: int
    characters: int
    passages: int = Field(description="Numbered from 1.")
    link: str | None

    @classmethod
    def of(cls, version: VersionRecord, server: str) -> Self:
        """From the catalog's record of its current version."""
        return cls(
            id=version.document,
            number=version.number,
            title=version.title,
            path=version.path,
            pages=version.pages,
            characters=version.characters,
            passages=version.passages,
            link=source_link(server, version.document, version.number, 0, 1) if server else None,
        )


class Documents(Response):
    """Documents by path."""

    collection: str
    documents: list[ListedDocument]
    next: str | None = Field(description="Continues the list, as `after`.")


class ListedCollection(Response):
    """A collection."""

    name: str
    documents: int
    is_default: bool


class Collections(Response):
    """All collections, by name."""

    collections: list[ListedCollection]


def _placed(document: DocumentName, place: Place, marker: str, server: str) -> dict[str, Any]:
    """The fields of a `Source`; an empty ``server`` gives no link."""
    ends = place.start, place.end
    return {
        "marker": marker,
        "document_id": document.id,
        "title": document.title,
        "path": document.path,
        "section": list(place.section),
        "page_start": place.page_start,
        "page_end": place.page_end,
        "line_start": place.line_start,
        "line_end": place.line_end,
        "start_char": place.start,
        "end_char": place.end,
        "link": source_link(server, document.id, document.number, *ends) if server else None,
    }

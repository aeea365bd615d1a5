"""The shapes that HTTP gives; the command line prints the same ones with ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from ingest.answerability import LEAST_CONFIDENCE
from ingest.model import ContextKind
from prompts.model import Quoted

if TYPE_CHECKING:
    from service.answers import Answer, DocumentName, PartRead, PlacedCitation, Planned, SearchHit
    from service.places import Place


class Response(BaseModel):
    """Every answer; read from the values of the same names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


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


class Claim(Response):
    """A sentence or list item of the answer."""

    start: int
    end: int
    substantive: bool
    supported: bool
    score: float
    citations: list[int]
    missing: list[str]


class Usage(Response):
    """Tokens; the predicted ones were said before the call."""

    prompt_tokens: int
    cached_tokens: int
    predicted_cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int


class Cost(Response):
    """Dollars; null where the model's price is not known."""

    usd: float | None
    saved_usd: float | None
    cached_ratio: float
    alternatives: dict[str, float]


class SideCall(Response):
    """A call of a model on the way to an answer; the answer's usage and cost include it."""

    purpose: Literal["rewrite", "rerank", "part", "step"]
    model: str
    usage: Usage
    usd: float | None = Field(description="Dollars; null where the model's price is not known.")


class Segment(Response):
    """A block of the prompt."""

    name: str
    stability: str
    tokens: int
    cached_tokens: int
    fingerprint: str


class Context(Response):
    """A passage that another one cannot be read without."""

    marker: str
    kind: ContextKind
    why: str = Field(description="`definition of Services`, `Section 4.2`, `class Ledger(Base)`.")
    start: int = Field(description="Of what is needed, in code points of its document's text.")
    end: int
    beside: str = Field(description="Marker of the passage that it was brought for.")


class Part(Response):
    """A part of the documents that a map reads, and what came of it."""

    number: int = Field(description="From 1 on.")
    documents: int = Field(description="Documents that it holds, or holds a stretch of.")
    first: str = Field(description="Marker of its first passage.")
    last: str
    tokens: int
    cached_tokens: int = Field(description="Foretold.")
    outcome: Literal["waiting", "found", "nothing", "failed"]
    findings: int
    dropped: int = Field(description="Findings that could not be proven; the answer does not use them.")
    detail: str = Field(description="Why it failed, or that its report was cut short.")


class Plan(Response):
    """What was read and why."""

    mode: Literal["pin", "retrieve", "map", "agent", "extract"]
    reason: str
    segments: list[Segment]
    left_out: list[str]
    searched: str | None = Field(
        default=None,
        description="What was searched for in place of a follow-up that was rewritten; the model reads the "
        "question as it was asked.",
    )
    side_calls: list[SideCall] = Field(
        default=[],
        description="Calls of a model before the answer's own: rewriting, reranking, parts of a map, steps "
        "of an agent.",
    )
    warnings: list[str] = Field(
        default=[],
        description="What should have helped and failed, or was left out; the answer does without it.",
    )
    context: list[Context] = Field(description="Passages read beside those found, and why.")
    tokens: int = Field(default=0, description="Of the whole prompt, estimated.")
    cached_tokens: int = Field(default=0, description="Of these, what the provider's cache should serve.")
    parts: list[Part] = Field(default=[], description="Of a map, as far as they have been read.")
    withheld_from: str | None = Field(
        default=None,
        description="The provider that the collection's egress keeps its text from: why the answer is an "
        "extract although a model is configured.",
    )


class PlanEvent(Response):
    """The first event of a stream."""

    id: str
    session_id: str
    plan: Plan

    @classmethod
    def of(cls, planned: Planned) -> Self:
        """From the service's event."""
        return cls(id=planned.id, session_id=planned.session, plan=Plan.model_validate(planned.plan))


class PartEvent(Part):
    """One more part of a map was read, or could not be; they come in no order."""

    of: int = Field(description="Parts in all.")

    @classmethod
    def of_part(cls, read: PartRead) -> Self:
        """From the service's event."""
        return cls(**Part.model_validate(read.part).model_dump(), of=read.of)


class TextEvent(Response):
    """A piece of the answer, or of the model's thinking."""

    text: str


class Reasoning(TextEvent):
    """A piece of the model's thinking."""


class Delta(TextEvent):
    """A piece of the answer."""


class StepEvent(Response):
    """A call of an agent has been carried out."""

    step: int = Field(description="From 1; calls that the model made at once share it.")
    tool: str
    arguments: str = Field(description="JSON as the model wrote it, shortened.")
    results: int = Field(description="Passages or documents.")
    error: str | None = Field(description="Why it brought nothing.")


class BlockEvent(Response):
    """A part of the answer as it will stay: a paragraph, a list, a table."""

    start: int = Field(description="Code points of the answer.")
    end: int
    html: str = Field(description="Sanitised.")


class UsageEvent(Response):
    """What the answer took."""

    usage: Usage
    cost: Cost


class QueryResponse(Response):
    """A checked answer."""

    id: str
    session_id: str
    answer: str
    llm_generated: bool
    model: str | None
    grounded: bool
    claims: list[Claim]
    citations: list[Citation]
    unresolved: list[str]
    usage: Usage
    cost: Cost
    plan: Plan
    timings_ms: dict[str, float]
    confidence: float | None = Field(
        default=None,
        description="Of extracts, how sure the search is, from 0 to 1, that there is an answer; below "
        f"{LEAST_CONFIDENCE} the answer says that there is none. Null where a model wrote the answer.",
    )
    html: str | None = Field(
        default=None,
        description="The answer as sanitised HTML, if it was asked for: citations are `a.citation`, what "
        "claims say `span.claim`, and after what is not supported stands an empty `span.verdict`.",
    )

    @classmethod
    def of(cls, answer: Answer, *, html: str | None = None) -> Self:
        """From the service's answer."""
        return cls(
            html=html,
            id=answer.id,
            session_id=answer.session,
            answer=answer.text,
            llm_generated=answer.llm_generated,
            model=answer.model,
            grounded=answer.grounded,
            claims=[Claim.model_validate(claim) for claim in answer.claims],
            citations=[Citation.of(placed) for placed in answer.citations],
            unresolved=list(answer.unresolved),
            usage=Usage.model_validate(answer.usage),
            cost=Cost.model_validate(answer.cost),
            plan=Plan.model_validate(answer.plan),
            timings_ms=dict(answer.timings_ms),
            confidence=None if answer.confidence is None else round(answer.confidence, 3),
        )


StreamEvent = (
    PlanEvent
    | PartEvent
    | StepEvent
    | Reasoning
    | Delta
    | Citation
    | Claim
    | BlockEvent
    | UsageEvent
    | QueryResponse
)
"""What a streamed answer consists of; the whole of it comes last."""


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


class Problem(Response):
    """An error as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    """The model provider's own code, where it gave one."""
    errors: list[dict[str, str]] | None = None
    """Fields of the request that are wrong."""
    retry_after: int | None = None
    """Seconds after which asking again may help."""


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

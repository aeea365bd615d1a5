"""The shapes of reviews."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from ingest.catalog.review_records import ReviewState
from prompts.reviewing import AnswerType, ReviewQuestion
from prompts.typed_values import Verdict
from service.http.requests import CollectionName, Name, Request
from service.http.shapes import Response
from service.http.wrong_fields import NOT_BLANK
from service.reviewing.cells import CellSource, ReadBy, ReviewOrder
from service.reviewing.questions import LONGEST_NAME, LONGEST_QUESTION, MOST_QUESTIONS
from service.reviewing.report import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import VersionRecord
    from ingest.catalog.review_records import ReviewRecord, Spent
    from service.reviewing.controlling import Begun
    from service.reviewing.report import ReportedCell, ReviewReport

MOST_DOCUMENTS = 10_000
_Short = Annotated[str, Field(max_length=LONGEST_NAME)]


class ReviewQuestionRequest(Request):
    """A column of a review."""

    question: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=NOT_BLANK)]
    id: _Short = Field(default="", description="Your own; without it `q1`, `q2`, …")
    type: AnswerType = "text"
    title: _Short = Field(default="", description="Of the column, where the question is too long for one.")


class ReviewRequest(Request):
    """The same questions about many documents."""

    questions: Annotated[list[ReviewQuestionRequest], Field(min_length=1, max_length=MOST_QUESTIONS)]
    collection: CollectionName = "default"
    documents: Annotated[list[Name], Field(min_length=1, max_length=MOST_DOCUMENTS)] | None = Field(
        default=None, description="Ids; without them the whole collection."
    )
    name: Annotated[str, Field(max_length=1_000)] = Field(
        default="",
        description="Your own. A review of the same name, with the same questions, is gone on with instead: "
        "what is answered is not asked again.",
    )
    model: Name | None = None
    max_usd: float | None = Field(
        default=None, ge=0, description="Dollars; a review that should cost more is refused."
    )
    retry_failed: bool = Field(default=False, description="Ask the cells that failed once more.")

    @model_validator(mode="after")
    def _distinct_ids(self) -> Self:
        ids = [question.id for question in self.to_order().questions]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"two questions have the id {twice!r}")
        return self

    def to_order(self) -> ReviewOrder:
        """As the service runs it."""
        questions = (
            ReviewQuestion(
                asked.id or f"q{number}", " ".join(asked.question.split()), asked.type, asked.title
            )
            for number, asked in enumerate(self.questions, start=1)
        )
        documents = tuple(self.documents) if self.documents else None
        return ReviewOrder(tuple(questions), documents, self.model, self.max_usd)


class ResumeRequest(Request):
    """How a review is to be gone on with."""

    retry_failed: bool = Field(default=False, description="Ask the cells that failed once more.")
    max_usd: float | None = Field(
        default=None, ge=0, description="Dollars; refused if what is missing should cost more."
    )


class ReviewQuestionShape(Response):
    """A column of a review."""

    id: str
    question: str
    type: AnswerType
    title: str

    @classmethod
    def of(cls, question: ReviewQuestion) -> Self:
        """From the service's value."""
        return cls(id=question.id, question=question.text, type=question.type, title=question.title)


class QuestionList(Response):
    """The questions of a file, in order."""

    questions: list[ReviewQuestionShape]

    @classmethod
    def of(cls, questions: Iterable[ReviewQuestion]) -> Self:
        """From the service's values."""
        return cls(questions=[ReviewQuestionShape.of(question) for question in questions])


class ProgressShape(Response):
    """Cells by how they stand; together they are all."""

    cells: int
    answered: int
    absent: int = Field(description="The document does not say: an answer, too.")
    failed: int
    pending: int
    stale: int = Field(description="Answered before the document changed.")


class SpentShape(Response):
    """What all calls of a review took, by the provider's own count."""

    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cached_ratio: float
    usd: float = Field(description="Dollars of the calls whose price is known.")
    saved_usd: float = Field(description="What the cached tokens would have cost more.")
    unpriced: int = Field(description="Calls of models whose price nobody knows.")

    @classmethod
    def of(cls, spent: Spent) -> Self:
        """From the catalog's sums."""
        ratio = spent.cached_tokens / spent.prompt_tokens if spent.prompt_tokens else 0.0
        return cls(
            calls=spent.calls,
            prompt_tokens=spent.prompt_tokens,
            cached_tokens=spent.cached_tokens,
            completion_tokens=spent.completion_tokens,
            cached_ratio=ratio,
            usd=spent.usd,
            saved_usd=spent.saved_usd,
            unpriced=spent.unpriced,
        )


class EstimateShape(Response):
    """What the cells that are missing should cost; said before any is asked."""

    cells: int
    documents: int
    too_long: int = Field(description="Documents of which only passages found are read.")
    fresh_tokens: int
    cached_tokens: int
    output_tokens: int
    usd: float | None = Field(description="Dollars; null where the model's price is not known.")


class ReviewShape(Response):
    """A review."""

    id: str
    collection: str
    name: str
    state: ReviewState
    cancelling: bool = Field(description="It was asked to stop, and has not yet.")
    reason: str = Field(description="Why it failed as a whole; else empty.")
    questions: list[ReviewQuestionShape]
    documents: int
    progress: ProgressShape
    spent: SpentShape
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, report: ReviewReport) -> Self:
        """From the service's report."""
        review: ReviewRecord = report.review
        counts = report.counts()
        return cls(
            id=review.id,
            collection=review.collection,
            name=review.name,
            state=review.state,
            cancelling=review.cancelling,
            reason=review.reason,
            questions=[ReviewQuestionShape.of(question) for question in report.order.questions],
            documents=len(report.rows),
            progress=ProgressShape(cells=sum(counts.values()), **counts),
            spent=SpentShape.of(review.spent),
            created_at=review.created_at,
            finished_at=review.finished_at,
        )


class BegunShape(ReviewShape):
    """A review that was just begun, or is gone on with."""

    estimate: EstimateShape
    goes_on: bool = Field(description="Whether an earlier one is gone on with.")

    @classmethod
    def begun(cls, report: ReviewReport, begun: Begun) -> Self:
        """From the service's values."""
        expected = EstimateShape.model_validate(begun.expected)
        return cls(**dict(ReviewShape.of(report)), estimate=expected, goes_on=begun.goes_on)


class CellValueShape(Response):
    """A typed value; what the answer's type does not have is null or empty."""

    shown: str = Field(description="What a table shows.")
    verdict: Verdict | None
    date: str | None = Field(description="ISO 8601; with a month alone where there is no day.")
    number: str | None = Field(description="Plain decimal digits.")
    currency: str | None = Field(description="ISO 4217, or `%` for a share.")
    words: str = Field(description="The date or the amount as the answer writes it.")
    items: list[str]
    readings: list[str] = Field(description="All that the words can mean, where that is more than one thing.")


class CellShape(Response):
    """One question about one document; most of it is empty while it is pending."""

    document_id: str
    path: str
    number: int = Field(description="Of the version that was read: the 7 of `[D7:31]`.")
    question_id: str
    state: Standing
    value: CellValueShape | None = None
    answer: str = ""
    supported: bool = False
    marks: list[str] = Field(default=[], description="What the cited text does not hold, and other doubts.")
    citations: list[CellSource] = Field(default=[])
    read: ReadBy | None = Field(
        default=None, description="`passages` where the document was too long to be read whole."
    )
    reason: str = Field(default="", description="Why it failed; else empty.")
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None

    @classmethod
    def of(cls, version: VersionRecord, reported: ReportedCell) -> Self:
        """From the service's report."""
        placed = {"document_id": version.document, "path": version.path, "number": reported.number}
        named = {**placed, "question_id": reported.question.id, "state": reported.standing}
        cell = reported.cell
        if cell is None:
            return cls.model_validate(named)
        return cls(
            document_id=version.document,
            path=version.path,
            number=reported.number,
            question_id=reported.question.id,
            state=reported.standing,
            value=None if cell.value is None else CellValueShape.model_validate(cell.value),
            answer=cell.text,
            supported=cell.supported,
            marks=list(cell.marks),
            citations=list(cell.sources),
            read=cell.read,
            reason=cell.reason,
            model=cell.model,
            prompt_tokens=cell.prompt_tokens,
            cached_tokens=cell.cached_tokens,
            completion_tokens=cell.completion_tokens,
            usd=cell.usd,
        )


class ReviewDetails(ReviewShape):
    """A review with its cells, row by row."""

    cells: list[CellShape]

    @classmethod
    def with_cells(cls, report: ReviewReport) -> Self:
        """From the service's report."""
        cells = [CellShape.of(version, reported) for version, reported in report.cells()]
        return cls(**dict(ReviewShape.of(report)), cells=cells)


class ReviewList(Response):
    """Reviews, the newest first."""

    reviews: list[ReviewShape]

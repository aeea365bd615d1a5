"""What is asked of Lectern and what comes back: the values that HTTP and the command line show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.model import ContextKind
    from prompts.model import Citation, Claim
    from prompts.plan_request import Accuracy
    from service.models.contract import FinishReason
    from service.places import Place

DEFAULT_TENANT = "default"
"""The one tenant of a laptop."""
Mode = Literal["auto", "pin", "retrieve", "map", "agent"]
MODES: tuple[Mode, ...] = ("auto", "pin", "retrieve", "map", "agent")


@dataclass(frozen=True, slots=True)
class Query:
    """A question and how it is to be answered; None leaves a choice to the settings."""

    question: str
    collection: str
    tenant: str = DEFAULT_TENANT
    session: str | None = None
    mode: Mode = "auto"
    accuracy: Accuracy = "normal"
    documents: tuple[str, ...] | None = None
    """Public ids; only these are searched and read."""
    top_k: int | None = None
    thinking: bool | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    instructions: str = ""
    key: str = ""
    """Label of the access key that asks."""
    history: tuple[tuple[str, str], ...] = ()
    """Questions and answers before this one as the client has them, where it names no session."""


@dataclass(frozen=True, slots=True)
class DocumentName:
    """How a document is shown."""

    id: str
    number: int
    version: int
    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Context:
    """A passage that another one cannot be read without."""

    marker: str
    kind: ContextKind
    why: str
    start: int
    """Of what is needed, in its document."""
    end: int
    beside: str
    """Marker of the passage that it was brought for."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A passage-sized finding, with where it stands."""

    document: DocumentName
    place: Place
    passages: tuple[int, int]
    """First and last passage number."""
    score: float
    context: tuple[Context, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedCitation:
    """A proven citation and where its text stands."""

    citation: Citation
    document: DocumentName
    place: Place


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, or of all that an answer took.

    ``predicted_cached_tokens`` was said before the answer's own call, the rest counted after it.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    predicted_cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Dollars; None where the model's price is not known."""

    usd: float | None = 0.0
    saved_usd: float | None = 0.0
    """What the cached tokens would have cost more."""
    cached_ratio: float = 0.0
    alternatives: Mapping[str, float] = field(default_factory=dict[str, float])
    """Expected price of the plans that were not chosen."""


Purpose = Literal["rewrite", "rerank", "part", "step", "warm", "task"]


@dataclass(frozen=True, slots=True)
class SideCall:
    """A call of a model on the way to an answer; the answer's usage and cost include it."""

    purpose: Purpose
    model: str
    usage: Usage
    usd: float | None
    """None where the model's price is not known."""
    saved_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A block of the prompt, for those who want to see what they paid for."""

    name: str
    stability: str
    tokens: int
    cached_tokens: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """A part of the documents that a map reads, and what came of it."""

    number: int
    """From 1 on."""
    documents: int
    first: str
    """Marker of its first passage."""
    last: str
    tokens: int
    """Estimated, of the whole prompt."""
    cached_tokens: int
    """Foretold."""
    outcome: Literal["waiting", "found", "nothing", "failed"] = "waiting"
    findings: int = 0
    dropped: int = 0
    """Findings that could not be proven."""
    detail: str = ""
    """Why it failed, or that its report was cut short."""


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What was sent to the model and why; ``extract`` where there is no model."""

    mode: Literal["pin", "retrieve", "map", "agent", "extract"]
    reason: str
    segments: tuple[Segment, ...] = ()
    left_out: tuple[str, ...] = ()
    searched: str | None = None
    """What was searched for in place of the question; None where that was the question."""
    side_calls: tuple[SideCall, ...] = ()
    warnings: tuple[str, ...] = ()
    """What should have helped, and failed or was left out."""
    context: tuple[Context, ...] = ()
    """Passages that stand beside those that were found."""
    tokens: int = 0
    """Of the whole prompt, estimated."""
    cached_tokens: int = 0
    """Of these, what the provider's cache should serve."""
    parts: tuple[PartOutcome, ...] = ()
    """Of a map."""
    withheld_from: str | None = None
    """Whom the collection may not be shown to, where that is why no model has answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer."""

    id: str
    session: str
    text: str
    llm_generated: bool
    model: str | None
    grounded: bool
    claims: tuple[Claim, ...]
    citations: tuple[PlacedCitation, ...]
    unresolved: tuple[str, ...]
    usage: Usage
    cost: Cost
    plan: PlanSummary
    timings_ms: Mapping[str, float]
    confidence: float | None = None
    """How sure the search is, from 0 to 1, that there is an answer; None where a model wrote one."""
    finish: FinishReason = "stop"
    """Why the model stopped writing."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The prompt is decided; nothing has been generated yet."""

    id: str
    session: str
    plan: PlanSummary


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A piece of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class PartRead:
    """One more part of a map has been read, or could not be."""

    part: PartOutcome
    of: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """A call of an agent has been carried out."""

    step: int
    """From 1; calls that the model made at once share it."""
    tool: str
    arguments: str
    """JSON as the model wrote it, shortened."""
    results: int
    """Passages or documents."""
    error: str | None = None
    """Why it brought nothing, as the model was told."""


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of the answer, markers already replaced."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation was located and judged."""

    citation: PlacedCitation


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim is complete and was judged."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; nothing follows."""

    answer: Answer


AnswerEvent = Planned | PartRead | Reasoned | Stepped | Written | Cited | Judged | Done

"""The shapes of chat completions, whole and in chunks, and of the list of models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.http.place_shapes import Citation
from service.http.responses import Claim
from service.http.shapes import Response

FinishReason = Literal["stop", "length"]


class UrlCitation(Response):
    """A mark of the text and the address of its source."""

    start_index: int = Field(description="Of the mark `[1]` in `content`, in code points.")
    end_index: int
    url: str = Field(description="The page that shows the source, its words highlighted.")
    title: str


class Annotation(Response):
    """A citation where it stands in the text; one that is cited twice is told twice."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation
    lectern: Citation = Field(description="Ours: the place in its document, and the verdicts.")


class CachedTokens(Response):
    """Of the prompt."""

    cached_tokens: int


class ReasoningTokens(Response):
    """Of the answer."""

    reasoning_tokens: int


class ChatCost(Response):
    """What the answer cost; dollars are null where the model's price is not known."""

    usd: float | None
    saved_usd: float | None
    cached_ratio: float
    predicted_cached_tokens: int = 0


class ChatUsage(Response):
    """Tokens as the model's provider has counted them, calls on the way to the answer included."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: ReasoningTokens
    lectern: ChatCost


class Proof(Response):
    """What became of the answer's claims."""

    id: str = Field(description="Of the answer, as in `GET /v1/answers/{id}/explanation`.")
    session_id: str
    grounded: bool
    llm_generated: bool
    model: str | None = Field(description="The language model that wrote it.")
    mode: str
    claims: list[Claim]
    unresolved: list[str]
    warnings: list[str]


class AnswerMessage(Response):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation] = Field(default=[])
    reasoning_content: str | None = Field(default=None, description="The model's thinking, as GLM gives it.")


class Choice(Response):
    """The one answer."""

    index: Literal[0] = 0
    message: AnswerMessage
    logprobs: None = None
    finish_reason: FinishReason


class ChatCompletion(Response):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = Field(description="As it was asked for.")
    choices: list[Choice]
    usage: ChatUsage
    lectern: Proof | None = Field(default=None, description="Null where nothing was searched for.")


class Delta(Response):
    """More of the answer; what is not there has not changed."""

    role: Literal["assistant"] = "assistant"
    content: str = ""
    reasoning_content: str = ""
    annotations: list[Annotation] = Field(default=[], description="All of them, with the last text.")


class ChunkChoice(Response):
    """A step of the one answer."""

    index: Literal[0] = 0
    delta: Delta
    finish_reason: FinishReason | None = None


class ChatChunk(Response):
    """A frame of a stream; the last one before `[DONE]` has the usage, if it was asked for."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: ChatUsage | None = None
    lectern: Proof | None = Field(default=None, description="With the annotations.")


class Model(Response):
    """A collection, as a model to choose."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["lectern"] = "lectern"


class ModelList(Response):
    """All collections, by name."""

    object: Literal["list"] = "list"
    data: list[Model]

"""The bodies that chat completions take: every parameter of OpenAI's, with what becomes of it here."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, model_validator

from prompts.plan_request import Accuracy
from service.answers import Mode
from service.http.requests import Documents, Exact, Name, Request

Citations = Literal["annotations", "footnotes", "both", "none"]
_LONGEST = 131_072
_MOST_MESSAGES = 4_000
_MOST_PARTS = 10_000
"""Of all messages together: a body has room for 300,000, which take seconds to look at."""
_NO_EFFECT = "Has no effect"
_SAMPLING = f"{_NO_EFFECT}: how words are drawn is Lectern's, and every answer is checked."


class _Loose(Exact):
    """What clients add to messages of their own is passed over."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ContentPart(_Loose):
    """A piece of a message."""

    type: str = Field(description="`text`; images, sounds and files are refused.")
    text: str | None = None


class ChatMessage(_Loose):
    """One message of a conversation."""

    role: str = Field(description="`system`, `developer`, `user` or `assistant`; `tool` is refused.")
    content: str | Annotated[list[ContentPart], Field(fail_fast=True)] | None = None
    tool_calls: list[Any] | None = Field(default=None, description="Refused: the model has no tools.")
    function_call: Any = Field(default=None, description="Refused likewise.")


_Messages = Annotated[list[ChatMessage], Field(min_length=1, max_length=_MOST_MESSAGES, fail_fast=True)]


class StreamOptions(_Loose):
    """How an answer is streamed."""

    include_usage: bool | None = Field(default=None, description="End with a chunk that holds the usage.")


class Thinking(_Loose):
    """GLM's own switch."""

    type: Literal["enabled", "disabled"]


class LecternOptions(Request):
    """What Lectern can do besides; the OpenAI SDK sends it as `extra_body={"lectern": {…}}`."""

    mode: Mode | None = Field(default=None, description="As in `POST /v1/query`.")
    accuracy: Accuracy | None = Field(default=None, description="As in `POST /v1/query`.")
    documents: Documents | None = Field(
        default=None, description="Ids, paths or patterns of paths (`contracts/*.pdf`); only these are read."
    )
    top_k: int | None = Field(default=None, ge=1, le=500, description="Hits whose passages may be read.")
    thinking: bool | None = Field(default=None, description="Let the model think first.")
    model: Name | None = Field(default=None, description="The language model that answers.")
    citations: Citations | None = Field(
        default=None,
        description="Where they are told: `annotations` of the message (if absent), `footnotes` after its "
        "text, `both`, or `none`. The marks `[1]` stay in the text.",
    )


class ChatRequest(Request):
    """A chat completion. What would silently change the answer is refused by name, with status 400."""

    model: Name = Field(
        description="`lectern/COLLECTION`, or the collection's name alone. Options may follow, for clients "
        "that cannot send `lectern`: `lectern/COLLECTION:footnotes`, `:both`, `:agent`, `:map`, `:high` …"
    )
    messages: _Messages = Field(
        description="The last is the user's question. System messages are the application's instructions; "
        "the others are the conversation so far, which is recognised if it was held here."
    )
    lectern: LecternOptions | None = None
    stream: bool | None = Field(default=None, description="Answer with chunks.")
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Above 1 it counts as 1, the highest that GLM knows."
    )
    max_tokens: int | None = Field(default=None, ge=1, le=_LONGEST)
    max_completion_tokens: int | None = Field(
        default=None, ge=1, le=_LONGEST, description="Goes before `max_tokens`."
    )
    reasoning_effort: str | None = Field(
        default=None, description="`none` and `minimal` switch thinking off, everything else on."
    )
    thinking: Thinking | None = Field(default=None, description="The same as GLM has it.")
    n: int | None = Field(default=None, description="Refused, except 1.")
    stop: str | Annotated[list[str], Field(fail_fast=True)] | None = Field(
        default=None, description="Refused, unless empty: an answer that is cut off could not be checked."
    )
    tools: list[Any] | None = Field(default=None, description="Refused, unless empty.")
    functions: list[Any] | None = Field(default=None, description="Refused, unless empty.")
    tool_choice: Any = Field(default=None, description="Refused, except `none` and `auto`.")
    function_call: Any = Field(default=None, description="Refused, except `none` and `auto`.")
    response_format: Any = Field(default=None, description='Refused, except `{"type": "text"}`.')
    logprobs: bool | None = Field(default=None, description="Refused, if true.")
    top_logprobs: int | None = Field(default=None, description="Refused, except 0.")
    logit_bias: dict[str, Any] | None = Field(default=None, description="Refused, unless empty.")
    modalities: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        default=None, description='Refused, except `["text"]`.'
    )
    audio: Any = Field(default=None, description="Refused.")
    prediction: Any = Field(default=None, description="Refused.")
    moderation: Any = Field(default=None, description="Refused.")
    web_search_options: Any = Field(default=None, description="Refused: only the collection is searched.")
    top_p: float | None = Field(default=None, description=_SAMPLING)
    top_k: int | None = Field(
        default=None, description=f"{_SAMPLING} `lectern.top_k` is the number of hits that are read."
    )
    min_p: float | None = Field(default=None, description=_SAMPLING)
    frequency_penalty: float | None = Field(default=None, description=_SAMPLING)
    presence_penalty: float | None = Field(default=None, description=_SAMPLING)
    repetition_penalty: float | None = Field(default=None, description=_SAMPLING)
    seed: int | None = Field(default=None, description=f"{_NO_EFFECT}: OpenAI itself promises nothing of it.")
    verbosity: str | None = Field(default=None, description=f"{_NO_EFFECT}; instructions have.")
    parallel_tool_calls: bool | None = Field(default=None, description=f"{_NO_EFFECT}: there are no tools.")
    user: str | None = Field(default=None, description=f"{_NO_EFFECT}: the access key tells who asks.")
    safety_identifier: str | None = Field(default=None, description=f"{_NO_EFFECT}, likewise.")
    metadata: dict[str, Any] | None = Field(default=None, description=f"{_NO_EFFECT}; it is not kept.")
    store: bool | None = Field(default=None, description=f"{_NO_EFFECT}: nothing is stored at OpenAI.")
    service_tier: str | None = Field(default=None, description=f"{_NO_EFFECT}.")
    prompt_cache_key: str | None = Field(default=None, description=f"{_NO_EFFECT}: prompts share by content.")
    prompt_cache_retention: str | None = Field(default=None, description=f"{_NO_EFFECT}.")
    prompt_cache_options: Any = Field(default=None, description=f"{_NO_EFFECT}.")

    @model_validator(mode="before")
    @classmethod
    def _few_parts(cls, given: object) -> object:
        if sum(map(_parts, _items(given, "messages"))) > _MOST_PARTS:
            raise ValueError(f"all messages together hold {_MOST_PARTS:,} parts at most")
        return given


def _parts(message: object) -> int:
    return len(_items(message, "content"))


def _items(given: object, name: str) -> list[object]:
    """The list of this name in what has not been looked at yet; an empty one where there is none."""
    found = cast("dict[str, object]", given).get(name) if isinstance(given, dict) else None
    return cast("list[object]", found) if isinstance(found, list) else []

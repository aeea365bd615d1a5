"""A request for a chat completion as a question; what would silently change the answer is refused."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from service.answers import Query
from service.http.chat.conversation import converse
from service.http.chat.errors import ChatRefused
from service.http.chat.naming import model_id, resolve
from service.http.chat.requests import LecternOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from service.http.chat.conversation import Said
    from service.http.chat.naming import ModelName
    from service.http.chat.requests import ChatRequest

_WITHOUT_THINKING = frozenset({"none", "minimal"})
_HOTTEST = 1.0
"""OpenAI's temperatures end at 2, GLM's at 1."""
_TOOLS = "tools are not supported: Lectern searches by itself, and the answer is text"


def _empty(value: Any) -> bool:  # noqa: ANN401 — any parameter
    return not value


def _no_choice(value: Any) -> bool:  # noqa: ANN401 — any parameter
    return value in ("none", "auto")


_REFUSED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "tools": (_empty, _TOOLS),
    "functions": (_empty, _TOOLS),
    "tool_choice": (_no_choice, _TOOLS),
    "function_call": (_no_choice, _TOOLS),
    "n": (lambda value: value == 1, "one answer is given at a time"),
    "stop": (_empty, "stop sequences are not supported: an answer that is cut off could not be checked"),
    "response_format": (lambda value: value == {"type": "text"}, "answers are text, with citations"),
    "logprobs": (_empty, "log probabilities are not given"),
    "top_logprobs": (_empty, "log probabilities are not given"),
    "logit_bias": (_empty, "biases are not supported"),
    "modalities": (lambda value: value == ["text"], "answers are text"),
    "audio": (_empty, "answers are text"),
    "prediction": (_empty, "predicted outputs are not supported"),
    "moderation": (_empty, "moderation is not supported"),
    "web_search_options": (lambda value: value is None, "only the documents of the collection are searched"),
}
"""For each parameter the values that ask for nothing, and why others are refused."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of Lectern."""

    name: ModelName
    options: LecternOptions


def refuse_unsupported(request: ChatRequest) -> None:
    """Raise `ChatRefused` for the first parameter that cannot be honoured."""
    for param, (asks_nothing, why) in _REFUSED.items():
        value = getattr(request, param)
        if value is not None and not asks_nothing(value):
            raise ChatRefused(why, param=param, code="unsupported_parameter")


def read_model(request: ChatRequest, collections: Collection[str]) -> Asked:
    """The collection that the request's model names, and the options of both.

    Raises:
        ChatRefused: there is no such model.
    """
    name = find_model(request.model, collections)
    said = request.lectern.model_dump(exclude_none=True) if request.lectern else {}
    return Asked(name, LecternOptions.model_validate({**name.options, **said}))


def find_model(model: str, collections: Collection[str]) -> ModelName:
    """What an id means.

    Raises:
        ChatRefused: no collection is meant by it.
    """
    name = resolve(model, collections)
    if name is None:
        known = ", ".join(model_id(collection) for collection in sorted(collections)[:20])
        raise ChatRefused(
            f"the model {model!r} does not exist; the models are {known or 'none yet'}",
            param="model",
            code="model_not_found",
            status=HTTPStatus.NOT_FOUND,
        )
    return name


def read_query(request: ChatRequest, said: Sequence[Said], asked: Asked, tenant: str) -> Query:
    """As the service asks it, for this tenant.

    Raises:
        ChatRefused: the messages are no conversation with a question at its end.
    """
    conversation, options = converse(said), asked.options
    return Query(
        question=conversation.question,
        collection=asked.name.collection,
        tenant=tenant,
        mode=options.mode or "auto",
        accuracy=options.accuracy or "normal",
        documents=tuple(options.documents) if options.documents else None,
        top_k=options.top_k,
        thinking=_thinking(request, options),
        model=options.model,
        temperature=None if request.temperature is None else min(request.temperature, _HOTTEST),
        max_tokens=wanted_tokens(request),
        instructions=conversation.instructions,
        history=conversation.history,
    )


def wanted_tokens(request: ChatRequest) -> int | None:
    """Longest answer; the newer of the two names goes first."""
    return request.max_completion_tokens or request.max_tokens


def _thinking(request: ChatRequest, options: LecternOptions) -> bool | None:
    if options.thinking is not None:
        return options.thinking
    if request.thinking is not None:
        return request.thinking.type == "enabled"
    return None if request.reasoning_effort is None else request.reasoning_effort not in _WITHOUT_THINKING

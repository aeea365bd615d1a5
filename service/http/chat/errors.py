"""Errors as OpenAI's clients understand them: the same problems, in the shape that their SDK raises from."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from ingest.errors import PermanentError, TransientError
from prompts.plan_request import PromptTooLongError
from service.models.errors import ModelError, PromptTooLong

if TYPE_CHECKING:
    from service.http.shapes import Problem

_ROUTES = ("/v1/chat/completions", "/v1/models")
_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_CODES = {HTTPStatus.UNAUTHORIZED.value: "invalid_api_key"}
_TOO_LONG = "context_length_exceeded"
_QUOTA = "insufficient_quota"


class ChatRefused(PermanentError):
    """A chat completion was asked for that cannot be had; ``param`` is the field that says so."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
    ) -> None:
        super().__init__(message)
        self.param = param
        self.code = code
        self.status = status


class Complaint(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(frozen=True)

    message: str
    type: str = Field(
        description="`invalid_request_error`, `server_error`; of a key's limits `requests`, "
        "`insufficient_quota`."
    )
    param: str | None = Field(description="The field of the request that is wrong, as `messages[0].content`.")
    code: str | None = Field(description="OpenAI's where it has one, else the model provider's own.")


class ChatError(BaseModel):
    """An error of the chat routes, in the shape that OpenAI's clients expect."""

    model_config = ConfigDict(frozen=True)

    error: Complaint


def speaks_openai(path: str) -> bool:
    """Whether a request to this path comes from a client of OpenAI's API."""
    return path.startswith(_ROUTES)


def chat_status(problem: Problem) -> int:
    """The status of a problem on these routes: what is wrong with a request is 400, as OpenAI has it."""
    wrong = problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.BAD_REQUEST.value if wrong else problem.status


def chat_error(problem: Problem, error: Exception | None = None) -> ChatError:
    """A problem in OpenAI's shape; of some errors OpenAI's clients know a code."""
    code = _TOO_LONG if isinstance(error, PromptTooLong | PromptTooLongError) else problem.code
    status = chat_status(problem)
    return ChatError(
        error=Complaint(
            message=problem.detail,
            type=_type(status, problem.code),
            param=_param(problem.errors[0]["field"]) if problem.errors else None,
            code=code or _CODES.get(status),
        )
    )


def retry_headers(error: Exception, status: int) -> dict[str, str]:
    """Whether asking again helps: OpenAI's SDK would ask after every 5xx, and pay for it, and every 429."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return {"X-Should-Retry": "false" if isinstance(error, ModelError) else "true"}
    if not _is_ours(status):
        return {}
    headers = {"X-Should-Retry": "true" if isinstance(error, TransientError) else "false"}
    if isinstance(error, ModelError) and error.retry_after is not None:
        headers["Retry-After"] = f"{error.retry_after:.0f}"
    return headers


def _type(status: int, code: str | None) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _QUOTA if code == _QUOTA else "requests"
    return "server_error" if _is_ours(status) else "invalid_request_error"


def _is_ours(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _param(field: str) -> str | None:
    """``body.messages.0.content`` as ``messages[0].content``; None for the body as a whole."""
    name = _INDEX.sub(r"[\1]", field.removeprefix("body."))
    return None if name in {"", "body"} or name.startswith("body[") else name

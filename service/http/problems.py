"""Errors as RFC 9457 problem documents: one place decides which error is which status."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ingest.errors import (
    EgressRefused,
    EmbeddingRefused,
    Gone,
    IndexUnavailable,
    LecternError,
    TransientError,
    UnknownName,
    UnsupportedStore,
)
from prompts.plan_request import PromptTooLongError
from service.access.caller import Forbidden
from service.access.keys import BadKeyRequest
from service.access.rates import LimitReached
from service.ending import ServerEnds
from service.http.allowing import allowed_methods
from service.http.chat.errors import ChatRefused, chat_error, chat_status, retry_headers, speaks_openai
from service.http.failing import log_failure
from service.http.headers import API_HEADERS
from service.http.shapes import Problem
from service.http.wrong_fields import in_one_line, wrong_fields
from service.jobs.controlling import WrongState
from service.jobs.receiving import BadUpload, StorageFull, UploadTooLarge
from service.models.errors import ModelError
from service.page_images import NoPageImage
from service.places import NoSuchRange
from service.reviewing.controlling import NoDocuments
from service.reviewing.estimating import TooExpensive
from service.reviewing.questions import BadQuestions
from service.reviewing.running import NoModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (Gone, HTTPStatus.GONE),
    (UnknownName, HTTPStatus.NOT_FOUND),
    (EgressRefused, HTTPStatus.FORBIDDEN),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (LimitReached, HTTPStatus.TOO_MANY_REQUESTS),
    (BadKeyRequest, HTTPStatus.UNPROCESSABLE_ENTITY),
    (WrongState, HTTPStatus.CONFLICT),
    (NoModel, HTTPStatus.CONFLICT),
    (NoDocuments, HTTPStatus.CONFLICT),
    (TooExpensive, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BadQuestions, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UploadTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (BadUpload, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StorageFull, HTTPStatus.INSUFFICIENT_STORAGE),
    (NoPageImage, HTTPStatus.NOT_FOUND),
    (NoSuchRange, HTTPStatus.UNPROCESSABLE_ENTITY),
    (PromptTooLongError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnsupportedStore, HTTPStatus.CONFLICT),
    (EmbeddingRefused, HTTPStatus.BAD_GATEWAY),
    (IndexUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
)
STATUSES = (400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504, 507)
"""All that a route may answer besides its own; 502 to 504 are the model provider's doing, or the index's."""
_WAITING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""What may pass with time: these say when."""
_SOON = 5.0
"""Seconds, where nobody knows better."""


class Unauthorized(LecternError):
    """No access key, or a wrong one."""


def problem_of(error: Exception) -> Problem:
    """What a caller is told; an error that nobody foresaw says nothing of itself."""
    problem = _named(error)
    return problem.model_copy(update={"retry_after": seconds_to_wait(error, problem.status)})


def _named(error: Exception) -> Problem:
    if isinstance(error, ModelError):
        return _problem(HTTPStatus(error.http_status), str(error), code=error.code or None)
    if isinstance(error, Unauthorized):
        return _problem(HTTPStatus.UNAUTHORIZED, str(error))
    if isinstance(error, ChatRefused):
        fields = [{"field": error.param, "message": str(error)}] if error.param else None
        return _problem(error.status, str(error), code=error.code, errors=fields)
    if isinstance(error, HTTPException):
        return _problem(HTTPStatus(error.status_code), error.detail)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            fields = (
                [{"field": error.field, "message": str(error)}] if isinstance(error, BadKeyRequest) else None
            )
            code = error.code if isinstance(error, LimitReached) else None
            return _problem(status, str(error), code=code, errors=fields)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error on our side; the log has it")


def described(status: int) -> dict[str, Any]:
    """A problem in the description of the API."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {"description": HTTPStatus(status).phrase, **headers_of(status), "content": content}


def headers_of(status: int) -> dict[str, Any]:
    """The headers of a problem in the description of the API."""
    if status not in _WAITING:
        return {}
    said = "Seconds after which asking again may help; not there where it will not."
    return {"headers": {"Retry-After": {"description": said, "schema": {"type": "integer", "minimum": 1}}}}


def seconds_to_wait(error: Exception, status: int) -> int | None:
    """When asking again may help; None where it will not, or where nobody can tell."""
    if status not in _WAITING or not isinstance(error, TransientError):
        return None
    return max(math.ceil(error.retry_after or _SOON), 1)


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    for kind in (LecternError, PromptTooLongError):
        app.add_exception_handler(kind, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _expected)
    app.add_exception_handler(Exception, _expected)


def _problem(
    status: HTTPStatus, detail: str, *, code: str | None = None, errors: list[dict[str, str]] | None = None
) -> Problem:
    return Problem(
        type="about:blank", title=status.phrase, status=status.value, detail=detail, code=code, errors=errors
    )


def answer_to(error: Exception, path: str) -> JSONResponse:
    """The problem document of an error; OpenAI's own shape on the paths that its clients use."""
    problem = problem_of(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, ServerEnds):
        headers["Connection"] = "close"  # the next one should find another server
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    log_failure(error, problem.status)
    return _response(problem, path, error, headers)


def _response(
    problem: Problem, path: str, error: Exception, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    # They stand here too: what answers an unforeseen error is outside of all middleware.
    always = {**API_HEADERS, **(headers or {})}
    if speaks_openai(path):
        told = {**always, **retry_headers(error, problem.status)}
        return JSONResponse(chat_error(problem, error).model_dump(), chat_status(problem), headers=told)
    return JSONResponse(
        problem.model_dump(exclude_none=True), problem.status, headers=always, media_type=MEDIA_TYPE
    )


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Names the fields that are wrong and what they may be; never repeats the input."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    fields = wrong_fields(found)
    detail = in_one_line(fields, len(found))
    problem = _problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=fields)
    return _response(problem, request.scope["path"], error)


def _expected(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = allowed_methods(request.app.state.routes, request.scope)
        error = HTTPException(error.status_code, error.detail, {"Allow": allowed})
    return answer_to(error, request.scope["path"])

"""Problems in OpenAI's shape."""

from __future__ import annotations

import pytest

from service.http.chat.errors import ChatRefused, chat_error, retry_headers, speaks_openai
from service.http.problems import Unauthorized, problem_of
from service.models.errors import KeyRejected, ModelBusy, PromptTooLong


@pytest.mark.parametrize(
    ("error", "kind", "param", "code"),
    [
        (
            ChatRefused("no", param="n", code="unsupported_parameter"),
            "invalid_request_error",
            "n",
            "unsupported_parameter",
        ),
        (ChatRefused("no"), "invalid_request_error", None, None),
        (Unauthorized("no key"), "invalid_request_error", None, "invalid_api_key"),
        (PromptTooLong("too long", code="1261"), "invalid_request_error", None, "context_length_exceeded"),
        (ModelBusy("busy", code="1302"), "server_error", None, "1302"),
        (RuntimeError("secret"), "server_error", None, None),
    ],
)
def test_what_is_told(error: Exception, kind: str, param: str | None, code: str | None) -> None:
    told = chat_error(problem_of(error), error).error

    assert (told.type, told.param, told.code) == (kind, param, code)
    assert "secret" not in told.message


def test_only_what_passes_is_asked_again() -> None:
    assert retry_headers(ModelBusy("busy", retry_after=7.2), 503) == {
        "X-Should-Retry": "true",
        "Retry-After": "7",
    }
    assert retry_headers(KeyRejected("no"), 502) == {"X-Should-Retry": "false"}
    assert retry_headers(RuntimeError("a bug"), 500) == {"X-Should-Retry": "false"}
    assert retry_headers(ChatRefused("no"), 400) == {}


@pytest.mark.parametrize(
    ("path", "speaks"),
    [("/v1/chat/completions", True), ("/v1/models", True), ("/v1/models/a/b", True), ("/v1/query", False)],
)
def test_who_speaks_so(path: str, *, speaks: bool) -> None:
    assert speaks_openai(path) == speaks

"""What providers report, and the error it becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.errors import PermanentError, TransientError
from service.models.complaints import reported, reported_plainly, seconds_to_wait
from service.models.errors import (
    ContentFiltered,
    KeyRejected,
    MalformedReply,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
    PromptTooLong,
    QuotaExhausted,
    RequestRefused,
)

if TYPE_CHECKING:
    from service.models.errors import ModelError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "code", "kind", "retry", "answers"),
    [
        *((401, str(code), KeyRejected, False, 502) for code in range(1000, 1006)),
        *((429, code, ModelBusy, True, 503) for code in ("1302", "1303", "1305")),
        *((429, str(code), QuotaExhausted, False, 503) for code in (1113, *range(1308, 1322))),
        (400, "1261", PromptTooLong, False, 422),
        (400, "1301", ContentFiltered, False, 422),
        (400, "1210", RequestRefused, False, 502),
        (429, "1304", ModelBusy, False, 503),
        (429, None, ModelBusy, False, 503),
        (401, None, KeyRejected, False, 502),
        (402, None, QuotaExhausted, False, 503),
        (403, None, RequestRefused, False, 502),
        (404, None, RequestRefused, False, 502),
        (408, None, ModelTimeout, False, 504),
        (500, None, ModelFailed, True, 502),
        (500, "1234", ModelFailed, True, 502),
        (500, "1113", QuotaExhausted, False, 503),
        (502, None, ModelFailed, True, 502),
        (503, None, ModelBusy, True, 503),
        (529, None, ModelFailed, True, 502),
        (None, "1305", ModelBusy, True, 503),
        (None, "502", ModelFailed, True, 502),
        (None, "400", RequestRefused, False, 502),
        (None, "surprise", ModelFailed, False, 502),
    ],
)
def test_code_then_status_decide(
    status: int | None, code: str | None, kind: type[ModelError], retry: bool, answers: int
) -> None:
    error = reported({"code": code, "message": "no"}, status=status)
    assert type(error) is kind
    assert (error.code, error.retry, error.http_status) == (code, retry, answers)
    assert isinstance(error, PermanentError) != isinstance(error, TransientError)
    assert not (error.retry and isinstance(error, PermanentError))


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 202752 tokens. However, you requested 210000.",
        "the request exceeds the available context size",
    ],
)
def test_servers_without_codes_say_it_in_words(message: str) -> None:
    assert type(reported({"code": 400, "message": message}, status=400)) is PromptTooLong
    assert type(reported({"code": 500, "message": message}, status=500)) is ModelFailed


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"code": 1210, "message": "bad  field\n"}, "bad field (code 1210)"),
        ({"message": "no code"}, "no code"),
        ({"detail": "Not Found"}, "Not Found"),
        ("plain words", "plain words"),
        ("<html><body>Bad Gateway</body></html>", "the provider answered with a page of 37 characters"),
        ({"code": "", "message": {"odd": 1}}, "the provider gave no reason"),
        (None, "the provider gave no reason"),
        (["odd"], "the provider gave no reason"),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_bodies_of_all_shapes_become_a_short_message(body: object, text: str) -> None:
    assert str(reported(body, status=404)) == text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"code": "1302", "message": "busy"}}, ModelBusy),
        ({"error": "in words"}, ModelFailed),
        ({"code": 1000, "msg": "who are you", "success": False}, KeyRejected),
        ({"choices": [{"message": {"content": "not streamed"}}]}, MalformedReply),
        (["odd"], MalformedReply),
        (None, MalformedReply),
    ],
)
def test_bodies_that_came_with_200(body: object, kind: type[ModelError]) -> None:
    assert type(reported_plainly(body, "application/json")) is kind


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-1", None),
        ("soon", None),
        ("Sun, 01 Mar 2026 12:00:09 GMT", 9.0),
        ("Sun, 01 Mar 2026 12:00:09 -0000", 9.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NOW) == seconds

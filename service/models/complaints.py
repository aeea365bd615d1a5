"""From what a provider reports as an error to the error that it is for us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

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
    from datetime import datetime

    from service.models.errors import ModelError

_BY_CODE: Mapping[str, type[ModelError]] = {
    **dict.fromkeys(map(str, range(1000, 1006)), KeyRejected),
    "1113": QuotaExhausted,
    "1261": PromptTooLong,
    "1301": ContentFiltered,
    **dict.fromkeys(("1302", "1303", "1305"), ModelBusy),
    **dict.fromkeys(map(str, range(1308, 1322)), QuotaExhausted),
    "content_filter": ContentFiltered,
    "context_length_exceeded": PromptTooLong,
    "insufficient_quota": QuotaExhausted,
}
_BY_STATUS: Mapping[int, tuple[type[ModelError], bool | None]] = {
    401: (KeyRejected, None),
    402: (QuotaExhausted, None),
    408: (ModelTimeout, False),
    429: (ModelBusy, False),  # which limit it is, and whether waiting helps, nobody said
    503: (ModelBusy, None),
}
_TOO_LARGE = frozenset({400, 413})
_OVERFLOW = re.compile(r"context (length|size|window)", re.IGNORECASE)
"""How servers without codes of their own say that a prompt is too long."""
_LONGEST_MESSAGE = 300


def reported(body: object, *, status: int | None, retry_after: float | None = None) -> ModelError:
    """The error in an error body: an object with code and message, or whatever a proxy made of it.

    Its code tells more than the HTTP status. Inside a stream there is no HTTP status (None), and some
    servers send one as the code.
    """
    code, message = _code_and_message(body)
    if status is None and code is not None and re.fullmatch(r"[45]\d\d", code):
        status = int(code)
    known = _BY_CODE.get(code or "")
    if known is not None:
        return known(message, code=code, status=status, retry_after=retry_after)
    kind, retry = _by_status(status, message)
    return kind(message, code=code, status=status, retry_after=retry_after, retry=retry)


def reported_plainly(body: object, media_type: str) -> ModelError:
    """The error in a body that came with status 200 in place of a stream."""
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)
        if "error" in fields or "code" in fields:
            return reported(fields.get("error", fields), status=None)
    return MalformedReply(f"the provider sent {media_type} instead of a stream")


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """The Retry-After header: seconds, or a date (RFC 9110, 10.2.3); None where it says neither."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d*)?", retry_after):
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _by_status(status: int | None, message: str) -> tuple[type[ModelError], bool | None]:
    """The error, and whether to try again where that is not as usual for it."""
    if status is None:
        return ModelFailed, False
    if status in _TOO_LARGE and _OVERFLOW.search(message):
        return PromptTooLong, None
    return _BY_STATUS.get(
        status, (ModelFailed if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RequestRefused, None)
    )


def _code_and_message(body: object) -> tuple[str | None, str]:
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)
        code = fields.get("code")
        message = fields.get("message") or fields.get("msg") or fields.get("detail")
        known = str(code) if isinstance(code, str | int) and code != "" else None
        return known, _shortened(message if isinstance(message, str) else "")
    return None, _shortened(body if isinstance(body, str) else "")


def _shortened(message: str) -> str:
    message = " ".join(message.split())
    if not message:
        return "the provider gave no reason"
    if message.startswith("<"):
        return f"the provider answered with a page of {len(message)} characters"
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"

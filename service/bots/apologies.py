"""What people are told where something failed: what it is, and what they can do."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from service.bots.platform import PlatformError
from service.client import ServerRefused, ServerUnreachable

if TYPE_CHECKING:
    from ingest.errors import LecternError
    from service.http.shapes import Problem

BUG = "Something went wrong on our side; the bot's log has it. Ask again, or tell whoever runs this bot."
BROKEN_OFF = "Broken off: the bot was stopped. Ask again once it is back."
UPLOAD_BROKEN_OFF = (
    "Broken off: the bot was stopped. If the server has this file already, it goes on reading it; "
    "else send it again."
)
_QUOTA = frozenset({"1113", "insufficient_quota", *map(str, range(1308, 1322))})
"""Codes of the provider (`service.models.errors.QuotaExhausted`)."""
_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The server does not accept this bot's access key. Tell whoever runs the bot.",
    HTTPStatus.NOT_FOUND: "The server knows no such thing: {}. With {}collection you can choose another.",
    HTTPStatus.GONE: "That has been deleted: {}.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is more than the server takes: {}.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "That cannot be answered as it stands: {}.",
    HTTPStatus.TOO_MANY_REQUESTS: "The server has too much to do. Try again in a minute.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error on the server's side; its log has it.",
    HTTPStatus.BAD_GATEWAY: "The language model's provider does not answer: {}. Try again in some minutes.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is busy or not ready: {}. Try again in a minute.",
    HTTPStatus.GATEWAY_TIMEOUT: "The language model took too long. Try again, or ask for less at a time.",
    HTTPStatus.INSUFFICIENT_STORAGE: "The server's disk is full. Tell whoever runs it.",
}


def apology(error: LecternError, sign: str) -> str:
    """One or two sentences.

    Args:
        error: why it failed.
        sign: what begins a command on this platform.
    """
    if isinstance(error, ServerUnreachable):
        return "The Lectern server does not answer just now. Try again in a minute."
    if isinstance(error, ServerRefused):
        return _refused(error.problem, sign)
    if isinstance(error, PlatformError):
        return f"That did not work: {error}."
    return BUG


def _refused(problem: Problem, sign: str) -> str:
    if problem.code in _QUOTA:
        return (
            "The quota of the language model is used up "
            f"(code {problem.code}). Tell whoever runs this service; waiting a little does not help."
        )
    known = _BY_STATUS.get(problem.status)
    detail = problem.detail.rstrip(".")
    return known.format(detail, sign) if known else f"The server refuses: {detail}."

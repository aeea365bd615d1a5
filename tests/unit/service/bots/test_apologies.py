"""Errors as people are told of them."""

from __future__ import annotations

import pytest

from ingest.errors import LecternError
from service.bots.apologies import BUG, apology
from service.bots.platform import PlatformRefused
from service.client import ServerRefused, ServerUnreachable
from service.http.shapes import Problem


def refused(status: int, code: str | None = None) -> ServerRefused:
    return ServerRefused(
        Problem(type="about:blank", title="", status=status, detail="the reason.", code=code)
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ServerUnreachable("refused"), "server does not answer just now"),
        (PlatformRefused("the file is gone"), "That did not work: the file is gone."),
        (LecternError("never seen"), BUG),
        (refused(401), "access key"),
        (refused(404), "knows no such thing: the reason. With !collection"),
        (refused(410), "deleted: the reason."),
        (refused(418), "The server refuses: the reason."),
        (refused(502), "provider does not answer: the reason."),
        (refused(503), "busy or not ready: the reason."),
        (refused(503, "1113"), "quota of the language model is used up (code 1113)"),
        (refused(503, "1302"), "busy or not ready"),
        (refused(504), "took too long"),
        (refused(599), "The server refuses: the reason."),
    ],
)
def test_each_says_what_it_is(error: LecternError, words: str) -> None:
    said = apology(error, "!")
    assert words in said
    assert said.endswith(".")

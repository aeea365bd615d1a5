"""A question on its way: what is shown before the answer, and where it ends without one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.bots.asking import BEGUN_ANEW, NOT_WHOLE, Asking
from service.bots.platform import Place
from service.bots.posting import Paces, Posting
from service.bots.threads import Thread
from service.client import ServerRefused
from service.http.event_shapes import Delta, PartEvent, StepEvent
from service.http.shapes import Problem
from tests.fakes.chat import MemoryChat, answered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from service.http.event_shapes import StreamEvent
    from service.http.requests import QueryRequest
    from service.http.responses import QueryResponse

PART = PartEvent(
    number=1,
    documents=1,
    first="D1:1",
    last="D1:9",
    tokens=1,
    cached_tokens=0,
    outcome="found",
    findings=1,
    dropped=0,
    detail="",
    of=2,
)
STEP = StepEvent(step=1, tool="grep", arguments="{}", results=1, error=None)


class Scripted:
    """Streams what it is told to, call by call."""

    def __init__(self, *calls: Sequence[StreamEvent | Exception]) -> None:
        self._calls = list(calls)
        self.sessions: list[str | None] = []

    async def stream(self, request: QueryRequest) -> AsyncGenerator[StreamEvent, None]:
        self.sessions.append(request.session_id)
        for event in self._calls.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


def refusal(status: int) -> ServerRefused:
    return ServerRefused(Problem(type="about:blank", title="", status=status, detail="gone"))


def asked(client: Scripted, session: str | None = None) -> tuple[MemoryChat, Asking, QueryResponse]:
    chat = MemoryChat()
    asking = Asking(client, Posting(chat, Place("room"), Paces()))
    return chat, asking, asyncio.run(asking.ask("Who signs?", Thread("room", "default", session)))


def test_parts_and_steps_are_told_until_the_answer_begins() -> None:
    client = Scripted([PART, PART, STEP, Delta(text=" "), Delta(text="Ann"), PART, answered("Ann signs.")])
    chat, asking, answer = asked(client)

    assert chat.writes == ["Read 1 of 2 parts …", "Read 2 of 2 parts …", "Step 1: grep …", "Ann …"]
    assert asking.broken("stopped").text == "Ann …\n\n" + NOT_WHOLE + " stopped"
    assert asking.told(answer, "").text == asking.broken("stopped").text == "Ann signs."


@pytest.mark.parametrize("status", [404, 410])
def test_a_conversation_that_is_gone_begins_anew_and_says_so(status: int) -> None:
    client = Scripted([refusal(status)], [answered("Ann signs.")])
    _, asking, answer = asked(client, "ses_old")

    assert client.sessions == ["ses_old", None]
    assert asking.told(answer, "").text == f"{BEGUN_ANEW}\n\nAnn signs."


@pytest.mark.parametrize(("status", "session"), [(404, None), (503, "ses_old")])
def test_other_refusals_are_passed_on(status: int, session: str | None) -> None:
    with pytest.raises(ServerRefused):
        asked(Scripted([refusal(status)]), session)


def test_before_the_first_word_only_the_reason_is_shown() -> None:
    chat = MemoryChat()
    asking = Asking(Scripted(), Posting(chat, Place("room"), Paces()))
    assert asking.broken("stopped").text == "stopped"

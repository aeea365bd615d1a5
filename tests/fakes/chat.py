"""A chat platform in memory, and messages to a bot on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bots.platform import Incoming, Place
from service.http.responses import QueryResponse
from tests.fakes.told import ANSWER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.bots.platform import Attachment, PlatformError
    from service.bots.styled import Styled


def message(text: str = "", *, person: str = "ann", chat: str = "room", number: str = "1") -> Incoming:
    """What somebody wrote in a chat."""
    return Incoming(Place(chat), number, person, text, thread=chat)


def answered(text: str, **fields: object) -> QueryResponse:
    """An answer of the server's."""
    return QueryResponse.model_validate({**ANSWER, "answer": text, "grounded": True, **fields})


class MemoryChat:
    """A platform; ``failures`` come before what is asked for, one a call that writes."""

    name = "memory"
    sign = "/"
    account = "@lectern"
    placeholder = ""
    longest = 40
    largest_file = 1_000

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.messages: dict[str, str] = {}
        self.writes: list[str] = []
        """Every text that was written."""
        self.failures: list[PlatformError | None] = []
        self._seconds = seconds

    def measure(self, text: str) -> int:
        return len(text)

    def pause(self, place: Place) -> float:
        del place
        return self._seconds

    async def send(self, place: Place, content: Styled) -> str:
        del place
        self._fail()
        identity = str(len(self.writes))
        self._write(identity, content)
        return identity

    async def edit(self, place: Place, message: str, content: Styled) -> None:
        del place
        self._fail()
        self._write(message, content)

    async def delete(self, place: Place, message: str) -> None:
        del place
        del self.messages[message]

    async def show_typing(self, place: Place) -> None:
        del place

    async def download(self, attachment: Attachment, to: Path, largest: int) -> None:
        raise NotImplementedError

    async def start(self, receive: Callable[[Incoming], None]) -> None:
        del receive

    async def stop_receiving(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def _fail(self) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure

    def _write(self, identity: str, content: Styled) -> None:
        self.messages[identity] = content.text
        self.writes.append(content.text)

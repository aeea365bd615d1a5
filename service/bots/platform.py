"""What a bot needs of a chat platform. Two implementations: `service.bots.telegram`, `service.bots.slack`.

PlatformError
├── SlowDown              too many calls: wait
├── PlatformRefused       permanent: no right to write there, a token that is not accepted
└── PlatformUnreachable   transient
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.errors import LecternError, PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.bots.styled import Styled


class PlatformError(LecternError):
    """The platform did not do what it was asked; no message ever holds a token."""


class SlowDown(PlatformError, TransientError):
    """Too many calls."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the platform asks to wait {seconds:g} s")
        self.seconds = seconds


class PlatformRefused(PlatformError, PermanentError):
    """The same call fails again."""


class PlatformUnreachable(PlatformError, TransientError):
    """No connection, or no answer in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages of a conversation go."""

    chat: str
    topic: str = ""
    """A forum's topic, or the message that a thread hangs from."""
    reply_to: str = ""
    """The message that is answered, where the platform shows that."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was sent; its bytes are still on the platform."""

    id: str
    name: str
    """As the sender's machine called it: never a path to trust."""
    size: int | None
    """Bytes, where the platform says so."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message to the bot, or in a thread that it may take part in."""

    place: Place
    message: str
    """Its id, of its own in the chat."""
    person: str
    text: str
    thread: str = ""
    """Key of the conversation; empty where a chain of replies makes one."""
    replies_to: str = ""
    """The message that it replies to, in a chain of replies."""
    private: bool = False
    addressed: bool = True
    """Whether it speaks to the bot; else it counts only in a thread where the bot has spoken."""
    command: str = ""
    """Without the sign that begins it; ``text`` is then what follows."""
    attachments: tuple[Attachment, ...] = ()


class Platform(Protocol):
    """Sends, edits and fetches; every call may raise a `PlatformError`."""

    @property
    def name(self) -> str:
        """``telegram`` or ``slack``."""
        ...

    @property
    def sign(self) -> str:
        """What begins a command in a message."""
        ...

    @property
    def account(self) -> str:
        """The bot's own name there, once it has started."""
        ...

    @property
    def placeholder(self) -> str:
        """What stands where the answer will, on a platform that cannot show typing; else empty."""
        ...

    @property
    def longest(self) -> int:
        """The longest message, in units of `measure`."""
        ...

    @property
    def largest_file(self) -> int:
        """Bytes that the platform hands out of one file."""
        ...

    def measure(self, text: str) -> int:
        """The length of a text, as the platform counts it."""
        ...

    def pause(self, place: Place) -> float:
        """Seconds between two calls that write to this place."""
        ...

    async def send(self, place: Place, content: Styled) -> str:
        """The new message's id."""
        ...

    async def edit(self, place: Place, message: str, content: Styled) -> None:
        """Replace a message."""
        ...

    async def delete(self, place: Place, message: str) -> None:
        """Take a message of the bot's back."""
        ...

    async def show_typing(self, place: Place) -> None:
        """Say for some seconds that an answer is under way, where the platform can."""
        ...

    async def download(self, attachment: Attachment, to: Path, largest: int) -> None:
        """Write a file's bytes; `PlatformRefused` where they are more than ``largest``."""
        ...

    async def start(self, receive: Callable[[Incoming], None]) -> None:
        """Begin to take messages in."""
        ...

    async def stop_receiving(self) -> None:
        """Take no more messages in; what is under way may still write."""
        ...

    async def close(self) -> None:
        """Leave nothing open."""
        ...

"""What a server's answers mean, whichever way they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from service.http.shapes import Problem
from service.remote.errors import ServerRefused, ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.remote.calls import Call, Following

T = TypeVar("T")


def read_reply(call: Call[T], status: int, content: bytes) -> T:
    """The body of an answer.

    Raises:
        ServerRefused: it is a problem, or nothing that a Lectern server says.
    """
    check(status, content)
    return _understood(call.read, content, status)


def check(status: int, content: bytes) -> None:
    """Raises `ServerRefused` unless the status says that all went well."""
    if is_fine(status):
        return
    try:
        problem = Problem.model_validate_json(content)
    except ValidationError:
        moved = "; redirects are not followed" if status in range(300, 400) else ""
        problem = _problem(status, f"the server answered {status} without saying why{moved}")
    raise ServerRefused(problem)


def is_fine(status: int) -> bool:
    """Whether what was asked for follows."""
    return status in range(200, 300)


class EventReader(Generic[T]):
    """Server-sent events out of the pieces of a body."""

    def __init__(self, following: Following[T]) -> None:
        self.ended = False
        """Whether the event that ends such a stream has come."""
        self._following = following
        self._waiting = b""
        self._name = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[T]:
        """The events that are whole now; those whose name is not known are passed over.

        Raises:
            ServerRefused: the server says that it failed.
        """
        *lines, self._waiting = (self._waiting + piece).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").removesuffix("\r")
            if text:
                self._take(text)
            elif (event := self._dispatched()) is not None:
                yield event

    def finish(self) -> None:
        """The body is over.

        Raises:
            ServerUnreachable: before the stream was.
        """
        if not self.ended:
            raise ServerUnreachable("the answer broke off")

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)

    def _dispatched(self) -> T | None:
        name, data = self._name, "\n".join(self._data)
        self._name, self._data = "", []
        if name == "error":
            raise ServerRefused(_understood(Problem.model_validate_json, data))
        read = self._following.reads.get(name)
        if read is None:
            return None
        event = _understood(read, data)
        self.ended = name in self._following.ends
        return event


Said = TypeVar("Said", str, bytes)


def _understood(read: Callable[[Said], T], content: Said, status: int = 200) -> T:
    try:
        return read(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "its body"
        told = f"no Lectern server of this version says what it answered: {where}: {first['msg']}"
        raise ServerRefused(_problem(status, told)) from error


def _problem(status: int, detail: str) -> Problem:
    return Problem(type="about:blank", title="", status=status, detail=detail)

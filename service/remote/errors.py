"""What may come of asking a server.

LecternError
├── PermanentError
│   ├── ServerRefused       it answered with a problem, or is no Lectern server
│   └── UnsendableFile      a file of an upload cannot be read here
└── TransientError
    └── ServerUnreachable   it went away, or does not answer in time
        └── ServerAbsent    nobody listens: nothing was asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from pathlib import Path

    from service.http.shapes import Problem


class ServerRefused(PermanentError):
    """The server answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class UnsendableFile(PermanentError):
    """A file of an upload cannot be read here, or changed while it was sent; nothing of it was taken."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path


class ServerUnreachable(TransientError):
    """The server went away, or does not answer in time."""


class ServerAbsent(ServerUnreachable):
    """Nobody listens at this address: nothing was asked."""


def absent(error: Exception) -> ServerAbsent:
    """No connection was made."""
    return ServerAbsent(f"no server answers: {_said(error)}")


def unreachable(error: Exception) -> ServerUnreachable:
    """A connection was made and then failed."""
    return ServerUnreachable(f"the server does not answer: {_said(error)}")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__

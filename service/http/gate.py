"""What a request must show before anything of it is read: its access key, and a body of sensible size."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.status import HTTP_400_BAD_REQUEST, HTTP_403_FORBIDDEN, HTTP_413_CONTENT_TOO_LARGE

from service.http.problems import Unauthorized, answer_to

if TYPE_CHECKING:
    from pydantic import SecretStr
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

GUARDED = "/v1"
AGENTS = "/mcp"
"""Everything below these two needs the key, if there is one."""
LARGEST_BODY = 4 * 2**20
"""Bytes: the longest question with its instructions, escaped, and a thousand documents fit."""
UPLOAD = ("POST", f"{GUARDED}/documents")
"""The one request whose body may be larger."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_THIS_MACHINE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", re.IGNORECASE)
"""As a request may name it."""


class Gate:
    """ASGI middleware in front of all routes. Keys are compared in constant time.

    Args:
        app: what is behind it.
        key: the access key, if there is one.
        largest_upload: bytes that a request with files may hold.
    """

    def __init__(self, app: ASGIApp, key: SecretStr | None, largest_upload: int = LARGEST_BODY) -> None:
        self._app = app
        self._key = key
        self._largest_upload = largest_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 400, 401, 403 or 413 in its place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        largest = self._largest_upload if (scope["method"], scope["path"]) == UPLOAD else LARGEST_BODY
        if self._is_guarded(scope["path"]) and not self._opens(headers.get("authorization", "")):
            refusal: Exception = Unauthorized("this server needs its access key: Authorization: Bearer …")
        elif self._key is None and not _THIS_MACHINE.fullmatch(headers.get("host", "")):
            # A page in a browser must not reach it by its own name, which may lead here.
            refusal = HTTPException(HTTP_400_BAD_REQUEST, "without an access key, only localhost is answered")
        elif self._is_closed_to_pages(scope) and _is_foreign(headers):
            refusal = HTTPException(HTTP_403_FORBIDDEN, "a page of another site may not change anything here")
        elif _announced(headers) > largest:
            refusal = _too_large(largest)
        else:
            await self._app(scope, _bounded(receive, largest), send)
            return
        await answer_to(refusal, scope["path"])(scope, receive, send)

    def _is_guarded(self, path: str) -> bool:
        return self._key is not None and (_is_below(path, GUARDED) or _is_below(path, AGENTS))

    def _is_closed_to_pages(self, scope: Scope) -> bool:
        """To those of other sites: what changes something, unless they know the key; agents' way at all."""
        changing = self._key is None and scope["method"] not in _READING
        return changing or _is_below(scope["path"], AGENTS)

    def _opens(self, authorization: str) -> bool:
        assert self._key is not None
        scheme, _, given = authorization.partition(" ")
        known = secrets.compare_digest(given.strip().encode(), self._key.get_secret_value().encode())
        return known and scheme.lower() == "bearer"


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and length.isascii() else 0


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser sends this for a page of another site: it may post files without asking first."""
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host", "")


def _bounded(receive: Receive, largest: int) -> Receive:
    """The same body, cut off by an error where it grows beyond what it may."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > largest:
            raise _too_large(largest)
        return message

    return bounded


def _too_large(largest: int) -> HTTPException:
    return HTTPException(HTTP_413_CONTENT_TOO_LARGE, f"a body holds {largest:,} bytes at most")

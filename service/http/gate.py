"""What a request must show before anything of it is read: its access key, and a body of sensible size."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.status import HTTP_400_BAD_REQUEST, HTTP_403_FORBIDDEN, HTTP_413_CONTENT_TOO_LARGE

from ingest.errors import CatalogUnavailable
from service.access.rates import LimitReached, WrongKeys
from service.cancelling import in_thread
from service.http.problems import Unauthorized, answer_to
from service.remote.server import TENANT_HEADER

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.access.caller import Caller
    from service.access.keys import Doorkeeper

GUARDED = "/v1"
AGENTS = "/mcp"
"""Everything below these two needs a key, where one is needed at all."""
LARGEST_BODY = 4 * 2**20
"""Bytes: the longest question with its instructions, escaped, and a thousand documents fit."""
UPLOAD = ("POST", f"{GUARDED}/documents")
"""The one request whose body may be larger."""
QUESTIONS = ("POST", f"{GUARDED}/reviews/questions")
"""A file of questions, which takes longer to read than other bodies."""
LARGEST_QUESTIONS = 2**18
"""Bytes: a file of 200 questions of 1,000 characters."""
_AT_ONCE = 4
"""Look-ups of keys, in threads of their own: busy routes keep nobody at the gate."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_THIS_MACHINE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", re.IGNORECASE)
"""As a request may name it."""
_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""What proxies add to the requests that they pass on."""


class Gate:
    """ASGI middleware in front of all routes: behind it, ``request.state.caller`` says who asks.

    Args:
        app: what is behind it.
        doorkeeper: tells callers apart.
        largest_upload: bytes that a request with files may hold.
        wrong_keys: turns away who tries many keys; by default as many as its own default says.
    """

    def __init__(
        self,
        app: ASGIApp,
        doorkeeper: Doorkeeper,
        largest_upload: int = LARGEST_BODY,
        wrong_keys: WrongKeys | None = None,
    ) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._wrong_keys = wrong_keys or WrongKeys()
        self._largest = {UPLOAD: largest_upload, QUESTIONS: LARGEST_QUESTIONS}
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-gate")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 400, 401, 403, 413, 429 or 503 in its place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._largest.get((scope["method"], scope["path"]), LARGEST_BODY)
        try:
            await self._check(scope, Headers(scope=scope), largest)
        except (Unauthorized, HTTPException, LimitReached, CatalogUnavailable) as refusal:
            await answer_to(refusal, scope["path"])(scope, receive, send)
            return
        await self._app(scope, _bounded(receive, largest), send)

    async def _check(self, scope: Scope, headers: Headers, largest: int) -> None:
        if "transfer-encoding" in headers and "content-length" in headers:
            # Two servers in a row that believe one each disagree where the request ends (RFC 9112, 6.1).
            said = "a request has either a Content-Length or a Transfer-Encoding"
            raise HTTPException(HTTP_400_BAD_REQUEST, said, {"Connection": "close"})
        path = scope["path"]
        guarded = _is_below(path, GUARDED) or _is_below(path, AGENTS)
        known = self._doorkeeper.is_surely_required
        needs_key = known or await in_thread(self._threads, self._doorkeeper.is_required)
        if guarded:
            scope.setdefault("state", {})["caller"] = await self._caller(scope, headers)
        if not needs_key and not _THIS_MACHINE.fullmatch(headers.get("host", "")):
            # A page in a browser must not reach it by its own name, which may lead here.
            raise HTTPException(HTTP_400_BAD_REQUEST, "without an access key, only localhost is answered")
        if not needs_key and any(name in headers for name in _FORWARDING):
            # Whoever it is sent for is not on this machine, whatever host the proxy names.
            raise HTTPException(HTTP_400_BAD_REQUEST, "behind a proxy an access key is needed")
        changing = not needs_key and scope["method"] not in _READING
        if (changing or _is_below(path, AGENTS)) and _is_foreign(headers):
            raise HTTPException(HTTP_403_FORBIDDEN, "a page of another site may not change anything here")
        if _announced(headers) > largest:
            raise _too_large(largest)

    async def _caller(self, scope: Scope, headers: Headers) -> Caller:
        address, given = (scope.get("client") or ("",))[0], _bearer(headers)
        tenant = unquote(headers.get(TENANT_HEADER, "")) or None
        caller = await in_thread(self._threads, lambda: self._doorkeeper.caller(given, tenant))
        if caller is not None:
            return caller
        if given is not None:  # a right one is never turned away for the wrong ones beside it
            await self._wrong_keys.require_few(address)
            await self._wrong_keys.note(address)
        raise Unauthorized("this server needs an access key: Authorization: Bearer …")


def _bearer(headers: Headers) -> str | None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" and given.strip() else None


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

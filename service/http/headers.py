"""What every answer tells a browser not to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' blob:; "
    "connect-src 'self'; "
    "font-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; "
    "trusted-types lectern"
)
"""Of the web page: nothing from elsewhere, nothing inline, no string becomes a program."""
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
API_HEADERS = {**_ALWAYS, "Content-Security-Policy": API_POLICY}
"""Of what is data, never a page."""


class SecurityHeaders:
    """ASGI middleware that adds them to every answer, and leaves its body to pass as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers(scope["path"]).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding)


def docs_policy(scripts: Sequence[str]) -> str:
    """Of the API's description, which has its script inline and styles in attributes.

    Args:
        scripts: hashes of the inline ones, as a policy names them.
    """
    return (
        "default-src 'none'; "
        f"script-src 'self' {' '.join(scripts)}; "
        "style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; "
        "connect-src 'self'; "
        "base-uri 'none'; "
        "form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _headers(path: str) -> dict[str, str]:
    if path == "/" or path.startswith("/web/"):
        return {**_ALWAYS, "Content-Security-Policy": PAGE_POLICY}
    return API_HEADERS

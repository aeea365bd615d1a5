"""What every answer tells a browser not to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
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
DOCS_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Of the API's description, whose page has its script inline; it shows nothing of any document."""
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_DOCS = ("/docs", "/static-offline-docs/")
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


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
                for name, value in (*_ALWAYS.items(), ("Content-Security-Policy", policy(scope["path"]))):
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding)


def policy(path: str) -> str:
    """The content security policy of what stands at this path."""
    if path == "/" or path.startswith("/web/"):
        return PAGE_POLICY
    return DOCS_POLICY if path.startswith(_DOCS) else API_POLICY

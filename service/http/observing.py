"""Outermost of all: each request has an id, is measured, is a span, and is a line in the log."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from service.http.failing import FAILED, UNREAD
from service.http.gate import GUARDED
from service.logs import event
from service.metrics import HttpRequest
from service.request_id import HEADER, request_id_of, working_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.observing import Observer
    from service.tracing import Span

NO_ROUTE = "none"
METRICS = "/metrics"
_QUIET = frozenset({"/healthz", "/readyz", METRICS})
"""Asked every few seconds by machines: logged at ``debug`` only."""
_log = logging.getLogger(__name__)


class Observing:
    """ASGI middleware around all others, the one that answers unforeseen errors included.

    Its log lines name the template of a route, never the path or the query: those hold names and questions.
    """

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and take note of how it ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_of(headers.get(HEADER))
        exchange = _Exchange(scope, receive, send, request_id)
        scope.setdefault("state", {})
        metrics, tracer = self._observer.metrics, self._observer.tracer
        metrics.opened()
        said = {"http.request.method": scope["method"], "lectern.request.id": request_id}
        with (
            working_for(request_id),
            tracer.span(scope["method"], said, kind="server", headers=headers) as span,
        ):
            try:
                await self._app(scope, exchange.receive, exchange.send)
            finally:
                request = exchange.request()
                _tell(span, request)
                metrics.answered(request)
                _write(request, exchange.sent, scope["state"])


class _Exchange:
    """A request and its answer, as they pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._started = time.perf_counter()
        self._status = 0
        self._whole = False
        self._left = False
        self.sent = 0
        """Bytes of the answer's body."""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._whole:
            self._left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(scope=message)[HEADER] = self._request_id
        try:
            await self._send(message)
        except OSError:
            self._left = True
            raise
        if message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)

    def request(self) -> HttpRequest:
        """What has become of it."""
        return HttpRequest(
            route=_template(self._scope),
            method=self._scope["method"],
            status=self._status,
            seconds=time.perf_counter() - self._started,
            gone=(self._left or UNREAD in self._scope["state"]) and not self._whole,
        )


def _template(scope: Scope) -> str:
    """The path of the route that took the request, with the names of its parameters in place of values."""
    path = getattr(scope.get("route"), "path", None)
    if not isinstance(path, str):
        return NO_ROUTE
    below = scope["path"].startswith(f"{GUARDED}/") and not path.startswith(f"{GUARDED}/")
    return f"{GUARDED}{path}" if below else path


def _tell(span: Span, request: HttpRequest) -> None:
    span.rename(f"{request.method} {request.route}")
    span.set({"http.route": request.route, "http.response.status_code": request.status})


def _write(request: HttpRequest, sent: int, state: Mapping[str, object]) -> None:
    level = logging.DEBUG if request.route in _QUIET else logging.INFO
    if not _log.isEnabledFor(level):
        return
    fields: dict[str, object] = {
        "method": request.method,
        "route": request.route,
        "status": request.status,
        "milliseconds": round(1_000 * request.seconds, 1),
        "bytes": sent,
    }
    for name in ("tenant", "key"):
        value = getattr(state.get("caller"), name, "")
        if value:
            fields[name] = value
    if FAILED in state:
        fields["stream_error"] = state[FAILED]
    if request.gone:
        fields["client_gone"] = True
    _log.log(level, "request", extra=event(**fields))

"""What of the requests goes into the audit log: a table from routes to actions, and who writes it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.status import HTTP_405_METHOD_NOT_ALLOWED

from ingest.catalog.audit_records import OK, AuditEntry
from ingest.errors import CatalogUnavailable
from service.answers import DEFAULT_TENANT
from service.audit import KEPT
from service.http.failing import FAILED, UNREAD
from service.http.gate import AGENTS, GUARDED
from service.http.leaving import CLIENT_LEFT
from service.http.problems import answer_to
from service.naming import id_or_nothing, name_or_nothing
from service.request_id import current_request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.audit import Audit

ACTIONS: Mapping[tuple[str, str], str | None] = {
    ("POST", "/v1/query"): "ask",
    ("POST", "/v1/search"): "search",
    ("POST", "/v1/chat/completions"): "ask",
    ("GET", "/v1/models"): "list",
    ("GET", "/v1/models/{model}"): "list",
    ("POST", "/v1/documents"): "upload",
    ("GET", "/v1/documents"): "list",
    ("DELETE", "/v1/documents"): "delete_failure",
    ("GET", "/v1/documents/{document_id}"): "read_document",
    ("DELETE", "/v1/documents/{document_id}"): "delete_document",
    ("GET", "/v1/documents/{document_id}/versions"): "read_document",
    ("GET", "/v1/documents/{document_id}/text"): "read_text",
    ("GET", "/v1/documents/{document_id}/outline"): "read_text",
    ("GET", "/v1/documents/{document_id}/place"): "read_document",
    ("GET", "/v1/documents/{document_id}/pages"): "read_document",
    ("GET", "/v1/documents/{document_id}/pages/{page}/image"): "read_page",
    ("GET", "/v1/collections"): "list",
    ("GET", "/v1/collections/{name}"): "list",
    ("DELETE", "/v1/collections/{name}"): "delete_collection",
    ("PUT", "/v1/collections/{name}/pinned"): "pin",
    ("PUT", "/v1/collections/{name}/egress"): "change_egress",
    ("POST", "/v1/collections/{name}/warm"): "warm",
    ("GET", "/v1/sessions"): "read_sessions",
    ("GET", "/v1/sessions/{session_id}"): "read_session",
    ("DELETE", "/v1/sessions/{session_id}"): "delete_session",
    ("GET", "/v1/jobs"): None,  # asked for every second while one runs: how far it is
    ("GET", "/v1/jobs/{job_id}"): None,
    ("GET", "/v1/jobs/{job_id}/events"): None,
    ("POST", "/v1/jobs/{job_id}/cancel"): "cancel_job",
    ("POST", "/v1/jobs/{job_id}/retry"): "ingest",
    ("POST", "/v1/ingests"): "ingest",
    ("POST", "/v1/reviews"): "begin_review",
    ("GET", "/v1/reviews"): "list",
    ("POST", "/v1/reviews/estimate"): None,  # a price
    ("POST", "/v1/reviews/questions"): None,  # the caller's own file
    ("GET", "/v1/reviews/{review_id}"): "read_review",
    ("DELETE", "/v1/reviews/{review_id}"): "delete_review",
    ("GET", "/v1/reviews/{review_id}/export"): "export_review",
    ("POST", "/v1/reviews/{review_id}/resume"): "begin_review",
    ("POST", "/v1/reviews/{review_id}/cancel"): "cancel_review",
    ("GET", "/v1/usage"): None,  # figures
    ("GET", "/v1/answers/{answer_id}/explanation"): None,  # names and figures of a prompt
    ("GET", "/v1/audit"): "read_audit",
    ("GET", "/v1/keys"): "list_keys",
    ("POST", "/v1/keys"): "make_key",
    ("DELETE", "/v1/keys/{key_id}"): "revoke_key",
}
"""All that there is below ``/v1``; None of what tells nothing of anybody's documents. A route that is not
here fails a test. Calls of agents' tools are noted by `service.knowledge.auditing`."""
_SUBJECTS = ("document_id", "session_id", "job_id", "review_id", "key_id")
REFUSED = "refuse_access"
"""Who was not let in at all."""
_REFUSALS = 600
"""A minute that are noted: whoever knocks without a key must not fill the disk."""
_MINUTE = 60.0
_FIRST_ERROR = 400


class Auditing:
    """ASGI middleware around the gate: notes what each request did, or wanted to do.

    What takes something away, or changes who may do what, is written before the caller is told of it; where
    it cannot be written the answer is 503, although it was done. All else is noted when the last piece of
    its answer is there, or no other follows: only then it is known what has become of a stream.
    """

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app = app
        self._audit = audit
        self._minute, self._refused = 0.0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note it when its answer is whole, or will not be."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(self._audit, partial(self._entry, scope), scope, receive, send)
        try:
            await self._app(scope, receive, answer.send)
        except BaseException as error:
            answer.ended(error)
            raise
        answer.ended(None)

    def _entry(self, scope: Scope, status: int) -> AuditEntry | None:
        """What is to be said of an answer of this status; 0 where none has begun."""
        if status and "router" not in scope:  # the gate has answered
            return self._refusal(scope, status)
        action = None if status == HTTP_405_METHOD_NOT_ALLOWED else action_of(scope)
        if action is None:
            return None
        return entry_of(scope, action, OK if status < _FIRST_ERROR else str(status))

    def _refusal(self, scope: Scope, status: int) -> AuditEntry | None:
        """No more than so many a minute."""
        if not scope["path"].startswith((GUARDED, AGENTS)):
            return None
        now = time.monotonic()
        if now - self._minute >= _MINUTE:
            self._minute, self._refused = now, 0
        self._refused += 1
        return entry_of(scope, REFUSED, str(status)) if self._refused <= _REFUSALS else None


class _Answer:
    """An answer as it passes."""

    def __init__(
        self,
        audit: Audit,
        entry: Callable[[int], AuditEntry | None],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """``entry`` is what is to be noted of an answer of a status."""
        self._audit = audit
        self._entry = entry
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._noted = False
        self._replaced = False

    async def send(self, message: Message) -> None:
        """Pass a piece on once what must be written before it is written."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            await self._keep()
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._note(self._failed or OK)
        if not self._replaced:
            await self._send(message)

    def ended(self, error: BaseException | None) -> None:
        """No other piece follows; ``error`` is what has ended it."""
        unread = UNREAD in self._scope.get("state", {})
        if isinstance(error, asyncio.CancelledError) and not unread:
            self._note(self._failed or "cancelled")
        elif unread or error is None or isinstance(error, (OSError, ClientDisconnect)):
            self._note(self._failed or str(CLIENT_LEFT))
        else:
            self._note(self._failed or "500")

    @property
    def _failed(self) -> str:
        """The status of the error that a stream told of, although it began well."""
        failed = self._scope.get("state", {}).get(FAILED)
        return "" if failed is None else str(int(failed))

    async def _keep(self) -> None:
        """Write now what must not be lost; where that fails the answer says so."""
        if self._status >= _FIRST_ERROR or action_of(self._scope) not in KEPT:
            return
        entry = self._entry(self._status)
        self._noted = True  # a log that cannot be written now holds it back until it can be
        if entry is not None:
            try:
                await run_in_threadpool(self._audit.keep, entry)
            except CatalogUnavailable as error:
                self._replaced = True
                await answer_to(error, self._scope["path"])(self._scope, self._receive, self._send)

    def _note(self, outcome: str) -> None:
        """Note it once; an error's status says more than what became of its telling."""
        entry = None if self._noted else self._entry(self._status)
        self._noted = True
        if entry is not None:
            self._audit.note(replace(entry, outcome=outcome) if entry.outcome == OK else entry)


def action_of(scope: Scope) -> str | None:
    """What a request that has come to its route is there for."""
    path = getattr(scope.get("route"), "path_format", None)
    if path is None or not scope["path"].startswith(f"{GUARDED}/"):
        return None
    return ACTIONS.get((scope["method"], f"{GUARDED}{path}"))


def entry_of(scope: Scope, action: str, outcome: str) -> AuditEntry:
    """Who did it, as far as the gate has found out, and to what, as far as the route has.

    A request may name anything: what cannot be a name or an id is left out.
    """
    state: dict[str, Any] = scope.get("state", {})
    caller, touched = state.get("caller"), state.get("touched")
    client, named = scope.get("client"), scope.get("path_params", {})
    subject = next((named[name] for name in _SUBJECTS if name in named), "")
    return AuditEntry(
        caller.tenant if caller else DEFAULT_TENANT,
        caller.key if caller else "",
        action,
        name_or_nothing((touched and touched.collection) or named.get("name", "")),
        id_or_nothing(subject) or (touched.subject if touched else ""),
        outcome,
        current_request_id(),
        peer=id_or_nothing(client[0]) if client else "",
    )

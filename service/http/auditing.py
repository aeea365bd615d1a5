"""What of the requests goes into the audit log: a table from routes to actions, and who writes it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_405_METHOD_NOT_ALLOWED

from ingest.catalog.audit_records import OK, AuditEntry
from ingest.errors import CatalogUnavailable
from service.answers import DEFAULT_TENANT
from service.audit import KEPT
from service.http.gate import AGENTS, GUARDED
from service.http.problems import answer_to
from service.request_id import current_request_id

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    it cannot be written the answer is 503, although it was done.
    """

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app = app
        self._audit = audit
        self._minute, self._refused = 0.0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note it when its answer begins, or does not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = replaced = False

        async def noting(message: Message) -> None:
            nonlocal begun, replaced
            if message["type"] == "http.response.start" and not begun:
                begun = True
                try:
                    await self._note(scope, message["status"])
                except CatalogUnavailable as error:
                    replaced = True
                    await answer_to(error, scope["path"])(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, noting)
        except BaseException as error:
            if not begun:
                self._lost(scope, "cancelled" if isinstance(error, asyncio.CancelledError) else "500")
            raise

    async def _note(self, scope: Scope, status: int) -> None:
        entry = self._entry(scope, status)
        if entry is None:
            return
        if entry.action in KEPT and entry.outcome == OK:
            await run_in_threadpool(self._audit.keep, entry)
        else:
            self._audit.note(entry)

    def _entry(self, scope: Scope, status: int) -> AuditEntry | None:
        if "router" not in scope:  # the gate has answered
            return self._refusal(scope, status)
        action = None if status == HTTP_405_METHOD_NOT_ALLOWED else action_of(scope)
        if action is None:
            return None
        return entry_of(scope, action, OK if status < _FIRST_ERROR else str(status))

    def _lost(self, scope: Scope, outcome: str) -> None:
        """An answer that never began."""
        action = action_of(scope)
        if action is not None:
            self._audit.note(entry_of(scope, action, outcome))

    def _refusal(self, scope: Scope, status: int) -> AuditEntry | None:
        """No more than so many a minute."""
        if not scope["path"].startswith((GUARDED, AGENTS)):
            return None
        now = time.monotonic()
        if now - self._minute >= _MINUTE:
            self._minute, self._refused = now, 0
        self._refused += 1
        return entry_of(scope, REFUSED, str(status)) if self._refused <= _REFUSALS else None


def action_of(scope: Scope) -> str | None:
    """What a request that has come to its route is there for."""
    path = getattr(scope.get("route"), "path_format", None)
    if path is None or not scope["path"].startswith(f"{GUARDED}/"):
        return None
    return ACTIONS.get((scope["method"], f"{GUARDED}{path}"))


def entry_of(scope: Scope, action: str, outcome: str) -> AuditEntry:
    """Who did it, as far as the gate has found out, and to what, as far as the route has."""
    state: dict[str, Any] = scope.get("state", {})
    caller, touched = state.get("caller"), state.get("touched")
    client, named = scope.get("client"), scope.get("path_params", {})
    subject = next((named[name] for name in _SUBJECTS if name in named), "")
    return AuditEntry(
        caller.tenant if caller else DEFAULT_TENANT,
        caller.key if caller else "",
        action,
        (touched and touched.collection) or named.get("name", ""),
        subject or (touched.subject if touched else ""),
        outcome,
        current_request_id(),
        peer=client[0] if client else "",
    )

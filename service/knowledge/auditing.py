"""What agents' calls of tools are in the audit log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from ingest.catalog.audit_records import AuditEntry
from service.naming import id_or_nothing, name_or_nothing
from service.request_id import current_request_id
from service.user import current_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.knowledge.desk import Desk

ACTIONS: Mapping[str, str] = {
    "search": "search",
    "ask": "ask",
    "read_passages": "read_text",
    "list_documents": "list",
    "list_collections": "list",
}
"""By tool; one that is not here fails a test."""
_MOST_MARKERS = 20
_MARKER = re.compile(r"\[?D\d+:\d+(?:-\d+)?\]?")


def entry_of_call(
    tool: str, arguments: Mapping[str, Any], desk: Desk, outcome: str, peer: str | None
) -> AuditEntry:
    """The entry of a call.

    Args:
        tool: its name.
        arguments: as they came, checked or not: of them only what may be a name or an id is noted.
        desk: carried it out.
        outcome: ``ok``, or the name of an error.
        peer: the address that it came from over HTTP; None over stdio.
    """
    caller = desk.caller
    collection = (
        "" if tool == "list_collections" else name_or_nothing(arguments.get("collection") or desk.default)
    )
    return AuditEntry(
        caller.tenant,
        caller.key,
        ACTIONS[tool],
        collection,
        _subject(arguments),
        outcome,
        current_request_id(),
        peer=current_user() if peer is None else peer,
    )


def _subject(arguments: Mapping[str, Any]) -> str:
    """The session that is gone on with, or the markers that are read; never a question."""
    session, markers = arguments.get("session_id"), arguments.get("markers")
    if isinstance(session, str):
        return id_or_nothing(session)
    if not isinstance(markers, list):
        return ""
    read = cast("list[object]", markers)[:_MOST_MARKERS]
    return " ".join(marker for marker in map(str, read) if _MARKER.fullmatch(marker))

"""``/v1/sessions``: conversations, as people saw them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.status import HTTP_204_NO_CONTENT

from service.http.access import Reading
from service.http.session_shapes import SessionDetails, SessionList, SessionShape

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.get("")
def sessions(
    view: Reading,
    collection: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> SessionList:
    """Conversations, the newest first."""
    found = view.sessions(collection, limit=limit)
    return SessionList(sessions=[SessionShape.of(record) for record in found])


@router.get("/{session_id}")
def session(session_id: str, view: Reading) -> SessionDetails:
    """One conversation: what was asked and what was answered, the oldest first."""
    return SessionDetails.of(view.session(session_id))


@router.delete("/{session_id}", status_code=HTTP_204_NO_CONTENT)
def delete(session_id: str, view: Reading) -> Response:
    """Forget a conversation, and what the ledger tells of it beside its figures."""
    view.services.catalog.delete_session(view.tenant, view.session(session_id).id)
    return Response(status_code=HTTP_204_NO_CONTENT)

"""``/v1/audit``: who did what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.http.access import Administering
from service.http.audit_shapes import AuditList, AuditRequest

router = APIRouter(tags=["audit"])


@router.get("/audit")
def audit(request: Annotated[AuditRequest, Query()], view: Administering) -> AuditList:
    """Who read, asked, changed and deleted what, the newest first: ids and names, never text or questions.

    The entries of a deleted document stay until `audit_days` are over.
    """
    return AuditList.of(view.services.audit.entries(view.tenant, request.to_wanted()), request.limit)

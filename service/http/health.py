"""``/healthz`` and ``/readyz``: is it alive, and can it answer."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from service.http.access import Wired
from service.http.listings import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok", checks={})


@router.get("/readyz", responses={HTTP_503_SERVICE_UNAVAILABLE: {"model": Health}})
def readyz(services: Wired, response: Response) -> Health:
    """Catalog and index answer; which of them does not is named."""
    checks = services.checks()
    failing = any(state != "ok" for state in checks.values())
    if failing:
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="failing" if failing else "ok", checks=checks)

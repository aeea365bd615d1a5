"""``/healthz`` and ``/readyz``: is it alive, and can it answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from service.http.listings import Health

if TYPE_CHECKING:
    from service.readiness import Readiness

router = APIRouter(tags=["health"])
_OK = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    # On the event loop: one that waits for a thread while all are busy would seem dead.
    return Health(status=_OK, checks={}, advice={})


@router.get("/readyz", responses={HTTP_503_SERVICE_UNAVAILABLE: {"model": Health}})
def readyz(request: Request, response: Response) -> Health:
    """What the server needs for its work is there; what is not, is named, with what to do about it.

    503 where nothing can be answered, also by a server that is about to end. It names no tenant and no place,
    takes less than a second, and looks no more than once a second, however many ask.
    """
    readiness: Readiness = request.app.state.readiness
    found = readiness.standing()
    if found.status == "failing":
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
    troubles = found.troubles
    return Health(
        status=found.status,
        checks={name: troubles[name].what if name in troubles else _OK for name in found.checks},
        advice={name: trouble.advice for name, trouble in troubles.items()},
    )

"""``/metrics``, for Prometheus."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from service.http.access import Wired
from service.http.observing import METRICS
from service.http.problems import Unauthorized
from service.instruments import MEDIA_TYPE

if TYPE_CHECKING:
    from pydantic import SecretStr

    from service.access.keys import Doorkeeper
    from service.settings import Settings

router = APIRouter(tags=["health"])


@router.get(
    METRICS,
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, services: Wired) -> Response:
    """What the server counts and measures, in Prometheus's text format.

    Open where no key is needed; else it takes the setting `metrics_key`, or the `access_key` beside it. Keys
    that were made for a tenant do not open it: the figures are those of all.
    """
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    given = request.headers.get("authorization", "")
    if doorkeeper.is_required() and not _opens(given, services.settings):
        raise Unauthorized("metrics need the setting metrics_key: Authorization: Bearer …")
    return Response(services.observer.metrics.text(), media_type=MEDIA_TYPE)


def _opens(authorization: str, settings: Settings) -> bool:
    keys = [key for key in (settings.metrics_key, settings.access_key) if key is not None]
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and any(_equal(given.strip(), key) for key in keys)


def _equal(given: str, key: SecretStr) -> bool:
    return secrets.compare_digest(given.encode(), key.get_secret_value().encode())

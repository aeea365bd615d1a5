"""What every route needs: the wired services, and whose data it may touch."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from service.answers import DEFAULT_TENANT
from service.jobs.worker import Worker
from service.wiring import Services

TENANT = DEFAULT_TENANT
"""All that the access key opens."""


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _worker(request: Request) -> Worker:
    return cast("Worker", request.app.state.worker)


Wired = Annotated[Services, Depends(_services)]
Work = Annotated[Worker, Depends(_worker)]
"""The thread that runs jobs."""

"""The HTTP service over wired services."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from ingest.catalog.key_records import KeyLimits
from service.access.keys import Doorkeeper
from service.http import (
    agents,
    collections,
    description,
    documents,
    health,
    jobs,
    keys,
    page,
    pages,
    problems,
    queries,
    reviews,
    sessions,
    uploads,
    usage,
)
from service.http.chat import routes as chat
from service.http.drawing import Drawing
from service.http.gate import AGENTS, GUARDED, Gate
from service.http.headers import SecurityHeaders
from service.http.throttle import Throttle
from service.jobs.worker import Worker
from service.reviewing.worker import ReviewWorker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.wiring import Services

_bearer = HTTPBearer(auto_error=False, description="An access key, where the server needs one.")


_MEGABYTE = 2**20


def create_app(services: Services, *, own_token: str | None = None) -> FastAPI:
    """An application that answers from these services; they stay the caller's to close.

    ``own_token`` is what commands on this machine bring in place of an access key.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        worker = app.state.worker = Worker(services)
        worker.start()
        reviewing = app.state.reviews = ReviewWorker(services)
        yield
        end(app)
        await run_in_threadpool(worker.stop)
        await reviewing.stop()
        await app.state.agents.close()
        await services.close_model()

    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=description.FILES,
        title="Lectern",
        version=version("lectern"),
        description="Answers about long documents, cited to the character and checked against the source.",
        lifespan=lifespan,
        responses={status: problems.described(status) for status in problems.STATUSES},
    )
    app.state.services = services
    app.state.ending = threading.Event()
    app.state.drawing = Drawing()
    app.state.agents = agents.AgentDoor(services)
    largest = services.settings.largest_upload_mb * _MEGABYTE
    app.add_middleware(Throttle)
    app.add_middleware(Gate, doorkeeper=_doorkeeper(services, own_token), largest_upload=largest)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(description.router)
    app.include_router(page.router)
    for part in (queries, chat, uploads, documents, pages, collections, sessions, jobs, reviews, usage, keys):
        app.include_router(part.router, prefix=GUARDED, dependencies=[Depends(_described)])
    app.router.routes.append(Route(AGENTS, app.state.agents))
    return app


def end(app: FastAPI) -> None:
    """Let streams end, of jobs and agents, the job that runs, and the review: they would hold up the end."""
    app.state.ending.set()
    app.state.agents.hurry()
    worker = getattr(app.state, "worker", None)
    if isinstance(worker, Worker):
        worker.hurry()
    reviewing = getattr(app.state, "reviews", None)
    if isinstance(reviewing, ReviewWorker):
        reviewing.hurry()


def _doorkeeper(services: Services, own_token: str | None) -> Doorkeeper:
    settings, key = services.settings, services.settings.access_key
    return Doorkeeper(
        services.catalog,
        None if key is None else key.get_secret_value(),
        tenant=settings.tenant,
        own_token=own_token,
        exposed=not settings.is_loopback,
        defaults=KeyLimits(
            settings.key_requests_per_minute, settings.key_concurrent_requests, settings.key_usd_per_day
        ),
    )


def _described(_: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Tells the API's description of the key that `Gate` has looked at."""

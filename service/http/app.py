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
from service.access.counters import Counters
from service.access.keys import Doorkeeper
from service.http import (
    agents,
    audit,
    collections,
    description,
    documents,
    health,
    jobs,
    keys,
    metrics,
    page,
    pages,
    problems,
    queries,
    reviews,
    sessions,
    uploads,
    usage,
)
from service.http.allowing import routes_of
from service.http.auditing import Auditing
from service.http.chat import routes as chat
from service.http.drawing import Drawing
from service.http.gate import AGENTS, GUARDED, Gate
from service.http.headers import SecurityHeaders
from service.http.observing import Observing
from service.http.send_limit import SendLimit
from service.http.throttle import Throttle
from service.http.turns import Turns
from service.jobs.worker import Worker
from service.readiness import Readiness, checks_of
from service.replicas import Replica, chores_of, means_of
from service.reviewing.worker import ReviewWorker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.services import Services

_bearer = HTTPBearer(auto_error=False, description="An access key, where the server needs one.")


_MEGABYTE = 2**20
_READING = (queries, chat, uploads, documents, pages, collections)
_KEEPING = (sessions, jobs, reviews, usage, audit, keys)


def create_app(services: Services, *, own_token: str | None = None) -> FastAPI:
    """An application that answers from these services; they stay the caller's to close.

    ``own_token`` is what commands on this machine bring in place of an access key.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        worker = app.state.worker = Worker(services)
        worker.start()
        if services.catalog.is_shared:
            app.state.replica = Replica(services.catalog, means_of(services), chores_of(services))
            app.state.replica.start()
        reviewing = app.state.reviews = ReviewWorker(services)
        await run_in_threadpool(app.state.doorkeeper.is_required)  # known should the catalog be away later
        yield
        end(app)
        app.state.agents.hurry()
        await run_in_threadpool(worker.stop)
        await reviewing.stop()
        await app.state.agents.close()
        await services.close_model()
        await run_in_threadpool(limits.close)
        if services.catalog.is_shared:
            await run_in_threadpool(app.state.replica.stop)

    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
        static_url=description.FILES,
        title="Lectern",
        version=version("lectern"),
        description="Answers about long documents, cited to the character and checked against the source.",
        lifespan=lifespan,
        responses={status: problems.described(status) for status in problems.STATUSES},
    )
    app.state.services = services
    app.state.ending = threading.Event()
    app.state.leaving = threading.Event()
    app.state.readiness = Readiness(checks_of(services, app.state.leaving.is_set, lambda: _works(app)))
    app.state.drawing = Drawing()
    app.state.turns = Turns()
    routes: list[Route] = []
    app.state.routes = routes
    app.state.agents = agents.AgentDoor(services)
    largest = services.settings.largest_upload_mb * _MEGABYTE
    app.state.doorkeeper = _doorkeeper(services, own_token)
    limits = Counters.of(services.catalog)
    app.add_middleware(Throttle, rates=limits.rates, slots=limits.slots)
    app.add_middleware(
        Gate, doorkeeper=app.state.doorkeeper, largest_upload=largest, wrong_keys=limits.wrong_keys
    )
    app.add_middleware(Auditing, audit=services.audit)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    for part in (health, metrics, description, page):
        app.include_router(part.router)
        routes += routes_of(part.router)
    for part in (*_READING, *_KEEPING):
        app.include_router(part.router, prefix=GUARDED, dependencies=[Depends(_described)])
        routes += routes_of(part.router, GUARDED)
    app.router.routes.append(Route(AGENTS, app.state.agents))
    description.describe(app, app.state.doorkeeper)
    # Around all of the stack: what answers unforeseen errors would else be outside of it.
    app.middleware_stack = SendLimit(Observing(app.build_middleware_stack(), services.observer))
    return app


def end(app: FastAPI) -> None:
    """Turn new questions away; let streams of jobs end, the job that runs, and the review.

    Answers may still come to their end, those to agents too.
    """
    leave(app)
    app.state.ending.set()
    app.state.services.ending.begin()
    worker = getattr(app.state, "worker", None)
    if isinstance(worker, Worker):
        worker.hurry()
    reviewing = getattr(app.state, "reviews", None)
    if isinstance(reviewing, ReviewWorker):
        reviewing.hurry()


def _works(app: FastAPI) -> bool:
    """Whether the thread that runs jobs lives; before it has begun nothing is wrong either."""
    worker = getattr(app.state, "worker", None)
    return not isinstance(worker, Worker) or worker.is_alive


def leave(app: FastAPI) -> None:
    """Say from now on that nothing more is to be sent here; everything is still answered."""
    app.state.leaving.set()


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

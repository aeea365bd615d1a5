"""The HTTP service over wired services."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.middleware.trustedhost import TrustedHostMiddleware

from service.http import collections, documents, health, problems, queries
from service.http.problems import Unauthorized

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from service.wiring import Services

_bearer = HTTPBearer(auto_error=False, description="The key that the server was started with, if any.")


def create_app(services: Services) -> FastAPI:
    """An application that answers from these services; they stay the caller's to close."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        await services.close_model()

    app = FastAPIOffline(
        redoc_url=None,
        title="Lectern",
        version=version("lectern"),
        description="Answers about long documents, cited to the character and checked against the source.",
        lifespan=lifespan,
        responses={status: problems.described(status) for status in problems.STATUSES},
    )
    app.state.services = services
    if services.settings.access_key is None and ":" not in services.settings.host:
        # Without a key, only who names this machine: a page in a browser must not reach it by its own name.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    problems.install(app)
    app.include_router(health.router)
    guarded = [Depends(_guard(services))]
    for part in (queries, documents, collections):
        app.include_router(part.router, prefix="/v1", dependencies=guarded)
    return app


def _guard(services: Services) -> Callable[..., None]:
    """Compares keys in constant time; without a configured key everyone on this machine may ask."""
    key = services.settings.access_key

    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if key is None:
            return
        given = credentials.credentials if credentials else ""
        if not secrets.compare_digest(given.encode(), key.get_secret_value().encode()):
            raise Unauthorized("this server needs its access key: Authorization: Bearer …")

    return check

"""What every route needs: the wired services as its caller sees them, and the permission that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from service.access.caller import Caller
from service.access.view import View
from service.jobs.worker import Worker
from service.services import Services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ingest.catalog.key_records import Permission


def caller_of(request: Request) -> Caller:
    """Whom `Gate` let in."""
    return cast("Caller", request.state.caller)


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _worker(request: Request) -> Worker:
    return cast("Worker", request.app.state.worker)


def _allowing(*permissions: Permission) -> Callable[[Request], Awaitable[View]]:
    async def view(request: Request) -> View:
        caller = caller_of(request)
        caller.require(*permissions)
        seen = View(_services(request), caller)
        request.state.touched = seen.touched
        return seen

    return view


Wired = Annotated[Services, Depends(_services)]
Work = Annotated[Worker, Depends(_worker)]
"""The thread that runs jobs."""
Reading = Annotated[View, Depends(_allowing("read"))]
"""Of a route that tells something of documents: by reading, searching or asking."""
Following = Annotated[View, Depends(_allowing("read", "write"))]
"""Of a route that tells how far something is that a key which only writes may have begun."""
Writing = Annotated[View, Depends(_allowing("write"))]
"""Of a route that changes what is read, or spends by itself."""
Administering = Annotated[View, Depends(_allowing("admin"))]
"""Of a route that reaches beyond the documents: keys, policies, folders of the server's machine."""

"""Which methods a path has, for whoever asked with another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.routing import Match, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter
    from starlette.types import Scope

_PARAMETER = re.compile(r"\{[^}]*\}")


def routes_of(router: APIRouter, prefix: str = "") -> list[Route]:
    """The routes of a router as they stand in an application, which does not show those that it includes."""
    found: list[Route] = []
    for route in router.routes:
        if isinstance(route, Route):
            shown = Route(f"{prefix}{route.path}", route.endpoint)
            shown.methods = set(route.methods or ())  # without HEAD, which the package adds to GET
            found.append(shown)
    return found


def allowed_methods(routes: Iterable[Route], scope: Scope) -> str:
    """The value of ``Allow``: the methods of all routes to this path, as a description of the API has them.

    A name may hold slashes, so that several templates can fit one path: those that say most of it count.
    """
    fitting = [r for r in routes if r.methods and r.matches(scope)[0] is not Match.NONE]
    said = {route.path: len(_PARAMETER.sub("", route.path)) for route in fitting}
    nearest = [route for route in fitting if said[route.path] == max(said.values())]
    return ", ".join(sorted({method for route in nearest for method in route.methods or ()}))

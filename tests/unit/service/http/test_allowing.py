"""Which methods a path is said to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response
from starlette.routing import Route

from service.http.allowing import allowed_methods

if TYPE_CHECKING:
    from starlette.types import Scope


def _nothing(_: object) -> Response:
    return Response()


ROUTES = [
    Route("/names", _nothing, methods=["POST"]),
    Route("/names", _nothing, methods=["DELETE"]),
    Route("/names/{name:path}", _nothing, methods=["DELETE"]),
    Route("/names/{name:path}/pinned", _nothing, methods=["PUT"]),
    Route("/names/{name:path}", _nothing, methods=["PATCH"]),
]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/names", "DELETE, POST"),
        ("/names/a", "DELETE, PATCH"),
        ("/names/a/b", "DELETE, PATCH"),
        ("/names/a/pinned", "PUT"),
        ("/elsewhere", ""),
    ],
)
def test_all_routes_to_a_path_count_and_the_nearest_template_only(path: str, allowed: str) -> None:
    scope: Scope = {"type": "http", "method": "TRACE", "path": path, "root_path": "", "headers": []}
    assert allowed_methods(ROUTES, scope) == allowed

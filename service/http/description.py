"""``/docs``: the description of the API, from a package's own files: nothing comes from another host."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from service.http import event_schemas
from service.http.headers import docs_policy

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.access.keys import Doorkeeper

PATH = "/docs"
FILES = "/static-offline-docs"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
router = APIRouter(include_in_schema=False)


@router.get(PATH, response_class=HTMLResponse)
def description(request: Request) -> HTMLResponse:
    """The page, which may run its own script and no other."""
    app: FastAPI = request.app
    root = str(request.scope.get("root_path", ""))
    page = get_swagger_ui_html(
        openapi_url=f"{root}{app.openapi_url}",
        title=app.title,
        swagger_js_url=f"{root}{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{root}{FILES}/favicon.png",
    )
    scripts = [hash_of(found[1]) for found in _INLINE.finditer(bytes(page.body).decode())]
    page.headers["Content-Security-Policy"] = docs_policy(scripts)
    return page


def describe(app: FastAPI, doorkeeper: Doorkeeper) -> None:
    """Let the description tell the shapes of events, and the access key where one is needed just now."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        told = plain()
        shapes = {**event_schemas.definitions(), **told["components"]["schemas"]}
        paths = told["paths"] if doorkeeper.is_required() else _without_keys(told["paths"])
        return {**told, "paths": paths, "components": {**told["components"], "schemas": shapes}}

    app.openapi = openapi


def _without_keys(paths: dict[str, Any]) -> dict[str, Any]:
    return {
        path: {
            method: {name: said for name, said in operation.items() if name != "security"}
            for method, operation in operations.items()
        }
        for path, operations in paths.items()
    }


def hash_of(script: str) -> str:
    """How a policy names an inline script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"

"""``/``: the web page, and what it is made of below ``/web``."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.status import HTTP_304_NOT_MODIFIED, HTTP_404_NOT_FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).resolve().parents[1] / "web"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_GZIP = re.compile(r"\bgzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
"""Accepted, and not with the weight of nothing."""
_METHODS = ["GET", "HEAD"]
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, as it is sent."""

    media_type: str
    tag: str
    """Validator, with quotes; weak, because it is the same with and without compression."""
    plain: bytes
    compressed: bytes


@router.api_route("/", methods=_METHODS)
def index(request: Request) -> Response:
    """The page."""
    return _sent(request, "index.html")


@router.api_route("/web/{path:path}", methods=_METHODS)
def asset(path: str, request: Request) -> Response:
    """A module, a style sheet or a picture of the page."""
    return _sent(request, path)


def _sent(request: Request, path: str) -> Response:
    """The file, or that the browser's copy is current: it asks each time, so it never shows an old page."""
    found = assets().get(path)
    if found is None:
        raise HTTPException(HTTP_404_NOT_FOUND, "the page has no such file")
    headers = {"Cache-Control": "no-cache", "ETag": found.tag, "Vary": "Accept-Encoding"}
    if found.tag.removeprefix("W/") in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    if not _GZIP.search(request.headers.get("accept-encoding", "")):
        return Response(found.plain, media_type=found.media_type, headers=headers)
    return Response(
        found.compressed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"}
    )


@cache
def assets(folder: Path = FOLDER) -> Mapping[str, Asset]:
    """The page's files by their path below ``/web``, read and compressed once: no request names a file."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in _TYPES)
    return {path.relative_to(folder).as_posix(): _read(path) for path in files}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    tag = blake2b(content, digest_size=12).hexdigest()
    return Asset(_TYPES[path.suffix], f'W/"{tag}"', content, gzip.compress(content, mtime=0))

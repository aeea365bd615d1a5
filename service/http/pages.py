"""What a viewer of sources needs: where a range of a document stands, its pages, and their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_304_NOT_MODIFIED

from ingest.rendering import MEDIA_TYPE
from service.http.access import Reading
from service.http.drawing import Drawing
from service.http.page_shapes import PageList
from service.http.place_shapes import PlacedRange
from service.http.requests import LARGEST_NUMBER
from service.library import name_of

if TYPE_CHECKING:
    from ingest.catalog.records import VersionRecord
    from ingest.rendering import PageImage
    from service.access.view import View

router = APIRouter(prefix="/documents", tags=["documents"])

Number = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_NUMBER, description="The 7 of `[D7:31]`; without it the current version's."),
]
_CLIENT_LEFT = 499
"""What nobody reads any more; the number is nginx's."""
NARROWEST, WIDEST = 200, 2_000
"""Pixels."""


@router.get("/{document_id}/place")
def place(
    document_id: str,
    view: Reading,
    start: Annotated[int, Query(ge=0, description="Code points of the text.")],
    end: Annotated[int, Query(ge=1, description="After the last one.")],
    number: Number = None,
) -> PlacedRange:
    """Where a range of a version's text stands: pages, lines, section, and a box for each printed line."""
    version = view.version_of(document_id, number=number)
    return PlacedRange.of(name_of(version), view.services.library.place(version, start, end))


@router.get("/{document_id}/pages")
def pages(document_id: str, view: Reading, number: Number = None) -> PageList:
    """The pages of a version, and whether there are pictures of them."""
    version = view.version_of(document_id, number=number)
    content = view.services.library.content(version)
    return PageList.of(content.document.pages, view.services.page_images.absence(version))


@router.get(
    "/{document_id}/pages/{page}/image",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def image(
    document_id: str,
    page: Annotated[int, Path(ge=1)],
    view: Reading,
    request: Request,
    *,
    number: Number = None,
    width: Annotated[int, Query(ge=NARROWEST, le=WIDEST, description="Pixels, about.")] = 1_000,
) -> Response:
    """The picture of a page, as large as `pages` says at another scale: boxes in points fit it.

    404 says why there is none: most often that the file is gone, or has changed since it was read.
    """
    drawing: Drawing = request.app.state.drawing
    async with drawing.turn():
        if await request.is_disconnected():  # a reader who scrolls on leaves pages unseen
            return Response(status_code=_CLIENT_LEFT)
        version, drawn = await run_in_threadpool(_drawn, view, document_id, number, page, width)
    # Asked for again each time: what was deleted must not be shown from what a browser keeps.
    headers = {
        "Cache-Control": "private, no-cache",
        "ETag": f'"{version.content_hash}-{page}-{width}"',
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(drawn.content, media_type=MEDIA_TYPE, headers=headers)


def _drawn(
    view: View, document: str, number: int | None, page: int, width: int
) -> tuple[VersionRecord, PageImage]:
    version = view.version_of(document, number=number)
    return version, view.services.page_images.image(version, page, width)

"""``/v1/documents``: what has been ingested."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.status import HTTP_204_NO_CONTENT

from ingest.outline.outline import outline as outline_of
from service.http.access import Reading, Writing
from service.http.listings import DocumentList, DocumentShape, DocumentText, VersionList, VersionShape
from service.http.outlines import DocumentOutline
from service.http.requests import LARGEST_NUMBER
from service.http.turns import TAKES_LONG

router = APIRouter(prefix="/documents", tags=["documents"])


@router.get("")
def documents(
    view: Reading,
    collection: Annotated[str, Query(min_length=1, max_length=200)] = "default",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> DocumentList:
    """The documents of a collection, by path."""
    found = view.collection(collection)
    page = view.services.catalog.documents(view.tenant, found.name, limit=limit, after=after)
    return DocumentList(documents=[DocumentShape.of(record) for record in page.documents], next=page.next)


@router.get("/{document_id}")
def document(document_id: str, view: Reading) -> DocumentShape:
    """One document."""
    return DocumentShape.of(view.document(document_id))


@router.get("/{document_id}/versions")
def versions(document_id: str, view: Reading) -> VersionList:
    """All its versions whose text is still there: an old citation names one of them by its number."""
    found = view.services.catalog.versions_of(view.tenant, view.document(document_id).id)
    return VersionList(versions=[VersionShape.of_version(version) for version in found])


@router.get("/{document_id}/text")
def text(
    document_id: str,
    view: Reading,
    *,
    version: Annotated[
        int | None,
        Query(ge=1, le=LARGEST_NUMBER, description="First, second, …; without it the current one."),
    ] = None,
    number: Annotated[
        int | None, Query(ge=1, le=LARGEST_NUMBER, description="Instead: the 7 of `[D7:31]`.")
    ] = None,
    start: Annotated[int, Query(ge=0, description="First code point of the part that is wanted.")] = 0,
    end: Annotated[
        int | None, Query(ge=0, description="After the last one; without it, up to the end.")
    ] = None,
) -> DocumentText:
    """The canonical text of a version, or a part of it: offsets everywhere are code points of the whole."""
    found = view.version_of(document_id, ordinal=version, number=number)
    whole = view.services.catalog.text(view.tenant, found.collection, found.number)
    return DocumentText.of(found, whole, start, end)


@router.get("/{document_id}/outline", dependencies=[TAKES_LONG])
def outline(document_id: str, view: Reading) -> DocumentOutline:
    """Sections, definitions, references, attached parts and amendments, with their places in the text."""
    found = view.document(document_id).version
    content = view.services.catalog.content(view.tenant, found.collection, found.number)
    return DocumentOutline.of(found, outline_of(content.document))


@router.delete("", status_code=HTTP_204_NO_CONTENT)
def delete_unread(
    view: Writing,
    path: Annotated[str, Query(min_length=1, max_length=4_000, description="As the collection names it.")],
    collection: Annotated[str, Query(min_length=1, max_length=200)] = "default",
) -> Response:
    """Forget a file that could not be read, with the file itself where it was sent."""
    view.require(collection)
    view.services.delete_failure(view.tenant, collection, path)
    return Response(status_code=HTTP_204_NO_CONTENT)


@router.delete("/{document_id}", status_code=HTTP_204_NO_CONTENT)
def delete(document_id: str, view: Writing) -> Response:
    """Forget a document: its text, its index, the conversations that have shown it."""
    view.services.delete_document(view.tenant, view.document(document_id).id)
    return Response(status_code=HTTP_204_NO_CONTENT)

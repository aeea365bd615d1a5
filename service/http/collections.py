"""``/v1/collections``: sets of documents that are searched together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from starlette.status import HTTP_204_NO_CONTENT

from service.http.access import TENANT, Wired
from service.http.listings import CollectionList, CollectionShape, FailureShape

if TYPE_CHECKING:
    from ingest.catalog.records import CollectionRecord

router = APIRouter(prefix="/collections", tags=["collections"])


@router.get("")
def collections(services: Wired) -> CollectionList:
    """All collections, by name."""
    found = services.catalog.collections(TENANT)
    return CollectionList(collections=[_shape(services, record) for record in found])


@router.get("/{name:path}")
def collection(name: str, services: Wired) -> CollectionShape:
    """One collection, with the files that could not be read."""
    return _shape(services, services.library.collection(TENANT, name))


@router.delete("/{name:path}", status_code=HTTP_204_NO_CONTENT)
def delete(name: str, services: Wired) -> Response:
    """Forget a collection and all it holds."""
    services.delete_collection(TENANT, name)
    return Response(status_code=HTTP_204_NO_CONTENT)


def _shape(services: Wired, record: CollectionRecord) -> CollectionShape:
    failures = [FailureShape.model_validate(f) for f in services.catalog.failures(record).values()]
    return CollectionShape.of(record, len(services.catalog.manifest(record)), failures)

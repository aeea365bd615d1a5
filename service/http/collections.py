"""``/v1/collections``: sets of documents that are searched together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from starlette.status import HTTP_204_NO_CONTENT

from service.http.access import TENANT, Wired
from service.http.egress_shapes import EgressRequest
from service.http.listings import CollectionList, CollectionShape, FailureShape
from service.http.warm_shapes import PinnedRequest, WarmRequest, WarmResponse

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


@router.put("/{name:path}/pinned")
def pin(name: str, body: PinnedRequest, services: Wired) -> CollectionShape:
    """Have every prompt of the collection begin with these documents, whole, and with no others."""
    record = services.library.collection(TENANT, name)
    services.library.numbers(record, body.documents)
    services.catalog.set_pinned(record, body.documents)
    return _shape(services, record)


@router.put("/{name:path}/egress")
def set_egress(name: str, body: EgressRequest, services: Wired) -> CollectionShape:
    """Say who may be shown the collection's text and questions to it; the next sending obeys.

    Where the model's provider may not, questions are answered by extracts, and what needs a model is 403.
    """
    return _shape(services, services.catalog.set_egress(TENANT, name, body.egress))


@router.post("/{name:path}/warm")
async def warm(name: str, body: WarmRequest, services: Wired) -> WarmResponse:
    """Send what prompts begin with once, so that the provider's cache holds it for the next questions."""
    query = body.to_query(TENANT, name)
    warming = await asyncio.to_thread(services.warmer.plan, query, body.max_usd)
    return WarmResponse.of(warming, None if body.estimate_only else await services.warmer.warm(warming))


@router.delete("/{name:path}", status_code=HTTP_204_NO_CONTENT)
def delete(name: str, services: Wired) -> Response:
    """Forget a collection and all it holds."""
    services.delete_collection(TENANT, name)
    return Response(status_code=HTTP_204_NO_CONTENT)


def _shape(services: Wired, record: CollectionRecord) -> CollectionShape:
    failures = [FailureShape.model_validate(f) for f in services.catalog.failures(record).values()]
    documents, pinned = len(services.catalog.manifest(record)), services.catalog.pinned(record)
    egress = services.egress.policy(record)
    return CollectionShape.of(record, documents, failures, pinned, egress=egress)

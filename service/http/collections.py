"""``/v1/collections``: sets of documents that are searched together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.status import HTTP_204_NO_CONTENT

from service.http.access import Administering, Reading, Writing
from service.http.egress_shapes import EgressRequest
from service.http.leaving import unless_left
from service.http.listings import CollectionList, CollectionShape, FailureShape
from service.http.warm_shapes import PinnedRequest, WarmRequest, WarmResponse

if TYPE_CHECKING:
    from ingest.catalog.records import CollectionRecord
    from service.services import Services
    from service.warming import Warmed, Warming

router = APIRouter(prefix="/collections", tags=["collections"])


@router.get("")
def collections(view: Reading) -> CollectionList:
    """All collections, by name."""
    return CollectionList(collections=[_shape(view.services, record) for record in view.collections()])


@router.get("/{name:path}")
def collection(name: str, view: Reading) -> CollectionShape:
    """One collection, with the files that could not be read."""
    return _shape(view.services, view.collection(name))


@router.put("/{name:path}/pinned")
def pin(name: str, body: PinnedRequest, view: Writing) -> CollectionShape:
    """Have every prompt of the collection begin with these documents, whole, and with no others."""
    record, services = view.collection(name), view.services
    services.library.numbers(record, body.documents)
    services.catalog.set_pinned(record, body.documents)
    return _shape(services, record)


@router.put("/{name:path}/egress")
def set_egress(name: str, body: EgressRequest, view: Administering) -> CollectionShape:
    """Say who may be shown the collection's text and questions to it; the next sending obeys.

    Where the model's provider may not, questions are answered by extracts, and what needs a model is 403.
    """
    view.require(name)
    return _shape(view.services, view.services.catalog.set_egress(view.tenant, name, body.egress))


@router.post("/{name:path}/warm", response_model=WarmResponse)
async def warm(name: str, body: WarmRequest, view: Writing, http: Request) -> WarmResponse | Response:
    """Send what prompts begin with once, so that the provider's cache holds it for the next questions."""
    query = await asyncio.to_thread(view.admit, body.to_query(view.tenant, name))
    services = view.services
    warming = await asyncio.to_thread(services.warmer.plan, query, body.max_usd)
    if body.estimate_only:
        return WarmResponse.of(warming, None)
    services.ending.require_going_on()
    warmed = await unless_left(http, _warm(services, warming))
    return warmed if isinstance(warmed, Response) else WarmResponse.of(warming, warmed)


@router.delete("/{name:path}", status_code=HTTP_204_NO_CONTENT)
def delete(name: str, view: Administering) -> Response:
    """Forget a collection and all it holds."""
    view.require(name)
    view.services.delete_collection(view.tenant, name)
    return Response(status_code=HTTP_204_NO_CONTENT)


async def _warm(services: Services, warming: Warming) -> Warmed:
    with services.ending.answering():
        return await services.warmer.warm(warming)


def _shape(services: Services, record: CollectionRecord) -> CollectionShape:
    failures = [FailureShape.model_validate(f) for f in services.catalog.failures(record).values()]
    documents, pinned = len(services.catalog.manifest(record)), services.catalog.pinned(record)
    egress = services.egress.policy(record)
    return CollectionShape.of(record, documents, failures, pinned, egress=egress)

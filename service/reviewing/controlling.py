"""What people do with reviews: begin one, go on with it, stop it, forget it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import PermanentError, UnknownName
from service.jobs.controlling import WrongState
from service.reviewing.cells import decode_order, encode_order
from service.reviewing.estimating import estimate, require_within
from service.reviewing.prompting import cell_query
from service.reviewing.running import make_planner, missing_cells, require_model, settle, warming_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, KnownFile, VersionRecord
    from ingest.catalog.review_records import CellRecord, ReviewRecord, ReviewState
    from service.reviewing.cells import ReviewOrder
    from service.reviewing.estimating import DocumentLoad, Estimate
    from service.services import Services


class NoDocuments(PermanentError):
    """There is nothing to review."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A review that waits to be run, and what its missing cells should cost."""

    review: ReviewRecord
    expected: Estimate
    goes_on: bool
    """Whether it is an earlier one that is gone on with."""


def begin(
    services: Services,
    tenant: str,
    collection: str,
    order: ReviewOrder,
    *,
    name: str = "",
    key: str = "",
    retry_failed: bool = False,
    unattended: bool,
) -> Begun:
    """Begin a review, or go on with the one of this name that asks the same questions.

    What it takes from now on is paid for by the access key of the label ``key``.

    Raises:
        UnknownName, Gone: the collection or a document is not there.
        NoModel, NoDocuments: there is nobody to ask, or nothing to ask about.
        TooExpensive: it should cost more than the order allows.
        EgressRefused: no model may be shown the collection.
        WrongState: it is running already.
        PromptTooLongError: the answer alone would fill the model's context.
    """
    generation = require_model(services)
    settle(services.catalog)
    found = services.library.collection(tenant, collection)
    generation.require_egress(tenant, collection)
    known = _known(services.catalog, tenant, collection, order, name)
    if known is not None and unattended and known.unattended and known.state in {"queued", "running"}:
        missing = _missing_price(services, found, order, services.catalog.reviewed_versions(known), known)
        return Begun(known, missing, goes_on=True)  # asked for twice: it is on its way
    if known is not None:
        return _go_on(services, known, order, key=key, retry_failed=retry_failed, unattended=unattended)
    versions = _versions(services, found, order)
    expected = _estimate(services, found, order, versions, ())
    require_within(expected, order.max_usd)
    review = services.catalog.add_review(
        tenant,
        collection,
        name=name,
        key=key,
        request=encode_order(order),
        chosen=[version.document for version in versions],
        unattended=unattended,
    )
    return Begun(review, expected, goes_on=False)


def estimate_cost(services: Services, tenant: str, collection: str, order: ReviewOrder) -> Estimate:
    """What a new review should cost; nothing is begun, and ``max_usd`` of the order is not looked at.

    Raises:
        UnknownName, Gone, NoModel, NoDocuments, EgressRefused, PromptTooLongError: as `begin`.
    """
    generation = require_model(services)
    found = services.library.collection(tenant, collection)
    generation.require_egress(tenant, collection)
    return _estimate(services, found, order, _versions(services, found, order), ())


def resume(
    services: Services,
    tenant: str,
    identity: str,
    *,
    key: str = "",
    max_usd: float | None = None,
    retry_failed: bool = False,
    unattended: bool,
) -> Begun:
    """Go on with a review: cells that are missing, of changed documents and, if asked, failed ones.

    They are paid for by the access key of the label ``key``, whoever began the review.

    Raises:
        UnknownName: there is no such review.
        NoModel, TooExpensive, EgressRefused, WrongState: as `begin`.
    """
    generation = require_model(services)
    settle(services.catalog)
    review = services.catalog.review(tenant, identity)
    generation.require_egress(tenant, review.collection)
    order = decode_order(review.request)
    return _go_on(
        services, review, order, key=key, retry_failed=retry_failed, unattended=unattended, max_usd=max_usd
    )


def stop(catalog: Catalog, tenant: str, identity: str) -> ReviewRecord | None:
    """Cancel a review that waits or runs; forget one that does neither, with its cells.

    Returns:
        The review, cancelled or about to be; None where it was forgotten.

    Raises:
        UnknownName: there is no such review.
    """
    settle(catalog)
    review = catalog.review(tenant, identity)
    if not _asked_to_stop(catalog, review):
        catalog.delete_review(review)
        return None
    return catalog.review(tenant, identity)


def cancel(catalog: Catalog, tenant: str, identity: str) -> ReviewRecord:
    """Cancel a review that waits or runs: what is answered stays, and so does one that has just ended.

    Raises:
        UnknownName: there is no such review.
    """
    settle(catalog)
    _asked_to_stop(catalog, catalog.review(tenant, identity))
    return catalog.review(tenant, identity)


def choose_documents(catalog: Catalog, collection: CollectionRecord, named: Sequence[str]) -> tuple[str, ...]:
    """Ids of the documents that are named: by id, path, pattern, folder, or where their files lie.

    Raises:
        UnknownName: a name stands for no document of the collection.
    """
    ready = [file for file in catalog.known_files(collection).values() if file.state == "ready"]
    chosen: list[str] = []
    for name in named:
        found = [file.document for file in ready if _is_named(file, name)]
        if not found:
            raise UnknownName("document", name)
        chosen += found
    return tuple(dict.fromkeys(chosen))


def _known(
    catalog: Catalog, tenant: str, collection: str, order: ReviewOrder, name: str
) -> ReviewRecord | None:
    """The latest review of this name whose cells are those of the order."""
    named = catalog.reviews(tenant, collections=[collection], name=name) if name else ()
    return next((known for known in named if _asks_alike(decode_order(known.request), order)), None)


def _asked_to_stop(catalog: Catalog, review: ReviewRecord) -> bool:
    """Whether it waited or ran."""
    if review.state == "running" and catalog.ask_to_stop_review(review):
        return True
    return review.state == "queued" and catalog.move_review(review, "cancelled", unattended=False)


def _go_on(
    services: Services,
    review: ReviewRecord,
    order: ReviewOrder,
    *,
    key: str,
    retry_failed: bool,
    unattended: bool,
    max_usd: float | None = None,
) -> Begun:
    catalog = services.catalog
    if review.state == "running" or (review.state == "queued" and unattended):
        raise WrongState(f"review {review.id} is {review.state} already")
    collection = services.library.collection(review.tenant, review.collection)
    versions = _kept(services, collection, order)
    expected = _missing_price(services, collection, order, versions, review, retry_failed=retry_failed)
    require_within(expected, order.max_usd if max_usd is None else max_usd)
    catalog.set_reviewed(review, encode_order(order), [version.document for version in versions])
    if retry_failed:
        catalog.forget_failed_cells(review)
    state: ReviewState = "queued" if unattended else "interrupted"
    if not catalog.move_review(review, state, unattended=unattended, key=key):
        raise WrongState(f"review {review.id} was begun by another process")
    return Begun(catalog.review(review.tenant, review.id), expected, goes_on=True)


def _missing_price(
    services: Services,
    collection: CollectionRecord,
    order: ReviewOrder,
    versions: Iterable[VersionRecord],
    review: ReviewRecord,
    *,
    retry_failed: bool = False,
) -> Estimate:
    """What the cells should cost that a review does not have yet."""
    cells = services.catalog.review_cells(review, results=False)
    if retry_failed:
        cells = tuple(cell for cell in cells if cell.state != "failed")
    return _estimate(services, collection, order, versions, cells)


def _kept(services: Services, collection: CollectionRecord, order: ReviewOrder) -> list[VersionRecord]:
    """The versions of a review that is gone on with; deleted documents are no part of it any more."""
    if order.documents is None:
        return _versions(services, collection, order)
    wanted = set(order.documents)
    return [v for v in services.catalog.ready_versions(collection) if v.document in wanted]


def _versions(services: Services, collection: CollectionRecord, order: ReviewOrder) -> list[VersionRecord]:
    """The current versions that the order names."""
    ready = services.catalog.ready_versions(collection)
    if order.documents is not None:
        chosen = set(services.library.numbers(collection, order.documents))
        ready = tuple(version for version in ready if version.number in chosen)
    if not ready:
        raise NoDocuments(f"collection {collection.name!r} holds no documents")
    return list(ready)


def _estimate(
    services: Services,
    collection: CollectionRecord,
    order: ReviewOrder,
    versions: Iterable[VersionRecord],
    cells: Iterable[CellRecord],
) -> Estimate:
    generation = require_model(services)
    missing = missing_cells(versions, cells, len(order.questions))
    loads = _loads(services, collection, order, missing)
    name = generation.name(cell_query(collection, "", order.model))
    return estimate(loads, generation.price(name), warming=warming_of(generation))


def _loads(
    services: Services,
    collection: CollectionRecord,
    order: ReviewOrder,
    missing: Iterable[tuple[VersionRecord, list[int]]],
) -> Iterator[DocumentLoad]:
    planner = make_planner(services)
    longest = max((question.text for question in order.questions), key=len)
    query = cell_query(collection, longest, order.model)
    for version, places in missing:
        reading = planner.reading(version, query)
        yield planner.load(reading, [order.questions[place] for place in places], query)


def _asks_alike(one: ReviewOrder, other: ReviewOrder) -> bool:
    """Whether a cell of the one is a cell of the other."""
    return one.questions == other.questions and one.model == other.model


def _is_named(file: KnownFile, name: str) -> bool:
    folder = name.rstrip("/") + "/"
    if name in {file.document, file.path} or file.path.startswith(folder) or fnmatchcase(file.path, name):
        return True
    place = Path(name).expanduser().absolute()
    location = Path(file.location) if file.location else None
    return location is not None and (location == place or place in location.parents)

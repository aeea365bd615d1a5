"""Running a review: every cell that is not there yet, with signs of life, to its end or an interruption."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from ingest.errors import LecternError, PermanentError, UnknownName
from prompts.plan_request import PromptTooLongError
from service.access.keys import KeyEnded, require_live
from service.jobs.owner import has_died
from service.reviewing.asking import CellKeeper, DocumentDesk
from service.reviewing.cells import decode_order
from service.reviewing.prompting import CellPlanner
from service.reviewing.scheduling import Limits, ask_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import VersionRecord
    from ingest.catalog.review_records import CellRecord, ReviewRecord, ReviewState
    from service.generation import Generation
    from service.services import Services

_LOOK_SECONDS = 1.0
_OUR_SIDE = "an error on our side; the log has it"
_log = logging.getLogger(__name__)


class NoModel(PermanentError):
    """No language model is configured, and what was asked for needs one."""

    def __init__(self, what: str = "a review") -> None:
        super().__init__(f"{what} needs a language model: set LECTERN_LLM_API_KEY or LECTERN_LLM_BASE_URL")


def require_model(services: Services) -> Generation:
    """The model that fills the cells; raises `NoModel`."""
    if services.generation is None:
        raise NoModel
    return services.generation


def make_planner(services: Services) -> CellPlanner:
    """Plans cells by the settings; raises `NoModel`."""
    return CellPlanner(
        services.library,
        services.searcher,
        require_model(services),
        longest=services.settings.review_whole_tokens,
    )


def missing_cells(
    versions: Iterable[VersionRecord], cells: Iterable[CellRecord], questions: int
) -> list[tuple[VersionRecord, list[int]]]:
    """Documents by path, each with the places of the questions that its current version has no cell for."""
    there = {(cell.document, cell.number, cell.question) for cell in cells}
    wanted = [
        (version, [q for q in range(questions) if (version.document, version.number, q) not in there])
        for version in sorted(versions, key=lambda version: version.path)
    ]
    return [(version, places) for version, places in wanted if places]


def settle(catalog: Catalog) -> None:
    """Tell reviews whose process has died from those that go on: a server's own wait for one again."""
    running = catalog.reviews(states=("running",))
    now = catalog.moment() if running else None
    for review in running:
        if has_died(review.owner, review.heartbeat, now):
            catalog.release_review(review, _left(review))


def put_back(catalog: Catalog, claimed: ReviewRecord) -> None:
    """Let go of a review that this process began and runs no more, unless its end was recorded."""
    with suppress(UnknownName):  # deleted
        review = catalog.review(claimed.tenant, claimed.id)
        catalog.release_review(claimed, "cancelled" if review.cancelling else _left(claimed))


async def run_review(
    services: Services, review: ReviewRecord, *, on_cell: Callable[[CellRecord], None] = lambda _: None
) -> None:
    """Run a review that this process has claimed, until all its cells are there.

    What is finished is kept at once, so that whatever ends the process costs only the cells under way. Where
    this task is cancelled, the review waits to be gone on with. Once the key that pays for it is revoked or
    has expired, it fails with that reason, and another key can go on with it.
    """
    work = asyncio.create_task(_ask_missing(services, review, on_cell))
    watch = asyncio.create_task(_watch(services.catalog, review, work))
    ended: tuple[ReviewState, str] = (_left(review), "")
    try:
        await asyncio.wait([work])
        ended = _ended(work)
        if work.cancelled() and watch.done() and (unpaid := watch.result()) is not None:
            ended = "failed", str(unpaid)
    finally:
        work.cancel()
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work, watch])
        services.catalog.release_review(review, *ended)


async def _ask_missing(
    services: Services, review: ReviewRecord, on_cell: Callable[[CellRecord], None]
) -> None:
    order, settings = decode_order(review.request), services.settings
    generation, catalog = require_model(services), services.catalog
    await asyncio.to_thread(require_live, catalog, review.key)
    keeper = CellKeeper(
        catalog,
        services.library,
        make_planner(services),
        generation,
        review=review,
        order=order,
        collection=services.library.collection(review.tenant, review.collection),
        on_cell=on_cell,
    )
    versions = await asyncio.to_thread(catalog.reviewed_versions, review)
    cells = await asyncio.to_thread(catalog.review_cells, review, results=False)
    desks = [
        DocumentDesk(keeper, version, places)
        for version, places in missing_cells(versions, cells, len(order.questions))
    ]
    limits = Limits(
        settings.review_documents_at_once, settings.review_questions_at_once, warming_of(generation)
    )
    await ask_all(desks, limits)


def warming_of(generation: Generation) -> int:
    """Cells of a document that read it at full price."""
    return 2 if generation.provider.cache.second_sight else 1


async def _watch(catalog: Catalog, review: ReviewRecord, work: asyncio.Task[None]) -> KeyEnded | None:
    """Show that the process lives, and stop the work when somebody asks for it, or has taken it over.

    Returns:
        Why nobody pays for it any more, where it was stopped for that.
    """
    while True:
        try:
            standing = await asyncio.to_thread(catalog.review_standing, review)
            await asyncio.to_thread(require_live, catalog, review.key)
        except KeyEnded as error:
            work.cancel()
            return error
        except LecternError as error:
            _log.warning("review %s: %s", review.id, error)
        else:
            if not standing.owned or standing.cancelling:
                work.cancel()
                return None
        await asyncio.sleep(_LOOK_SECONDS)


def _ended(work: asyncio.Task[None]) -> tuple[ReviewState, str]:
    """State and reason of work that is over."""
    if work.cancelled():
        return "cancelled", ""
    error = work.exception()
    if error is None:
        return "done", ""
    reasons = list(_leaves(error))
    expected = [str(one) for one in reasons if isinstance(one, (LecternError, PromptTooLongError))]
    if len(expected) < len(reasons):
        _log.error("a review failed", exc_info=error)
    return "failed", expected[0] if expected else _OUR_SIDE


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        several = cast("BaseExceptionGroup[BaseException]", error)
        for one in several.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _left(review: ReviewRecord) -> ReviewState:
    """The state of a review whose process ends before it does."""
    return "queued" if review.unattended else "interrupted"

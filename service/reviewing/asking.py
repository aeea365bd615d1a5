"""Asking the cells of one document, and keeping each as soon as it is there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.catalog.review_records import CellRecord, Spent
from ingest.errors import CatalogUnavailable, Gone, LecternError, UnknownName
from prompts.plan_request import PromptTooLongError
from prompts.pricing import size
from service.access.budgets import BudgetUsedUp
from service.accounting import count_cost, count_usage
from service.models.contract import complete
from service.models.errors import KeyRejected, ModelError, QuotaExhausted
from service.recording import Origin
from service.reviewing.cells import Cell, encode_cell
from service.reviewing.judging import judge
from service.reviewing.prompting import cell_query

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.catalog.review_records import ReviewRecord
    from prompts.plan import PromptPlan
    from service.answers import Cost, PlanSummary, Query, Usage
    from service.generation import Generation
    from service.library import Library
    from service.models.contract import Completion
    from service.recording import Recording
    from service.reviewing.cells import ReviewOrder
    from service.reviewing.prompting import CellPlanner, Reading

UNFUNDED = (KeyRejected, QuotaExhausted, BudgetUsedUp)
"""What ends a whole review: every other cell would fail alike."""


class CellKeeper:
    """All that the cells of one review need to be asked and kept."""

    def __init__(
        self,
        catalog: Catalog,
        library: Library,
        planner: CellPlanner,
        generation: Generation,
        *,
        review: ReviewRecord,
        order: ReviewOrder,
        collection: CollectionRecord,
        on_cell: Callable[[CellRecord], None],
    ) -> None:
        self.order = order
        self._catalog = catalog
        self._library = library
        self._planner = planner
        self._generation = generation
        self._review = review
        self._collection = collection
        self._on_cell = on_cell

    async def read(self, version: VersionRecord) -> Reading:
        """How the version is to be read; raises as `CellPlanner.reading`."""
        longest = max((question.text for question in self.order.questions), key=len)
        return await asyncio.to_thread(self._planner.reading, version, self.query(longest))

    def query(self, question: str) -> Query:
        """A question of the review as the model's settings are asked about it."""
        return cell_query(self._collection, question, self.order.model, self._review.key)

    async def ask(self, reading: Reading, place: int) -> bool:
        """Ask one cell and keep it; whether the model has read the prompt.

        Raises:
            ModelError: one of ``UNFUNDED``.
            CatalogUnavailable: the cell cannot be kept.
        """
        try:
            cell, spent = await self._answer(reading, place)
        except (Gone, UnknownName):  # the document was deleted meanwhile, and its cells with it
            return False
        except (*UNFUNDED, CatalogUnavailable):
            raise
        except (LecternError, PromptTooLongError) as error:
            cell, spent = Cell("failed", reason=str(error)), Spent(calls=int(isinstance(error, ModelError)))
        record = CellRecord(
            reading.version.document,
            place,
            reading.version.number,
            cell.state,
            encode_cell(cell),
        )
        if await asyncio.to_thread(self._catalog.save_cell, self._review, record, spent):
            self._on_cell(record)
        return cell.state != "failed" or bool(cell.model)

    async def _answer(self, reading: Reading, place: int) -> tuple[Cell, Spent]:
        question, generation = self.order.questions[place], self._generation
        query = self.query(question.text)
        plan = await asyncio.to_thread(self._planner.plan, self._collection, reading, question, query)
        # The same for all cells of a version: a router then keeps them on the machine that holds the prefix.
        session = f"{reading.version.document}-{reading.version.ordinal}"
        request = generation.request(query, plan.messages, session)
        async with generation.prefixes.flight(query, plan.messages, "batch") as flight:
            foretold = generation.summarise(query, plan)
            async with self._recording(query, foretold) as call:
                asked = call.asking(flight.asking(request))
                reply = await complete(generation.model, asked, call.heard)
                usage = count_usage(reply.usage, foretold.tokens, foretold.cached_tokens)
                cost = count_cost(usage, generation.charged(generation.name(query), reply.diverted), {})
                call.counted(usage, cost)
            if reply.diverted is None:
                generation.prefixes.read(query, plan.messages)
        if reply.diverted is None:
            generation.prefixes.learn(query, plan.messages, flight.known, reply.usage, size(plan.blocks))
        cell = await asyncio.to_thread(self._judged, reading, place, plan, reply)
        return _priced(cell, reply.model, usage, cost), _spent(usage, cost)

    def _recording(self, query: Query, foretold: PlanSummary) -> Recording:
        return self._generation.recording(
            Origin(query.tenant, query.collection, answer=self._review.id, key=query.key),
            "review",
            model=self._generation.name(query),
            planned=foretold.tokens,
            longest=self._generation.longest(query),
            predicted=foretold.cached_tokens,
        )

    def _judged(self, reading: Reading, place: int, plan: PromptPlan, reply: Completion) -> Cell:
        return judge(
            self._library,
            reading.version,
            self.order.questions[place],
            reply.text,
            plan.passages,
            read="whole" if reading.is_whole else "passages",
            whole=reply.reason == "stop",
        )


class DocumentDesk:
    """The cells of one document as `scheduling.ask_all` asks them."""

    def __init__(self, keeper: CellKeeper, version: VersionRecord, places: Sequence[int]) -> None:
        self.places = places
        self._keeper = keeper
        self._version = version
        self._reading: Reading | None = None

    async def open(self) -> bool:
        """Whether the whole document opens every prompt; what was deleted has no cells to ask any more."""
        try:
            self._reading = await self._keeper.read(self._version)
        except (Gone, UnknownName):
            return False
        return self._reading.is_whole

    async def ask(self, place: int) -> bool:
        """As `CellKeeper.ask`."""
        return self._reading is not None and await self._keeper.ask(self._reading, place)


def _priced(cell: Cell, model: str, usage: Usage, cost: Cost) -> Cell:
    return replace(
        cell,
        model=model,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        usd=cost.usd,
    )


def _spent(usage: Usage, cost: Cost) -> Spent:
    return Spent(
        calls=1,
        unpriced=int(cost.usd is None),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        usd=cost.usd or 0.0,
        saved_usd=cost.saved_usd or 0.0,
    )

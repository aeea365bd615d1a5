"""search → plan: all that is found and decided before a model is called."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from ingest.errors import Gone
from prompts.plan_request import PromptTooLongError
from service.answers import PlanSummary
from service.cancelling import current_cancellation
from service.candidates import find_candidates
from service.context import find_context
from service.map_planning import Considered
from service.planning import QuestionPlanner
from service.prepared import Prepared, origin_of
from service.rewriting import Wanted
from service.roles import ModelRoles
from service.searching import PASSAGE_HITS, SEARCHED_AGAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.mapping import MapPlan
    from prompts.model import PromptPassage
    from prompts.plan import Mode, PromptPlan
    from prompts.plan_request import PlanRequest
    from service.agent_choice import AgentChooser
    from service.answers import Query, SideCall
    from service.generation import Generation
    from service.library import Library
    from service.map_planning import MapPlanner
    from service.recording import Origin
    from service.rewriting import Rewriter
    from service.searching import Found, Searcher
    from service.sessions import Session, Sessions

PLANNED_AT_ONCE = 2
"""Questions that are planned at a time, however many are searched for. Planning computes, and all threads
compute under one lock: more at a time would end none sooner and the others later, and answers that are being
written would have to share that lock with all of them."""
_ID_BYTES = 9
_WITHDRAWN = "None any more; those given before do not apply."
"""What a prompt says that goes on without the instructions that it began with."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query that has been understood, before anything is searched for it."""

    id: str
    query: Query
    collection: CollectionRecord
    session: Session
    wanted: Wanted
    started: float


@dataclass(frozen=True, slots=True)
class _Planned:
    """A query whose mode is settled, with its plans."""

    query: Query
    plans: dict[Mode, PromptPlan]
    agent_usd: float | None = None


class Preparer:
    """Searches and plans."""

    def __init__(
        self,
        library: Library,
        searcher: Searcher,
        sessions: Sessions,
        generation: Generation | None,
        rewriter: Rewriter | None = None,
        *,
        mapper: MapPlanner | None = None,
        chooser: AgentChooser | None = None,
    ) -> None:
        """Without a ``mapper`` or a ``chooser``, no map and no agent is thought of unasked."""
        self._library = library
        self._searcher = searcher
        self._sessions = sessions
        self._generation = generation
        self._rewriter = rewriter
        self._mapper = mapper
        self._chooser = chooser
        self._planning = BoundedSemaphore(PLANNED_AT_ONCE)
        self._roles = ModelRoles(library, generation) if generation else None
        self._planner = QuestionPlanner(library, sessions, generation) if generation else None

    def prepare(self, query: Query) -> Prepared:
        """Find the evidence and decide what the model reads.

        Raises:
            UnknownName, Gone: the collection, a document that is named or the session is not there.
            Gone: documents were deleted under each of several searches.
            PromptTooLongError: what was asked for does not fit the model's context.
            IndexUnavailable: the index does not answer.
        """
        asked = self._asked(query)
        spent: list[SideCall] = []
        for _ in range(SEARCHED_AGAIN):
            try:
                return self._searched(asked, spent)
            except Gone:  # unless it was named, something else may answer in its place
                asked = self._still_asked(asked)
        return self._searched(asked, spent)

    def _asked(self, query: Query) -> _Asked:
        started = time.perf_counter()
        collection = self._library.collection(query.tenant, query.collection)
        session = self._session(collection, query)
        query = replace(query, instructions=_instructions(query, session))
        if self._roles is not None:
            query = self._roles.settle(query, collection, session)
        identity = f"ans_{secrets.token_urlsafe(_ID_BYTES)}"
        self._chosen(collection, query)
        wanted = self._wanted(query, session, origin_of(query, session, identity))
        return _Asked(identity, query, collection, session, wanted, started)

    def _still_asked(self, asked: _Asked) -> _Asked:
        """The query after something was deleted; of a client's history the conversation that is left of it.

        Raises:
            Gone: what was deleted is a document that the caller has named, or named the conversation of.
        """
        query, collection = asked.query, asked.collection
        self._chosen(collection, query)
        if query.session is not None:
            self._sessions.history(collection, asked.session)
        elif query.history:
            return replace(asked, session=self._session(collection, query))
        return asked

    def _searched(self, asked: _Asked, spent: list[SideCall]) -> Prepared:
        """Search and plan; ``spent`` takes what reordering took, whatever comes of it."""
        query, collection, session, wanted = asked.query, asked.collection, asked.session, asked.wanted
        origin = origin_of(query, session, asked.id)
        chosen = self._chosen(collection, query)
        found = self._searcher.find(
            collection,
            wanted.question,
            history=wanted.history,
            documents=chosen,
            limit=query.top_k or PASSAGE_HITS,
            origin=origin,
            reorder=query.mode != "agent",  # it only tells what retrieving would have cost
        )
        spent += found.calls
        passages = self._searcher.passages(found.evidence)
        confidence = self._confidence(collection, wanted, chosen)
        searched = time.perf_counter()
        calibrated = self._calibrated(query, passages)
        with self._planning:
            current_cancellation().require()
            context = find_context(self._library, collection, found.evidence, passages, documents=chosen)
            considered = Considered(query, chosen)
            if self._mapper is not None:
                considered = self._mapper.consider(
                    query, wanted, collection, session, chosen=chosen, evidence=found.evidence
                )
            query, allowed, chosen = considered.query, chosen, considered.documents
            warnings = (*considered.warnings, *calibrated)
            settled = _Planned(query, {})
            if self._planner is not None:
                candidates = find_candidates(self._library, found.evidence, passages)
                request = self._planner.request(
                    query, collection, session, chosen, candidates, context=context, allowed=allowed
                )
                settled = self._planned(self._planner, query, wanted, collection, chosen, request=request)
        query, plans = settled.query, settled.plans
        if considered.whole is not None:
            plans = _first("map", considered.whole, plans)
        mapped = considered.plan if query.mode == "map" else None
        summary = _told(
            self._summary(query, plans, mapped), wanted, replace(found, calls=tuple(spent)), warnings
        )
        planned = time.perf_counter()
        return Prepared(
            id=asked.id,
            query=query,
            collection=collection,
            session=session,
            found=found.evidence,
            passages=passages,
            context=context,
            plans=plans,
            summary=summary,
            started=asked.started,
            timings_ms={
                **_timings(wanted, found, 1_000 * (searched - asked.started)),
                "plan": 1_000 * (planned - searched),
            },
            mapped=mapped,
            map_usd=considered.usd,
            agent_usd=settled.agent_usd,
            confidence=confidence,
        )

    def _planned(
        self,
        planner: QuestionPlanner,
        query: Query,
        wanted: Wanted,
        collection: CollectionRecord,
        chosen: Sequence[int] | None,
        *,
        request: PlanRequest,
    ) -> _Planned:
        """The plans of the mode that was asked for or, where one is thought of and worth it, of an agent."""
        plans = planner.plans(query, request)
        if query.mode == "agent":
            return _Planned(query, _first("agent", planner.agent(query, request, collection, chosen), plans))
        if self._chooser is None or not self._chooser.is_due(query, wanted):
            return _Planned(query, plans)
        try:
            first = planner.agent(query, request, collection, chosen)
        except PromptTooLongError:  # nobody asked for it
            return _Planned(query, plans)
        option = self._chooser.consider(
            query, collection, wanted, chosen, first=first, instead=next(iter(plans))
        )
        if option.reason is None:
            return _Planned(query, plans, option.usd)
        agent = replace(first, reason=option.reason)
        return _Planned(replace(query, mode="agent"), _first("agent", agent, plans))

    def _chosen(self, collection: CollectionRecord, query: Query) -> tuple[int, ...] | None:
        """Numbers of the documents that the caller has named; raises `UnknownName` or `Gone`."""
        return self._library.chosen(collection, query.documents) if query.documents else None

    def _session(self, collection: CollectionRecord, query: Query) -> Session:
        if query.session is None and query.history:
            return self._sessions.recognise(collection, query.history, query.key)
        return self._sessions.open(collection, query.session)

    def opening(self, query: Query) -> tuple[Query, PromptPlan]:
        """The query with its model, and `QuestionPlanner.opening`; a model must be configured.

        Raises:
            UnknownName, Gone, PromptTooLongError: as there.
        """
        assert self._planner is not None
        assert self._roles is not None
        collection = self._library.collection(query.tenant, query.collection)
        settled = self._roles.settle(query, collection)
        return settled, self._planner.opening(settled)

    def _confidence(
        self, collection: CollectionRecord, wanted: Wanted, chosen: Sequence[int] | None
    ) -> float | None:
        if self._generation is not None:
            return None
        return self._searcher.confidence(
            collection, wanted.question, history=wanted.history, documents=chosen
        )

    def _calibrated(self, query: Query, passages: Sequence[PromptPassage]) -> tuple[str, ...]:
        """Have the tokenizer count, where it is asked to; a warning where it did not."""
        if self._generation is None:
            return ()
        warning = self._generation.calibrate(query, "".join(passage.text for passage in passages))
        return (warning,) if warning else ()

    def _wanted(self, query: Query, session: Session, origin: Origin) -> Wanted:
        if self._rewriter is None or self._generation is None or query.mode == "agent":
            return Wanted(query.question, session.questions)
        answering = self._generation.name(query)
        return self._rewriter.rewrite(query.question, session, answering=answering, origin=origin)

    def _summary(self, query: Query, plans: dict[Mode, PromptPlan], mapped: MapPlan | None) -> PlanSummary:
        if self._generation is None:
            return PlanSummary("extract", "no model is configured: the best passages are the answer")
        if mapped is not None and self._mapper is not None:
            return self._mapper.summary(mapped)
        plan = next(iter(plans.values()))
        return self._generation.summarise(query, plan)


def _instructions(query: Query, session: Session) -> str:
    """Those in force: a session keeps its own until others come, a client's history has none but its own."""
    wanted, said = query.instructions.strip(), session.instructions
    if wanted or not said:
        return wanted
    return _WITHDRAWN if query.history and query.session is None else said


def _first(mode: Mode, plan: PromptPlan, others: Mapping[Mode, PromptPlan]) -> dict[Mode, PromptPlan]:
    return {mode: plan, **others}


def _told(summary: PlanSummary, wanted: Wanted, found: Found, warnings: Sequence[str]) -> PlanSummary:
    return replace(
        summary,
        searched=wanted.question if wanted.rewritten else None,
        side_calls=(*wanted.calls, *found.calls),
        warnings=(*wanted.warnings, *found.warnings, *warnings, *summary.warnings),
    )


def _timings(wanted: Wanted, found: Found, total: float) -> dict[str, float]:
    """Milliseconds up to the passages, those of other services apart from the search's own."""
    others = {"rewrite": wanted.milliseconds, "rerank": found.milliseconds}
    spent = {name: milliseconds for name, milliseconds in others.items() if milliseconds is not None}
    return {**spent, "search": total - sum(spent.values())}

"""search → plan: all that is found and decided before a model is called."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.media import language_of
from prompts.agent import draw_list, plan_agent
from prompts.plan import PromptMessage
from prompts.plan_request import PlanRequest
from prompts.planner import plan_opening, plan_prompt
from prompts.render import DocumentName, rules
from service.answers import PlanSummary
from service.context import find_context
from service.map_planning import Considered
from service.recording import Origin
from service.repository import RepositoryMaps
from service.rewriting import Wanted
from service.searching import PASSAGE_HITS
from service.shelf import LibraryShelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.mapping import MapPlan
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import Mode, PromptPlan
    from prompts.plan_request import Limits
    from service.answers import Query
    from service.generation import Generation
    from service.library import Library
    from service.map_planning import MapPlanner
    from service.rewriting import Rewriter
    from service.searching import Evidence, Found, Searcher
    from service.sessions import Session, Sessions

WHOLE_COLLECTION_CHARACTERS = 48_000
"""Documents up to this long together may be read whole without anybody asking for it."""
_TOKEN = 8
"""Code points that a token holds at most, on the average of a document: more cannot fit."""
_ID_BYTES = 9
_WITHDRAWN = "None any more; those given before do not apply."
"""What a prompt says that goes on without the instructions that it began with."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with its evidence and its plans."""

    id: str
    query: Query
    collection: CollectionRecord
    session: Session
    found: Sequence[Evidence]
    passages: Sequence[PromptPassage]
    """Those that hold what was found, best first."""
    context: Mapping[str, Sequence[ContextPassage]]
    """What the best of them cannot be read without, by their markers."""
    plans: dict[Mode, PromptPlan]
    """The chosen plan first; empty without a model."""
    summary: PlanSummary
    started: float
    """Of `time.perf_counter`, in seconds."""
    timings_ms: dict[str, float]
    mapped: MapPlan | None = None
    """The parts that a map reads before the plan of its answer is made; None in other modes."""
    map_usd: float | None = None
    """Expected price of a map, where one was thought of."""
    confidence: float | None = None
    """How sure it is, from 0 to 1, that what was found holds an answer; None where a model judges that."""

    @property
    def origin(self) -> Origin:
        """What the calls of this answer are made for."""
        return _origin(self.query, self.session, self.id)

    @property
    def plan(self) -> PromptPlan:
        """The plan that is carried out."""
        return next(iter(self.plans.values()))


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
    ) -> None:
        self._library = library
        self._searcher = searcher
        self._sessions = sessions
        self._generation = generation
        self._rewriter = rewriter
        self._mapper = mapper
        self._maps = RepositoryMaps(library)

    def prepare(self, query: Query) -> Prepared:
        """Find the evidence and decide what the model reads.

        Raises:
            UnknownName, Gone: the collection, a document or the session is not there.
            PromptTooLongError: what was asked for does not fit the model's context.
            IndexUnavailable: the index does not answer.
        """
        started = time.perf_counter()
        collection = self._library.collection(query.tenant, query.collection)
        session = self._session(collection, query)
        query = replace(query, instructions=_instructions(query, session))
        identity = f"ans_{secrets.token_urlsafe(_ID_BYTES)}"
        origin = _origin(query, session, identity)
        chosen = self._library.numbers(collection, query.documents) if query.documents else None
        wanted = self._wanted(query, session, origin)
        found = self._searcher.find(
            collection,
            wanted.question,
            history=wanted.history,
            documents=chosen,
            limit=query.top_k or PASSAGE_HITS,
            origin=origin,
            reorder=query.mode != "agent",  # it only tells what retrieving would have cost
        )
        passages = self._searcher.passages(found.evidence)
        confidence = self._confidence(collection, wanted, chosen)
        searched = time.perf_counter()
        context = find_context(self._library, collection, found.evidence, passages, documents=chosen)
        considered = Considered(query, chosen)
        if self._mapper is not None:
            considered = self._mapper.consider(
                query, wanted, collection, session, chosen=chosen, evidence=found.evidence
            )
        query, allowed, chosen = considered.query, chosen, considered.documents
        plans = self._plans(query, collection, session, chosen, passages, context=context, allowed=allowed)
        if considered.whole is not None:
            plans = _first("map", considered.whole, plans)
        mapped = considered.plan if query.mode == "map" else None
        summary = _told(self._summary(query, plans, mapped), wanted, found, considered.warnings)
        planned = time.perf_counter()
        return Prepared(
            id=identity,
            query=query,
            collection=collection,
            session=session,
            found=found.evidence,
            passages=passages,
            context=context,
            plans=plans,
            summary=summary,
            started=started,
            timings_ms={
                **_timings(wanted, found, 1_000 * (searched - started)),
                "plan": 1_000 * (planned - searched),
            },
            mapped=mapped,
            map_usd=considered.usd,
            confidence=confidence,
        )

    def _session(self, collection: CollectionRecord, query: Query) -> Session:
        if query.session is None and query.history:
            return self._sessions.recognise(collection, query.history, query.key)
        return self._sessions.open(collection, query.session)

    def opening(self, query: Query) -> PromptPlan:
        """What prompts of this collection begin with or, where the query names documents, of their whole.

        Raises:
            UnknownName, Gone: the collection or a document is not there.
            PromptTooLongError: the documents do not fit the model's context.
        """
        assert self._generation is not None
        collection = self._library.collection(query.tenant, query.collection)
        chosen = self._library.numbers(collection, query.documents) if query.documents else None
        limits = self._generation.limits(query)
        whole = self._library.whole(self._versions(collection, chosen)) if chosen else None
        pinned = self._pinned(collection, chosen, limits)
        request = PlanRequest(
            question="",
            ranked=(),
            whole=whole,
            names=self._names(collection, [*(pinned or ()), *(whole or ())]),
            pinned=pinned,
            card=self._card(query, collection, chosen),
        )
        return plan_opening(request, limits, self._generation.count_tokens)

    def _confidence(
        self, collection: CollectionRecord, wanted: Wanted, chosen: Sequence[int] | None
    ) -> float | None:
        if self._generation is not None:
            return None
        return self._searcher.confidence(
            collection, wanted.question, history=wanted.history, documents=chosen
        )

    def _wanted(self, query: Query, session: Session, origin: Origin) -> Wanted:
        if self._rewriter is None or self._generation is None or query.mode == "agent":
            return Wanted(query.question, session.questions)
        answering = self._generation.name(query)
        return self._rewriter.rewrite(query.question, session, answering=answering, origin=origin)

    def _plans(
        self,
        query: Query,
        collection: CollectionRecord,
        session: Session,
        chosen: Sequence[int] | None,
        passages: Sequence[PromptPassage],
        *,
        context: Mapping[str, Sequence[ContextPassage]],
        allowed: Sequence[int] | None,
    ) -> dict[Mode, PromptPlan]:
        """``chosen`` are read for this question, ``allowed`` are all that the caller lets it read."""
        if self._generation is None:
            return {}
        self._generation.asked(query, chosen)
        limits = self._generation.limits(query)
        history = self._sessions.history(collection, session)
        self._recall(query, session)
        whole = self._whole(query, collection, chosen, limits)
        pinned = self._pinned(collection, allowed, limits)
        shown = [passage for turn in history for passage in turn.passages]
        brought = [one.passage for needed in context.values() for one in needed]
        request = PlanRequest(
            question=query.question,
            ranked=passages,
            context=context,
            whole=whole,
            names=self._names(collection, [*passages, *brought, *(whole or ()), *shown, *(pinned or ())]),
            pinned=pinned,
            card=self._card(query, collection, chosen),
            history=history,
            conversation=session.told,
            notices=self._sessions.changed(collection, session),
            searched=self._searched(collection, chosen, passages),
            held=self._generation.held(query),
            shelf=LibraryShelf(self._library, collection, chosen),
            instructions=query.instructions,
            restated=session.restates(query.instructions),
        )
        count = self._generation.count_tokens
        if query.mode == "agent":
            listed = self._listed(collection, chosen, programs=not request.card)
            card = "" if history else draw_list(listed, count, card=request.card)
            agent = plan_agent(replace(request, card=card), limits, count)
            return {"agent": agent, **plan_prompt(request, "retrieve", limits, count)}
        mode = "retrieve" if query.mode == "map" else query.mode
        return plan_prompt(request, mode, limits, count)

    def _recall(self, query: Query, session: Session) -> None:
        """Another process, or this one before it was started anew, may have asked the last question."""
        turns = session.sent
        if self._generation is None or not turns or turns[-1].mode == "agent":  # whose rules are others
            return
        age = max(time.time() - turns[-1].at, 0.0)
        if age < self._generation.provider.cache.lifetime_seconds:
            said = [(PromptMessage("user", t.user), PromptMessage("assistant", t.answer)) for t in turns]
            sent = [PromptMessage("system", rules()), *(message for turn in said for message in turn)]
            self._generation.recall(query, sent[:-1], age)

    def _searched(
        self, collection: CollectionRecord, chosen: Sequence[int] | None, passages: Sequence[PromptPassage]
    ) -> dict[int, int] | None:
        """Tokens of the documents that were chosen, by how many the passages found have."""
        if chosen is None or self._generation is None:
            return None
        characters = sum(len(passage.text) for passage in passages)
        tokens = sum(self._generation.count_tokens(passage.text) for passage in passages)
        rate = tokens / characters if characters else 0.0
        versions = (self._library.version(collection, number) for number in chosen)
        return {version.number: int(rate * version.characters) for version in versions}

    def _whole(
        self,
        query: Query,
        collection: CollectionRecord,
        chosen: Sequence[int] | None,
        limits: Limits,
    ) -> list[PromptPassage] | None:
        """Every passage of the documents in question, unless they are too long to be read as a whole."""
        if query.mode in {"retrieve", "agent"}:
            return None
        longest = limits.prompt_tokens * _TOKEN
        if query.mode == "auto" and query.accuracy != "high":
            longest = min(longest, WHOLE_COLLECTION_CHARACTERS)
        versions = self._versions(collection, chosen)
        if sum(version.characters for version in versions) > longest:
            return None
        return self._library.whole(versions) or None

    def _pinned(
        self, collection: CollectionRecord, allowed: Sequence[int] | None, limits: Limits
    ) -> list[PromptPassage] | None:
        """Every passage of the pinned documents that may be read; None where no prompt could hold them."""
        versions = self._library.catalog.pinned(collection)
        if allowed is not None:
            versions = tuple(version for version in versions if version.number in allowed)
        if sum(version.characters for version in versions) > limits.prompt_tokens * _TOKEN:
            return None
        return self._library.whole(versions)

    def _listed(
        self, collection: CollectionRecord, chosen: Sequence[int] | None, *, programs: bool
    ) -> list[tuple[DocumentName, int]]:
        """The documents that an agent may read, with their passages; programs where no map shows them."""
        versions = self._versions(collection, chosen)
        return [
            (DocumentName(version.number, version.path, version.title), version.passages)
            for version in versions
            if programs or language_of(version.media_type) is None
        ]

    def _versions(
        self, collection: CollectionRecord, chosen: Sequence[int] | None
    ) -> tuple[VersionRecord, ...]:
        versions = self._library.catalog.ready_versions(collection)
        if chosen is not None:
            versions = tuple(version for version in versions if version.number in chosen)
        return versions

    def _card(self, query: Query, collection: CollectionRecord, chosen: Sequence[int] | None) -> str:
        """The map of a repository that is searched as a whole."""
        if self._generation is None or chosen is not None or query.mode == "pin":
            return ""
        return self._maps.card(collection, self._generation.count_tokens)

    def _names(
        self, collection: CollectionRecord, passages: Sequence[PromptPassage]
    ) -> dict[int, DocumentName]:
        numbers = dict.fromkeys(passage.document for passage in passages)
        versions = (self._library.version(collection, number) for number in numbers)
        return {v.number: DocumentName(v.number, v.path, v.title) for v in versions}

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


def _origin(query: Query, session: Session, answer: str) -> Origin:
    return Origin(query.tenant, query.collection, session.id, answer, query.key)


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

"""Whether a question is put to all documents, part by part, and what that should cost."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from prompts.intent import breadth_of
from prompts.mapping import MapPlan, PlannedPart, WholeRequest, ask_part, expected_tokens, whole_plan
from prompts.merging import merge_rules
from prompts.parts import BYTES_PER_TOKEN, WholeDocument, divide
from prompts.render import DocumentName, rules
from service.answers import PartOutcome, PlanSummary, Segment
from service.models.contract import TokenUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.parts import Part
    from prompts.plan import PromptPlan
    from prompts.plan_request import Turn
    from service.answers import Query
    from service.generation import Generation
    from service.library import Library
    from service.rewriting import Wanted
    from service.searching import Evidence
    from service.sessions import Session, Sessions

WHOLE_TOKENS = 100_000
"""More is read in parts even where a model's context could hold it: answers are steadier."""
PART_TOKENS = 24_000
"""At 12K a question costs 4% more, at 48K 2% less, but a changed document has a third more read again."""
PARALLEL = 8
AUTO_TOKENS = 1_000_000
MERGE_TOKENS = 100_000
PART_ANSWER_TOKENS = 2_048
_PART_TEMPERATURE = 0.1
_CONTEXT_SHARE = 0.5
"""Of the room for a prompt, what a part may take by rule of thumb."""
_MARGIN = 2_000
"""Tokens left for rules and question where a pin is chosen."""
_MEANT_HITS = 10
_MOST_MEANT = 2
"""Documents that the best hits lie in, where a question names them."""
_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class MapSettings:
    """What the settings say of maps; sizes in tokens."""

    part_tokens: int = PART_TOKENS
    parallel: int = PARALLEL
    """Parts that are read at a time."""
    model: str | None = None
    """Reads the parts; None is the one that answers."""
    auto_tokens: int = AUTO_TOKENS
    """More is not read unless it is asked for."""
    merge_tokens: int = MERGE_TOKENS
    """Findings with their passages, in the prompt of the answer."""

    def part_query(self, query: Query) -> Query:
        """The query as a part is asked it."""
        return replace(
            query,
            model=self.model or query.model,
            temperature=_PART_TEMPERATURE,
            thinking=False,
            max_tokens=PART_ANSWER_TOKENS,
        )


@dataclass(frozen=True, slots=True)
class Considered:
    """A query whose mode is settled as far as maps are concerned."""

    query: Query
    documents: Sequence[int] | None
    """Numbers of those that are read; None is all of the collection."""
    plan: MapPlan | None = None
    """Carried out in mode ``map``, else what a map would have been."""
    whole: PromptPlan | None = None
    """Instead of the plan, where one part holds everything."""
    usd: float | None = None
    """Expected price of the plan."""
    warnings: tuple[str, ...] = ()


class MapPlanner:
    """Plans maps, and remembers the parts of the latest ones: versions never change."""

    def __init__(
        self, library: Library, sessions: Sessions, generation: Generation, settings: MapSettings
    ) -> None:
        self._library = library
        self._sessions = sessions
        self._generation = generation
        self._settings = settings
        self._parts: OrderedDict[tuple[object, ...], tuple[Part, ...]] = OrderedDict()
        self._lock = Lock()

    def consider(
        self,
        query: Query,
        wanted: Wanted,
        collection: CollectionRecord,
        session: Session,
        *,
        chosen: Sequence[int] | None,
        evidence: Sequence[Evidence],
    ) -> Considered:
        """Whether all documents are read: where the caller says so, or the question is about the whole.

        Raises:
            PromptTooLongError: the answer alone would fill the model's context.
            Gone: a document that the conversation has shown was deleted.
        """
        as_it_is = Considered(query, chosen)
        if query.mode not in {"auto", "map"}:
            return as_it_is
        breadth = "documents" if query.mode == "map" else breadth_of(wanted.question)
        meant = _meant(evidence) if chosen is None and breadth != "documents" else chosen
        if breadth == "place" or (breadth == "document" and meant is None):
            return as_it_is
        versions = self._versions(collection, meant)
        size = sum(version.characters for version in versions) // BYTES_PER_TOKEN  # at least
        if query.mode == "auto" and size > self._settings.auto_tokens:
            return replace(as_it_is, warnings=(self._too_dear(query, len(versions), size),))
        if not versions:
            return replace(as_it_is, query=replace(query, mode="retrieve"))
        return self._settled(query, wanted, collection, session, versions)

    def summary(self, plan: MapPlan) -> PlanSummary:
        """The plan as people see it, before any part is read."""
        return PlanSummary(
            "map", plan.reason, tuple(map(_segment, plan.parts)), parts=tuple(map(outcome_of, plan.parts))
        )

    def _settled(
        self,
        query: Query,
        wanted: Wanted,
        collection: CollectionRecord,
        session: Session,
        versions: Sequence[VersionRecord],
    ) -> Considered:
        names = {v.number: DocumentName(v.number, v.path, v.title) for v in versions}
        parts = self._divided(query, collection, versions, names)
        plan = self._plan(query, wanted, session, parts)
        considered = Considered(query, list(names), plan, usd=self._usd(query, plan))
        history = self._sessions.history(collection, session)
        if query.mode == "auto" and history and _hold(history, parts):
            return Considered(query, list(names))
        if query.mode == "auto" and not history and self._fits(query, parts):
            return replace(considered, query=replace(query, mode="pin"))
        mapped = replace(considered, query=replace(query, mode="map"))
        if len(parts) != 1:
            return mapped
        restated = session.restates(query.instructions)
        asked = WholeRequest(query.question, parts[0], names, history, query.instructions, restated)
        room = self._generation.limits(query).prompt_tokens
        whole = whole_plan(asked, room, self._generation.count_tokens)
        return mapped if whole is None else replace(mapped, plan=None, whole=whole, usd=None)

    def _fits(self, query: Query, parts: Sequence[Part]) -> bool:
        """Whether all is read at once: it has room, and is not so long that answers grow unsteady."""
        room = self._generation.limits(query).prompt_tokens - _MARGIN
        return sum(self._generation.count_tokens(part.text) for part in parts) <= min(WHOLE_TOKENS, room)

    def _plan(self, query: Query, wanted: Wanted, session: Session, parts: Sequence[Part]) -> MapPlan:
        turns = [] if wanted.rewritten else [(turn.question, turn.answer) for turn in session.turns]
        planned: list[PlannedPart] = []
        for number, part in enumerate(parts, start=1):
            prompt = ask_part(part, wanted.question, self._generation.count_tokens, turns=turns)
            planned.append(PlannedPart(number, part, prompt, self._cached(query, prompt)))
        asked = "you asked for it" if query.mode == "map" else "the question is about the whole"
        documents = len({number for part in parts for number in part.documents})
        return MapPlan(f"{asked}: {documents} documents are read in {len(parts)} parts", tuple(planned))

    def _cached(self, query: Query, prompt: PromptPlan) -> int:
        return self._generation.summarise(self._settings.part_query(query), prompt).cached_tokens

    def _usd(self, query: Query, plan: MapPlan) -> float | None:
        """By the formula of `expected_tokens`; None where a model's price is not known."""
        generation, expected = self._generation, expected_tokens(plan)
        reading = generation.price(generation.name(self._settings.part_query(query)))
        answering = generation.price(generation.name(query))
        if reading is None or answering is None:
            return None
        merged = expected.merged + generation.count_tokens(rules()) + generation.count_tokens(merge_rules())
        return reading.dollars(
            TokenUsage(expected.read, expected.cached, expected.found)
        ) + answering.dollars(TokenUsage(merged, 0, expected.answered))

    def _too_dear(self, query: Query, documents: int, size: int) -> str:
        price = self._generation.price(self._generation.name(self._settings.part_query(query)))
        usd = "" if price is None else f", for about ${price.dollars(TokenUsage(size)):.2f}"
        return (
            "the question is about the whole, but only the passages found were read: "
            f"all {documents} documents are about {size:,} tokens; mode map reads them{usd}"
        )

    def _versions(
        self, collection: CollectionRecord, chosen: Sequence[int] | None
    ) -> tuple[VersionRecord, ...]:
        versions = self._library.catalog.ready_versions(collection)
        return tuple(v for v in versions if v.passages and (chosen is None or v.number in chosen))

    def _divided(
        self,
        query: Query,
        collection: CollectionRecord,
        versions: Sequence[VersionRecord],
        names: dict[int, DocumentName],
    ) -> tuple[Part, ...]:
        room = self._generation.limits(self._settings.part_query(query)).prompt_tokens
        limit = self._settings.part_tokens
        while limit > max(room * _CONTEXT_SHARE, 1):
            limit //= 2
        named = ((name.number, name.path, name.title) for name in names.values())
        key = (collection.tenant, collection.name, limit, *named)
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
                return self._parts[key]
        parts = divide([self._whole(version) for version in versions], names, limit)
        with self._lock:
            self._parts[key] = parts
            while len(self._parts) > _REMEMBERED:
                self._parts.popitem(last=False)
        return parts

    def _whole(self, version: VersionRecord) -> WholeDocument:
        passages = self._library.passages(version, 1, version.passages)
        return WholeDocument(
            version.number, passages, [p.section for p in self._library.content(version).passages]
        )


def _hold(history: Sequence[Turn], parts: Sequence[Part]) -> bool:
    """Whether a conversation shows all passages already."""
    held = {passage.marker for turn in history for passage in turn.passages}
    return all(passage.marker in held for part in parts for passage in part.passages)


def outcome_of(planned: PlannedPart) -> PartOutcome:
    """A part that has not been read yet."""
    passages = planned.part.passages
    return PartOutcome(
        number=planned.number,
        documents=len(planned.part.documents),
        first=passages[0].marker,
        last=passages[-1].marker,
        tokens=planned.prompt.tokens,
        cached_tokens=planned.cached,
    )


def _segment(planned: PlannedPart) -> Segment:
    name, fingerprint = f"part {planned.number}", planned.part.fingerprint
    return Segment(name, "pinned", planned.prompt.tokens, planned.cached, fingerprint)


def _meant(evidence: Sequence[Evidence]) -> list[int] | None:
    """The documents that the best hits lie in, where they are so few that the question must mean them."""
    numbers = {found.version.number for found in evidence[:_MEANT_HITS]}
    return sorted(numbers) if 0 < len(numbers) <= _MOST_MEANT else None

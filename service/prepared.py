"""A question with all that was found and decided before a model is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.affinity import place_of
from service.recording import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.mapping import MapPlan
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import Mode, PromptPlan
    from service.answers import PlanSummary, Query
    from service.searching import Evidence
    from service.sessions import Session


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
    agent_usd: float | None = None
    """Expected price of an agent, where one was thought of and not chosen."""
    confidence: float | None = None
    """How sure it is, from 0 to 1, that what was found holds an answer; None where a model judges that."""

    @property
    def origin(self) -> Origin:
        """What the calls of this answer are made for."""
        return origin_of(self.query, self.session, self.id)

    @property
    def plan(self) -> PromptPlan:
        """The plan that is carried out."""
        return next(iter(self.plans.values()))

    @property
    def place(self) -> str:
        """Names the machine that should answer, see `service.affinity`."""
        return place_of(self.plan, self.session) if self.plans else ""


def origin_of(query: Query, session: Session, answer: str) -> Origin:
    """What the calls of an answer are made for."""
    return Origin(query.tenant, query.collection, session.id, answer, query.key)

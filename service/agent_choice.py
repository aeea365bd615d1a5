"""Whether ``auto`` lets the model search by itself, priced by what agents' answers have taken here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.answerability import LEAST_CONFIDENCE
from prompts.choosing import AgentCase, RunTokens, expected_run, reason_to_search
from prompts.intent import breadth_of, needs_lookups
from prompts.parts import BYTES_PER_TOKEN
from prompts.plan import Stability
from service.models.contract import TokenUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.plan import Mode, PromptPlan
    from service.answers import Query
    from service.generation import Generation
    from service.library import Library
    from service.rewriting import Wanted
    from service.searching import Searcher

LATEST_RUNS = 50
"""Answers of agents that the expectation is made of."""
USUAL_OUTPUT = 3.2
"""Price of a written token over that of a fresh one where no price is known: GLM-5's own."""


@dataclass(frozen=True, slots=True)
class AgentOption:
    """An agent's answer as it was thought of."""

    reason: str | None
    """Why it is chosen; None where it is not."""
    usd: float | None
    """Expected price; None where the model's price is not known."""


class AgentChooser:
    """Thinks of an agent where the caller wishes for accuracy."""

    def __init__(self, library: Library, searcher: Searcher, generation: Generation) -> None:
        self._library = library
        self._searcher = searcher
        self._generation = generation

    def is_due(self, query: Query, wanted: Wanted) -> bool:
        """Whether an agent is thought of at all: questions about the whole are for maps."""
        wished = query.mode == "auto" and query.accuracy == "high"
        return wished and breadth_of(wanted.question) == "place"

    def consider(
        self,
        query: Query,
        collection: CollectionRecord,
        wanted: Wanted,
        chosen: Sequence[int] | None,
        *,
        first: PromptPlan,
        instead: Mode,
    ) -> AgentOption:
        """What an agent should cost and, where it is the way, why.

        Args:
            query: the question, see `is_due`.
            collection: what it is about.
            wanted: what is searched for.
            chosen: numbers of the documents that may be read; None is all of the collection.
            first: the agent's first prompt.
            instead: the way of answering otherwise.

        Raises:
            UnsupportedStore, IndexUnavailable: as `Searcher.confidence`.
        """
        run = self._expected(query, collection, first)
        rate = self._generation.price(self._generation.name(query))
        output = rate.output / rate.input if rate and rate.input else USUAL_OUTPUT
        case = AgentCase(
            accuracy=query.accuracy,
            instead=instead,
            several=needs_lookups(wanted.question),
            doubtful=False,
            price=run.price(self._generation.cache(query).ratio, output),
            whole=self._whole(collection, chosen),
        )
        reason = reason_to_search(case)
        if reason is None and reason_to_search(replace(case, doubtful=True)) is not None:
            sure = self._searcher.confidence(
                collection, wanted.question, history=wanted.history, documents=chosen
            )
            reason = reason_to_search(replace(case, doubtful=sure < LEAST_CONFIDENCE))
        usage = TokenUsage(round(run.prompt), round(run.cached), round(run.completion))
        return AgentOption(reason, rate.dollars(usage) if rate else None)

    def _expected(self, query: Query, collection: CollectionRecord, first: PromptPlan) -> RunTokens:
        model = self._generation.name(query)
        counted = self._library.catalog.agent_runs(query.tenant, collection.name, model, LATEST_RUNS)
        runs = [
            RunTokens(row.calls - 1, row.prompt_tokens, row.cached_tokens, row.completion_tokens)
            for row in counted
        ]
        history = sum(block.tokens for block in first.blocks if block.stability is Stability.HISTORY)
        return expected_run(first.tokens, history, runs)

    def _whole(self, collection: CollectionRecord, chosen: Sequence[int] | None) -> float:
        """Tokens of all that may be read, at least."""
        if chosen is None:
            return self._library.catalog.ready_characters(collection) / BYTES_PER_TOKEN
        versions, only = self._library.catalog.ready_versions(collection), frozenset(chosen)
        return sum(v.characters for v in versions if v.number in only) / BYTES_PER_TOKEN

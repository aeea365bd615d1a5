"""What could be read for a question, as a plan needs it, and the plans that are made of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.media import language_of
from prompts.agent import ASKED_FOR, draw_list, plan_agent
from prompts.plan import PromptMessage
from prompts.plan_request import PlanRequest
from prompts.planner import plan_opening, plan_prompt
from prompts.render import DocumentName, rules
from service.repository import RepositoryMaps
from service.shelf import LibraryShelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import Mode, PromptPlan
    from prompts.plan_request import Limits
    from service.answers import Query
    from service.candidates import Candidates
    from service.generation import Generation
    from service.library import Library
    from service.sessions import Session, Sessions

WHOLE_COLLECTION_CHARACTERS = 48_000
"""Documents up to this long together may be read whole without anybody asking for it."""
_TOKEN = 8
"""Code points that a token holds at most, on the average of a document: more cannot fit."""


class QuestionPlanner:
    """Makes the plans of questions for one model's settings."""

    def __init__(self, library: Library, sessions: Sessions, generation: Generation) -> None:
        self._library = library
        self._sessions = sessions
        self._generation = generation
        self._maps = RepositoryMaps(library)

    def opening(self, query: Query) -> PromptPlan:
        """What prompts of this collection begin with or, where the query names documents, of their whole.

        Raises:
            UnknownName, Gone: the collection or a document is not there.
            PromptTooLongError: the documents do not fit the model's context.
        """
        collection = self._library.collection(query.tenant, query.collection)
        chosen = self._library.chosen(collection, query.documents) if query.documents else None
        limits = self._generation.limits(query)
        whole = self._library.whole(self._versions(collection, chosen)) if chosen else None
        pinned = self._pinned(collection, chosen, limits)
        request = PlanRequest(
            question="",
            ranked=(),
            whole=whole,
            names=_names(self._named(collection, [*(pinned or ()), *(whole or ())])),
            pinned=pinned,
            card=self._card(query, collection, chosen),
        )
        return plan_opening(request, limits, self._generation.count_tokens)

    def request(
        self,
        query: Query,
        collection: CollectionRecord,
        session: Session,
        chosen: Sequence[int] | None,
        candidates: Candidates,
        *,
        context: Mapping[str, Sequence[ContextPassage]],
        allowed: Sequence[int] | None,
    ) -> PlanRequest:
        """All that the plans of a question depend on; it counts as asked from here on.

        Args:
            query: the question.
            collection: what it is about.
            session: the conversation that it belongs to.
            chosen: numbers of the documents that are read for it; None is all of the collection.
            candidates: what may answer.
            context: what the best of them cannot be read without.
            allowed: numbers of all documents that the caller lets it read.

        Raises:
            PromptTooLongError: the answer alone would fill the model's context.
            Gone: a document that the conversation has shown was deleted.
        """
        self._generation.asked(query, chosen)
        limits = self._generation.limits(query)
        history = self._sessions.history(collection, session)
        self._recall(query, session)
        whole = self._whole(query, collection, chosen, limits)
        pinned = self._pinned(collection, allowed, limits)
        shown = [passage for turn in history for passage in turn.passages]
        brought = [one.passage for needed in context.values() for one in needed]
        passages = candidates.passages
        named = self._named(collection, [*passages, *brought, *(whole or ()), *shown, *(pinned or ())])
        return PlanRequest(
            question=query.question,
            ranked=passages,
            scores=candidates.scores,
            context=context,
            whole=whole,
            names=_names(named),
            pinned=pinned,
            card=self._card(query, collection, chosen),
            history=history,
            conversation=session.told,
            notices=self._sessions.changed(collection, session),
            searched=self._searched(collection, chosen, passages),
            held=self._generation.prefixes.held(query),
            shelf=LibraryShelf(self._library, collection, chosen, known=named),
            instructions=query.instructions,
            restated=session.restates(query.instructions),
        )

    def plans(self, query: Query, request: PlanRequest) -> dict[Mode, PromptPlan]:
        """The plans that are possible, the chosen one first; of an agent, what retrieving would take.

        Raises:
            PromptTooLongError: what was asked for does not fit the model's context.
        """
        mode = "retrieve" if query.mode in ("map", "agent") else query.mode
        return plan_prompt(request, mode, self._generation.limits(query), self._generation.count_tokens)

    def agent(
        self,
        query: Query,
        request: PlanRequest,
        collection: CollectionRecord,
        chosen: Sequence[int] | None,
        reason: str = ASKED_FOR,
    ) -> PromptPlan:
        """The first prompt of a model that searches by itself.

        Raises:
            PromptTooLongError: there is no room to read anything.
        """
        count = self._generation.count_tokens
        listed = self._listed(collection, chosen, programs=not request.card)
        card = "" if request.history else draw_list(listed, count, card=request.card)
        return plan_agent(replace(request, card=card), self._generation.limits(query), count, reason)

    def _recall(self, query: Query, session: Session) -> None:
        """Another process, or this one before it was started anew, may have asked the last question."""
        turns = session.sent
        if not turns or turns[-1].elsewhere or turns[-1].apart or turns[-1].mode == "agent":
            return  # an agent's rules are others
        age = max(time.time() - turns[-1].at, 0.0)
        if age < self._generation.provider.cache.lifetime_seconds:
            said = [(PromptMessage("user", t.user), PromptMessage("assistant", t.answer)) for t in turns]
            sent = [PromptMessage("system", rules()), *(message for turn in said for message in turn)]
            self._generation.prefixes.recall(query, sent[:-1], age)

    def _searched(
        self, collection: CollectionRecord, chosen: Sequence[int] | None, passages: Sequence[PromptPassage]
    ) -> dict[int, int] | None:
        """Tokens of the documents that were chosen, by how many the passages found have."""
        if chosen is None:
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
        if chosen is None and self._library.catalog.ready_characters(collection) > longest:
            return None  # of a large collection known without a look at each of its documents
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
        if chosen is not None or query.mode == "pin":
            return ""
        return self._maps.card(collection, self._generation.count_tokens)

    def _named(self, collection: CollectionRecord, passages: Sequence[PromptPassage]) -> list[VersionRecord]:
        """The versions that these passages are of."""
        numbers = dict.fromkeys(passage.document for passage in passages)
        held = self._library.versions(collection, numbers)
        return [held.get(number) or self._library.version(collection, number) for number in numbers]


def _names(versions: Iterable[VersionRecord]) -> dict[int, DocumentName]:
    return {v.number: DocumentName(v.number, v.path, v.title) for v in versions}

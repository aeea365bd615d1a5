"""Which model answers: the caller's, the conversation's, the one for programs, or the settings'."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.repository import is_about_programs

if TYPE_CHECKING:
    from ingest.catalog.records import CollectionRecord
    from service.answers import Query
    from service.generation import Generation
    from service.library import Library
    from service.sessions import Session


class ModelRoles:
    """Names the model of each question before anything is planned, priced or sent for it."""

    def __init__(self, library: Library, generation: Generation) -> None:
        self._library = library
        self._generation = generation

    def settle(self, query: Query, collection: CollectionRecord, session: Session | None = None) -> Query:
        """The query with the name of the model that answers it.

        A conversation stays with the model that it began with, whatever its collection has become: only
        that one's cache holds it. A caller's model is for the question that names it.
        """
        settings = self._generation.settings
        if query.model is not None or settings.code_model is None:
            return replace(query, model=self._generation.name(query))
        return replace(query, model=self._of(session) or self._for(collection))

    def _of(self, session: Session | None) -> str | None:
        """The first model of a conversation that the settings still name."""
        settings = self._generation.settings
        sent = [turn for turn in session.turns if turn.user] if session else []
        models = (turn.model or settings.model for turn in sent)  # turns from before models were kept
        return next((model for model in models if model in {settings.model, settings.code_model}), None)

    def _for(self, collection: CollectionRecord) -> str:
        settings = self._generation.settings
        if settings.code_model and is_about_programs(self._library.catalog.ready_kinds(collection)):
            return settings.code_model
        return settings.model

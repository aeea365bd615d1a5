"""Conversations: what was sent and answered, kept so that a later prompt begins with the same bytes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from ingest.errors import UnknownName
from prompts.markers import without_citations
from prompts.plan_request import Turn
from prompts.render import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from prompts.model import PromptPassage
    from service.library import Library

_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """One exchange as it is kept: passages by number, because their text is in the catalog."""

    question: str
    user: str
    """The message that was sent, passages and all; empty where the answer was an extract."""
    answer: str
    """What the model wrote, markers included, stripped as providers do before they render it again."""
    passages: tuple[tuple[int, int], ...]
    """Document and passage numbers that the message added or, without a model, that the answer quotes."""
    begins: bool = False
    """Whether its prompt began anew: it held no earlier turn byte for byte."""
    at: float = 0.0
    """When it was answered, in seconds since 1970."""
    mode: str = ""
    """Of its plan."""


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation in one collection."""

    id: str
    turns: tuple[StoredTurn, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """The user's words, the latest first."""
        return tuple(turn.question for turn in reversed(self.turns))

    @property
    def told(self) -> tuple[Exchange, ...]:
        """What was asked and what a model answered, without citations, the oldest first."""
        return tuple(
            Exchange(turn.question, without_citations(turn.answer)) for turn in self.turns if turn.user
        )

    @property
    def sent(self) -> tuple[StoredTurn, ...]:
        """The turns that its last prompt held; those that no model has seen are left out."""
        turns = [turn for turn in self.turns if turn.user]
        start = next((i for i in reversed(range(len(turns))) if turns[i].begins), 0)
        return tuple(turns[start:])


_TURNS = TypeAdapter(tuple[StoredTurn, ...])


class Sessions:
    """Reads and writes conversations."""

    def __init__(self, catalog: Catalog, library: Library) -> None:
        self._catalog = catalog
        self._library = library

    def open(self, collection: CollectionRecord, identity: str | None) -> Session:
        """A new conversation, or the one of this id.

        Raises:
            UnknownName: there is none, or it is about another collection.
        """
        if identity is None:
            return Session(secrets.token_urlsafe(_ID_BYTES))
        record = self._catalog.session(collection.tenant, identity)
        if record.collection != collection.name:
            raise UnknownName("session", identity)
        return Session(identity, _TURNS.validate_json(record.turns))

    def history(self, collection: CollectionRecord, session: Session) -> list[Turn]:
        """The turns of its last prompt, as a plan needs them.

        Raises:
            Gone: a document that it has shown was deleted; so is the conversation.
        """
        return [
            Turn(turn.user, turn.answer, tuple(self._passages(collection, turn))) for turn in session.sent
        ]

    def changed(self, collection: CollectionRecord, session: Session) -> list[str]:
        """What has replaced documents that its prompt holds, a sentence each, where it was not told yet."""
        shown = sorted({document for turn in session.sent for document, _ in turn.passages})
        said = "".join(turn.user for turn in session.sent)
        notices = (self._replaced(collection, number) for number in shown)
        return [notice for notice in notices if notice and notice not in said]

    def _replaced(self, collection: CollectionRecord, number: int) -> str | None:
        version = self._library.version(collection, number)
        if version.state == "ready":
            return None
        current = self._library.version_of(collection.tenant, version.document)
        return f"D{number} is an older version of D{current.number}; what it says may not apply any more."

    def save(self, collection: CollectionRecord, session: Session) -> None:
        """Keep the conversation as it stands now.

        Raises:
            Gone: a document that it shows was deleted while it was answered.
        """
        self._catalog.save_session(
            collection.tenant,
            session.id,
            collection.name,
            turns=_TURNS.dump_json(session.turns).decode(),
            documents=sorted({document for turn in session.turns for document, _ in turn.passages}),
        )

    def _passages(self, collection: CollectionRecord, turn: StoredTurn) -> Iterator[PromptPassage]:
        for document, numbers in groupby(turn.passages, key=itemgetter(0)):
            version = self._library.version(collection, document)
            wanted = {number for _, number in numbers}
            everything = self._library.passages(version, 1, version.passages)
            yield from (passage for passage in everything if passage.number in wanted)

"""Conversations: what was sent and answered, kept so that a later prompt begins with the same bytes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from ingest.errors import Gone, UnknownName
from prompts.labels import notices_in
from prompts.markers import escape_turns, without_citations
from prompts.plan_request import Turn
from prompts.render import Exchange, quote, render_question
from service.fingerprints import fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, SessionRecord
    from prompts.model import PromptPassage
    from service.library import Library

CLIENT = "client"
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
    """Of its plan; `CLIENT` where the turn is a client's word, and nothing of ours."""
    key: str = ""
    """Label of the access key that asked."""
    shown: str = ""
    """The answer as people saw it, with ``[1]`` for a citation."""
    instructions: str = ""
    """The application's, as they were in force."""
    model: str = ""
    """That it was asked of; empty where none was, or nobody took note."""
    elsewhere: bool = False
    """Whether another provider than the configured one answered: that one's cache does not hold it."""
    place: str = ""
    """Names the machine that was to answer, see `service.affinity`; empty where nobody took note."""
    apart: bool = False
    """Whether it was asked while the turn before it was answered: its own prompt held other turns than these,
    so the next one has its words alone."""

    @property
    def held(self) -> tuple[tuple[int, int], ...]:
        """The passages that prompts hold which go on from it."""
        return () if self.apart else self.passages


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation in one collection."""

    id: str
    turns: tuple[StoredTurn, ...] = ()
    gives_way: bool = False
    """Whether a conversation that has gone on otherwise meanwhile stays: this one then gets another id."""
    kept: bool = field(default=False, compare=False)
    """Whether it was read from the catalog: what is deleted there meanwhile is not saved again."""
    read: int = field(default=0, compare=False)
    """How many turns were read there; what others add meanwhile stays, and this one's come after it."""
    deletions: int | None = field(default=None, compare=False)
    """Of its collection, before a client told its words; None where none did."""

    @property
    def questions(self) -> tuple[str, ...]:
        """The user's words, the latest first."""
        return tuple(turn.question for turn in reversed(self.turns))

    @property
    def repeats(self) -> bool:
        """Whether it holds answers by a client's word: from which documents, nobody can tell."""
        return any(turn.mode == CLIENT and turn.answer for turn in self.turns)

    @property
    def told(self) -> tuple[Exchange, ...]:
        """What was asked and what a model answered, without citations, the oldest first."""
        return tuple(
            Exchange(turn.question, without_citations(turn.answer))
            for turn in self.turns
            if turn.user or turn.mode == CLIENT
        )

    @property
    def instructions(self) -> str | None:
        """The application's, as its prompt has them; None where no prompt of ours goes on."""
        ours = [turn.instructions for turn in self.sent if turn.mode != CLIENT and not turn.apart]
        return ours[-1] if ours else None

    def restates(self, instructions: str) -> bool:
        """Whether its prompt was begun under other instructions than these."""
        return self.instructions is not None and self.instructions != instructions

    @property
    def sent(self) -> tuple[StoredTurn, ...]:
        """The turns that its last prompt held; those that no model has seen are left out."""
        turns = [turn for turn in self.turns if turn.user]
        start = next((i for i in reversed(range(len(turns))) if turns[i].begins), 0)
        return tuple(turns[start:])


_TURNS = TypeAdapter(tuple[StoredTurn, ...])


def turns_of(record: SessionRecord) -> tuple[StoredTurn, ...]:
    """The exchanges of a kept conversation, the oldest first."""
    return _TURNS.validate_json(record.turns)


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
            return Session(_fresh_id())
        record = self._catalog.session(collection.tenant, identity)
        if record.collection != collection.name:
            raise UnknownName("session", identity)
        turns = turns_of(record)
        return Session(identity, turns, kept=True, read=len(turns))

    def recognise(
        self, collection: CollectionRecord, turns: Sequence[tuple[str, str]], key: str = ""
    ) -> Session:
        """The conversation that a client's history comes from: it goes on, or branches where they part.

        A branch is a conversation of its own, which begins with the same prompts; what the client says
        that nobody here has seen follows as its words, without passages. Save it as any other.

        Args:
            collection: what it is about; conversations about others are never found.
            turns: question and answer, as the client has them, the oldest first.
            key: label of the access key that asks; nobody else's conversations are found.
        """
        deletions = self._catalog.deletions(collection.tenant, collection.name)
        found = self._known(collection, turns, key)
        if found is None:
            told = tuple(_told(question, answer, key) for question, answer in turns)
            return Session(_fresh_id(), told, gives_way=True, deletions=deletions)
        session, known = found
        if len(turns) == known == len(session.turns):
            return replace(session, gives_way=True, deletions=deletions)
        shared = session.turns[:known]
        follow = _continued if any(turn.user for turn in shared) else _told
        more = (follow(question, answer, key) for question, answer in turns[known:])
        return Session(_fresh_id(), (*shared, *more), gives_way=True, deletions=deletions)

    def _known(
        self, collection: CollectionRecord, turns: Sequence[tuple[str, str]], key: str
    ) -> tuple[Session, int] | None:
        """The conversation that shares the longest beginning with these turns, and its length in turns."""
        prints = fingerprints(collection.tenant, collection.name, ((key, *turn) for turn in turns))
        found = self._catalog.known_session(collection.tenant, collection.name, prints)
        if found is None:
            return None
        try:
            return self.open(collection, found[0]), found[1]
        except UnknownName:  # it ended in this moment, with a document that it has shown
            return None

    def history(self, collection: CollectionRecord, session: Session) -> list[Turn]:
        """The turns of its last prompt, as a plan needs them.

        Raises:
            Gone: a document that it has shown was deleted; so is the conversation.
        """
        return [
            Turn(turn.user, escape_turns(turn.answer), tuple(self._passages(collection, turn)))
            for turn in session.sent
        ]

    def changed(self, collection: CollectionRecord, session: Session) -> list[str]:
        """What has replaced documents that its prompt holds, a sentence each, where it was not told yet."""
        shown = sorted({document for turn in session.sent for document, _ in turn.held})
        said = "\n".join(notices_in(turn.user) for turn in session.sent)
        notices = (self._replaced(collection, number) for number in shown)
        return [notice for notice in notices if notice and notice not in said]

    def _replaced(self, collection: CollectionRecord, number: int) -> str | None:
        version = self._library.version(collection, number)
        if version.state == "ready":
            return None
        current = self._library.version_of(collection.tenant, version.document)
        return f"D{number} is an older version of D{current.number}; what it says may not apply any more."

    def save(self, collection: CollectionRecord, session: Session) -> None:
        """Keep the conversation as it stands now; one that gives way under another id, if it must.

        Turns that others have added since it was read stay, before those that were added here.

        Nothing is kept of one that was deleted while it was answered, nor of a client's words about a
        collection of which a document was deleted meanwhile.

        Raises:
            Gone: a document that it shows was deleted while it was answered.
        """
        try:
            while not self._save(collection, session):
                session = self._beside(collection, session)
        except Gone as gone:
            if gone.kind != "session":
                raise

    def _beside(self, collection: CollectionRecord, session: Session) -> Session:
        """The conversation as it can be kept beside what was kept meanwhile."""
        if session.gives_way:
            return replace(session, id=_fresh_id(), kept=False)
        try:
            now = self.open(collection, session.id)
        except UnknownName as error:
            raise Gone("session", session.id) from error
        own = session.turns[session.read :]
        if any(turn.user for turn in now.turns[session.read :]):  # else no prompt of theirs is gone on from
            own = tuple(map(_apart, own))
        return replace(now, turns=(*now.turns, *own))

    def _save(self, collection: CollectionRecord, session: Session) -> bool:
        """Whether nothing else stood there; raises `Gone` for a document, or for the session itself."""
        seen = ((turn.key, turn.question, turn.shown or turn.answer) for turn in session.turns)
        return self._catalog.save_session(
            collection.tenant,
            session.id,
            collection.name,
            turns=_TURNS.dump_json(session.turns).decode(),
            documents=sorted({document for turn in session.turns for document, _ in turn.passages}),
            fingerprints=fingerprints(collection.tenant, collection.name, seen),
            extend=session.gives_way,
            kept=session.kept,
            read=session.read if session.kept and not session.gives_way else None,
            repeats=session.repeats,
            deletions=session.deletions if session.repeats else None,
            key=session.turns[0].key if session.turns else "",
        )

    def _passages(self, collection: CollectionRecord, turn: StoredTurn) -> Iterator[PromptPassage]:
        for document, numbers in groupby(turn.held, key=itemgetter(0)):
            version = self._library.version(collection, document)
            wanted = {number for _, number in numbers}
            everything = self._library.passages(version, 1, version.passages)
            yield from (passage for passage in everything if passage.number in wanted)


def _fresh_id() -> str:
    return secrets.token_urlsafe(_ID_BYTES)


def _told(question: str, answer: str, key: str) -> StoredTurn:
    """A client's word of a turn that no prompt of ours has held."""
    return StoredTurn(question, "", answer, (), mode=CLIENT, key=key, shown=answer)


def _continued(question: str, answer: str, key: str) -> StoredTurn:
    """Likewise, as the next turn of a prompt that goes on; what is empty cannot be sent."""
    told = _told(question, answer, key)
    if not question.strip() or not answer.strip():
        return told
    return replace(told, user=render_question(quote(question)), answer=quote(answer).strip())


def _apart(turn: StoredTurn) -> StoredTurn:
    """The turn as a prompt has it that goes on from others: its markers would be of passages not shown."""
    if turn.apart or not turn.user:
        return turn
    words = _continued(turn.question, without_citations(turn.answer), turn.key)
    return replace(turn, user=words.user, answer=words.answer, begins=False, apart=True)

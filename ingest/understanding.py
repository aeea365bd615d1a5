"""What a question, and the conversation that it goes on with, is searched by.

A question may name its document: "the lease between Acme and Bolt". Where it names none, the one that an
earlier turn named is meant, if it holds what is asked. Where it is nothing but a name, what was asked before
is asked of another document.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ingest.asking import TURNS, asked_roles, asked_terms, faded
from ingest.errors import UnsupportedStore
from ingest.questioning import Search
from ingest.routing import (
    CLOSE,
    LEAST_EXPLAINED,
    LONGEST_NAMING,
    SHORT,
    Route,
    agreed,
    is_named_at_length,
    may_be_topic,
    rarity,
    stands_out,
    what_is_left,
    word_value,
)
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.index import Question
    from ingest.model import Hit, Scope
    from ingest.statistics import Statistics
    from ingest.store.contract import Store

HELD = 0.4
"""Of what the best place of a scope scores, that of a document named earlier must score to be still meant."""
HELD_BESIDE_OTHERS = 0.6
"""The same, of the best place of a document that is of another kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question understood: where it is searched, by what, and where once more if it names a document."""

    search: Search
    terms: Mapping[int, float]
    places: Sequence[Hit]
    """Of the whole scope."""
    vector: NDArray[np.float32]
    named: Search | None = None
    """In the documents that are named."""
    rest: Mapping[int, float] = field(default_factory=dict[int, float])
    """What is left to search for in there."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What the user says at once, or in several turns, and the documents that it names."""

    terms: Mapping[int, float]
    places: Sequence[Hit]
    """Of the whole scope; none of an earlier turn, whose best one has told what it names."""
    route: Route | None


class Interpreter:
    """Reads questions against what their scopes hold. Threads may share it."""

    def __init__(self, store: Store, embedder: Embedder, statistics: Statistics) -> None:
        self._store = store
        self._embedder = embedder
        self._statistics = statistics
        self._analyzer = Analyzer()
        self._analyzing = Lock()

    def understand(self, scope: Scope, question: Question, documents: Sequence[int] | None) -> Asked:
        """What to search for, and where.

        Raises:
            UnsupportedStore: the question is for another embedder than this process has.
        """
        if question.embedder not in {"", self._embedder.identity}:
            raise UnsupportedStore(
                f"the vectors are of {question.embedder!r}, and the running index was started for "
                f"{self._embedder.identity!r}: end the server, or the command, that was started before"
            )
        question = replace(question, history=question.history[:TURNS])
        loose: dict[int, Mapping[int, float]] = {}
        with self._analyzing:
            for said in (*reversed(question.history), question.text):
                loose |= self._analyzer.terms_beside(said)
            terms = asked_terms(self._analyzer, question.text)
        roles = asked_roles(question.text)
        search = Search(self._store, scope, self._statistics.of(scope), documents, roles, loose)
        vector, places = self._vector(question), search.places(terms)
        turn = _Turn(terms, places, self._route(search, question.text, search.best(terms, places)))
        if not question.history or (turn.route is not None and turn.route.terms):
            return _asked(search, vector, turn)
        return self._follow(search, vector, turn, question)

    def _follow(self, search: Search, vector: NDArray[np.float32], turn: _Turn, question: Question) -> Asked:
        """A turn of a conversation that names no document, or nothing else."""
        earlier = [self._earlier(search, said) for said in question.history]
        before = faded(map(_left, earlier))
        terms = faded((turn.terms, before))
        places, route = search.places(terms), turn.route
        if route is None:
            meant = next((each.route for each in earlier if each.route is not None), None)
            if meant is not None and _hold(search, meant.documents, turn):
                return _asked(search, vector, _Turn(terms, places, meant), terms)
            route = self._route(search, question.text, search.best(terms, places))
        together = _Turn(terms, places, route)
        if route is None or route.terms:
            return _asked(search, vector, together)
        if route.is_short or not before:
            return _asked(search, vector, together, {**before, **turn.terms})
        return _asked(search, np.zeros_like(vector), together, before)  # a name means nothing of it

    def _earlier(self, search: Search, text: str) -> _Turn:
        with self._analyzing:
            terms = asked_terms(self._analyzer, text)
        best = search.best(terms)
        return _Turn(terms, (), self._route(search, text, best))

    def _vector(self, question: Question) -> NDArray[np.float32]:
        if question.by_words:
            return np.zeros(self._embedder.dimensions, np.float32)  # as of a text without words: near nothing
        if question.vector is not None:
            return np.asarray(question.vector, np.float32)
        return self._embedder.embed([question.text])[0]

    def _route(self, search: Search, text: str, best: Hit | None) -> Route | None:
        """The documents that a run of the text's words names, if one does and they hold the best place.

        Names lead to their own document, topics to whichever treats them.

        Args:
            search: of the question.
            text: the question, or an earlier turn.
            best: its best place.
        """
        with self._analyzing:
            sentences = self._analyzer.question_clauses(text)
        words = {word for clauses in sentences for clause in clauses for word in clause}
        terms = [term for word in words for term in word]
        if not 0 < len(terms) <= LONGEST_NAMING:
            return None
        found = search.openings(terms)
        if not found:
            return None
        scores = search.scores_in_opening(terms, found[0].document)
        rarest = rarity(search.known.documents)
        values = {word: word_value(word, [scores[term] for term in word], rarest) for word in words}
        explained, left = what_is_left(sentences, values)
        close = [hit for hit in found if hit.score >= CLOSE * found[0].score]
        lead = None if best is None else best.document
        topical = may_be_topic(sentences, _length(found[0]))
        is_topic = topical and search.has_looser(terms)
        at_length = is_named_at_length(explained, len(close), is_topic=is_topic)
        stands_alone = not topical and stands_out([hit.score for hit in found])
        if not (at_length or stands_alone):
            close = [hit for hit in agreed(close, lead) if not may_be_topic(sentences, _length(hit))]
        if explained < LEAST_EXPLAINED or not close:
            return None
        documents = tuple(hit.document for hit in close)
        if lead not in (None, *documents):
            return None
        return Route(documents, left, is_short=_length(close[0]) <= SHORT)


def _hold(search: Search, documents: Sequence[int], turn: _Turn) -> bool:
    """Whether these documents hold what is asked about, beside the best of their kind and of others."""
    own, best = search.best_place(turn.terms, documents), search.best(turn.terms, turn.places)
    if own is None or best is None:
        return False
    strangers = (hit.score for hit in search.chosen(turn.places) if not search.are_alike(own, hit))
    return own.score >= max(HELD * best.score, HELD_BESIDE_OTHERS * next(strangers, 0.0))


def _asked(
    search: Search, vector: NDArray[np.float32], turn: _Turn, rest: Mapping[int, float] | None = None
) -> Asked:
    if turn.route is None:
        return Asked(search, turn.terms, turn.places, vector)
    named = replace(search, documents=turn.route.documents)
    return Asked(search, turn.terms, turn.places, vector, named, rest or _left(turn) or turn.terms)


def _left(turn: _Turn) -> Mapping[int, float]:
    """What a turn asks without the name of its document, nothing where it is only that.

    Of what a short document's opening explains nobody knows which words are its name: all are asked.
    """
    if turn.route is None or turn.route.is_short:
        return turn.terms
    return {term: turn.terms.get(term, 1.0) for term in turn.route.terms}


def _length(opening: Hit) -> int:
    return opening.end - opening.start

"""What the cells of a document read: all of it where it fits, else the passages found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from prompts.render import DocumentName, render_passage
from prompts.reviewing import found_passages, render_review_question, review_rules, whole_document
from service.answers import Query
from service.context import find_context
from service.reviewing.estimating import DocumentLoad
from service.searching import PASSAGE_HITS, search_anew

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.model import ContextPassage, PromptPassage
    from prompts.plan import PromptPlan
    from prompts.reviewing import ReviewQuestion
    from service.generation import Generation
    from service.library import Library
    from service.searching import Searcher

_HEADING_TOKENS = 40
"""Kept for the line that names the document, and for what a request adds."""


class NothingFound(PermanentError):
    """A document that is too long to be read whole has no passage for a question."""

    def __init__(self) -> None:
        super().__init__(
            "the document is too long to be read whole, and no passage was found for the question"
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a version are asked."""

    version: VersionRecord
    tokens: int
    """Estimated, of the whole document as it is rendered."""
    is_whole: bool


class CellPlanner:
    """Plans the prompts of cells."""

    def __init__(self, library: Library, searcher: Searcher, generation: Generation, *, longest: int) -> None:
        """``longest`` is in tokens: of documents beyond it only passages are read."""
        self._library = library
        self._searcher = searcher
        self._generation = generation
        self._longest = longest

    def reading(self, version: VersionRecord, query: Query) -> Reading:
        """Whether the version is read whole.

        Raises:
            Gone: it was deleted.
            PromptTooLongError: the answer alone would fill the model's context.
        """
        count = self._generation.count_tokens
        passages = self._library.passages(version, 1, version.passages)
        tokens = _HEADING_TOKENS + sum(count(render_passage(passage)) for passage in passages)
        room = self._generation.limits(query).prompt_tokens - count(review_rules()) - count(query.question)
        return Reading(version, tokens, tokens <= min(room, self._longest))

    def load(self, reading: Reading, questions: Iterable[ReviewQuestion], query: Query) -> DocumentLoad:
        """What these questions about it will read."""
        count = self._generation.count_tokens
        asked = tuple(count(render_review_question(question)) for question in questions)
        rules = count(review_rules())
        if reading.is_whole:
            return DocumentLoad(rules + reading.tokens, 0, asked)
        return DocumentLoad(rules, self._generation.limits(query).retrieved_tokens, asked)

    def plan(
        self, collection: CollectionRecord, reading: Reading, question: ReviewQuestion, query: Query
    ) -> PromptPlan:
        """The prompt of one cell.

        Raises:
            Gone: the version was deleted.
            IndexUnavailable, UnsupportedStore: the passages cannot be searched for.
            NothingFound: no passage of the document fits the question.
            PromptTooLongError: not even the question fits.
        """
        version, count = reading.version, self._generation.count_tokens
        self._library.version(collection, version.number)  # what was deleted meanwhile is sent to nobody
        if reading.is_whole:
            passages = self._library.passages(version, 1, version.passages)
            return whole_document(question, passages, _names([version]), tokens=reading.tokens, count=count)
        ranked, context = search_anew(
            lambda: self._found(collection, version, question, query),
            require=lambda: self._library.version(collection, version.number),
        )
        limits = self._generation.limits(query)
        plan = found_passages(question, ranked, context, _names([version]), limits, count=count)
        if not plan.passages:  # a model that is shown nothing would say that the document is silent
            raise NothingFound
        return plan

    def _found(
        self, collection: CollectionRecord, version: VersionRecord, question: ReviewQuestion, query: Query
    ) -> tuple[Sequence[PromptPassage], Mapping[str, Sequence[ContextPassage]]]:
        """The passages of the version, best first, and what they cannot be read without."""
        numbers = [version.number]
        found = self._searcher.evidence(
            collection, question.text, documents=numbers, limit=PASSAGE_HITS, key=query.key
        )
        ranked = self._searcher.passages(found)
        return ranked, find_context(self._library, collection, found, ranked, documents=numbers)


def cell_query(collection: CollectionRecord, question: str, model: str | None, key: str = "") -> Query:
    """A cell's question as the model's settings are asked about it; ``key`` is the label of who pays."""
    return Query(question, collection.name, tenant=collection.tenant, model=model, key=key)


def _names(versions: Sequence[VersionRecord]) -> Mapping[int, DocumentName]:
    return {v.number: DocumentName(v.number, v.path, v.title) for v in versions}

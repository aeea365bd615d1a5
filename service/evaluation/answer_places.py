"""Questions tied to what the collection holds now: documents by id, expected citations by their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from prompts.quotes import Quotable
from service.evaluation.dataset import BadDataset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from service.evaluation.answer_questions import ExpectedAnswer, ExpectedPlace
    from service.library import Library


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a document's text."""

    document: int
    """Number of its version."""
    start: int
    end: int

    def overlaps(self, other: Range) -> bool:
        """Whether they share a character."""
        return self.document == other.document and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Bound:
    """A question ready to be asked and measured."""

    expected: ExpectedAnswer
    documents: tuple[str, ...]
    """Public ids."""
    ranges: tuple[Range, ...]
    """Of each expected citation."""


def bind(
    questions: Iterable[ExpectedAnswer], library: Library, collection: CollectionRecord
) -> tuple[Bound, ...]:
    """Look up all that the questions name.

    Raises:
        BadDataset: a document is not there or not the only one, a quote does not stand in it, or a range
            leaves its text; the message names line and field.
    """
    shelf = _Shelf(library, collection)
    return tuple(_bound(shelf, question) for question in questions)


class _Shelf:
    def __init__(self, library: Library, collection: CollectionRecord) -> None:
        self._library = library
        self._collection = collection

    @cached_property
    def _versions(self) -> tuple[VersionRecord, ...]:
        return self._library.catalog.ready_versions(self._collection)

    def version(self, name: str) -> VersionRecord:
        """By id, by path, or by the end of a path where only one document's has it."""
        exact = [version for version in self._versions if name in {version.document, version.path}]
        found = exact or [version for version in self._versions if version.path.endswith(f"/{name}")]
        if not found:
            raise BadDataset(f"{self._collection.name!r} has no document {name!r}")
        if len(found) > 1:
            paths = ", ".join(sorted(version.path for version in found)[:3])
            raise BadDataset(f"{name!r} can be {paths}")
        return found[0]

    def range(self, place: ExpectedPlace) -> Range:
        """Where an expected citation stands."""
        version = self.version(place.path)
        text = self._library.content(version).document.text
        if place.start is not None and place.end is not None:
            if place.end > len(text):
                raise BadDataset(f"{place.end} lies beyond the {len(text)} characters of {place.path!r}")
            return Range(version.number, place.start, place.end)
        found = Quotable(text).locate(place.quote)
        if found.start == found.end:
            raise BadDataset(f"{place.path!r} does not hold the words {place.quote!r}")
        return Range(version.number, found.start, found.end)


def _bound(shelf: _Shelf, question: ExpectedAnswer) -> Bound:
    field = "documents"
    try:
        documents = tuple(dict.fromkeys(shelf.version(name).document for name in question.documents))
        ranges: list[Range] = []
        for number, place in enumerate(question.places):
            field = f"citations.{number}"
            ranges.append(shelf.range(place))
    except BadDataset as error:
        raise BadDataset(f"{question.where}: {field}: {error}") from error
    return Bound(question, documents, tuple(ranges))

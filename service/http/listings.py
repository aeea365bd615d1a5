"""The shapes of what a collection holds, and of the service's own state."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from ingest.errors import FailureReason
from service.http.shapes import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import CollectionRecord, DocumentRecord, VersionRecord
    from service.egress_policy import EgressPolicy


class DocumentShape(Response):
    """A document and its current version."""

    id: str
    number: int
    version: int
    collection: str
    path: str
    title: str
    media_type: str
    size: int
    characters: int
    pages: int
    passages: int
    chunks: int
    content_hash: str
    created_at: datetime
    warnings: list[str]
    """What of the file could not be read."""

    @classmethod
    def of(cls, record: DocumentRecord) -> Self:
        """From the catalog's record."""
        return cls.of_version(record.version)

    @classmethod
    def of_version(cls, version: VersionRecord) -> Self:
        """From the catalog's record of a version."""
        return cls(
            id=version.document,
            number=version.number,
            version=version.ordinal,
            collection=version.collection,
            path=version.path,
            title=version.title,
            media_type=version.media_type,
            size=version.size,
            characters=version.characters,
            pages=version.pages,
            passages=version.passages,
            chunks=version.chunks,
            content_hash=version.content_hash,
            created_at=version.created_at,
            warnings=list(version.warnings),
        )


class VersionShape(DocumentShape):
    """A version whose text is still there."""

    state: Literal["ready", "superseded"]

    @classmethod
    def of_version(cls, version: VersionRecord) -> Self:
        """From the catalog's record."""
        shown = DocumentShape.of_version(version).model_dump()
        return cls(**shown, state="ready" if version.state == "ready" else "superseded")


class VersionList(Response):
    """The versions of a document, the oldest first; what was purged is left out."""

    versions: list[VersionShape]


class DocumentList(Response):
    """Documents by path; ``next`` continues the list."""

    documents: list[DocumentShape]
    next: str | None


class DocumentText(Response):
    """The canonical text that all offsets refer to."""

    id: str
    number: int
    version: int
    title: str
    text: str
    start: int = Field(description="Where `text` begins in the whole: code points.")
    end: int
    length: int = Field(description="Of the whole text, in code points.")

    @classmethod
    def of(cls, version: VersionRecord, whole: str, start: int = 0, end: int | None = None) -> Self:
        """``whole[start:end]`` of a version, as much of it as there is."""
        first = min(start, len(whole))
        last = max(first, len(whole) if end is None else min(end, len(whole)))
        return cls(
            id=version.document,
            number=version.number,
            version=version.ordinal,
            title=version.title,
            text=whole[first:last],
            start=first,
            end=last,
            length=len(whole),
        )


class FailureShape(Response):
    """A file that is not in the collection, and why."""

    path: str
    reason: FailureReason
    detail: str


class PinnedShape(Response):
    """A document that every prompt of its collection reads whole."""

    id: str
    number: int
    path: str
    title: str
    characters: int

    @classmethod
    def of(cls, version: VersionRecord) -> Self:
        """From the catalog's record of its current version."""
        return cls(
            id=version.document,
            number=version.number,
            path=version.path,
            title=version.title,
            characters=version.characters,
        )


class CollectionShape(Response):
    """A collection."""

    name: str
    generation: int
    embedder: str
    documents: int
    failures: list[FailureShape]
    created_at: datetime
    pinned: list[PinnedShape]
    """The documents that every prompt reads whole, in their order."""
    egress: str = Field(
        description="Who may be shown its text and questions to it: `any`, `none`, or names between commas."
    )

    @classmethod
    def of(
        cls,
        record: CollectionRecord,
        documents: int,
        failures: list[FailureShape],
        pinned: Iterable[VersionRecord],
        *,
        egress: EgressPolicy,
    ) -> Self:
        """From the catalog's records."""
        return cls(
            name=record.name,
            generation=record.generation,
            embedder=record.embedder,
            documents=documents,
            failures=failures,
            created_at=record.created_at,
            pinned=[PinnedShape.of(version) for version in pinned],
            egress=str(egress),
        )


class CollectionList(Response):
    """All collections, by name."""

    collections: list[CollectionShape]


class Health(Response):
    """Whether the service works; ``checks`` says what of it does."""

    status: Literal["ok", "degraded", "failing"]
    """``degraded`` answers, and does not do all that it should."""
    checks: dict[str, str]
    """``ok``, or what is wrong."""
    advice: dict[str, str]
    """What to do about what is wrong."""

"""What the catalog hands out: values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ingest.model import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ingest.errors import FailureReason
    from ingest.model import Document, Passage

VersionState = Literal["pending", "ready", "superseded"]


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A named set of documents that share one embedder."""

    tenant: str
    name: str
    generation: int
    embedder: str
    dimensions: int
    check_vector: bytes
    """The embedder's vector of an agreed sentence: a silent change of the model shows in it."""
    created_at: datetime
    next_generation: int | None = None
    """What a re-index is building, or was when it was killed."""
    egress: str | None = None
    """Who may be shown its text; None where nobody has said so."""
    next_number: int = field(default=1, compare=False)
    """That the next version gets: all that there were have lower ones."""

    @property
    def scope(self) -> Scope:
        """Where its points lie in the index."""
        return Scope(self.tenant, self.name, self.generation)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scope that serves, and the one that a re-index is building."""
        if self.next_generation is None:
            return (self.scope,)
        return self.scope, Scope(self.tenant, self.name, self.next_generation)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file before it is parsed, and by what it will be."""

    path: str
    content_hash: str
    size: int
    modified_ns: int
    media_type: str
    reader: str
    chunker: str
    embedder: str
    location: str = ""
    """Where the file lies on the machine that reads it; empty for what never was a file there."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the catalog last saw it: its ready version, or a pending one where none is ready."""

    path: str
    document: str
    number: int
    state: VersionState
    size: int
    modified_ns: int
    content_hash: str
    reader: str
    chunker: str
    embedder: str
    location: str
    media_type: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A document whose file goes by another path now, and what changes with that."""

    document: str
    number: int
    path: str
    location: str
    size: int
    modified_ns: int
    title: str | None
    """The new one; None where the document names itself."""
    layout: bytes | None
    """The stored layout under the new title, likewise."""
    of_other_source: bool
    """Whether its source is another one now, see `ingest.sources`."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One version of a document. ``number`` is the 7 of ``D7``; counts are 0 while it is pending."""

    tenant: str
    collection: str
    number: int
    document: str
    ordinal: int
    """First, second, … version of its document."""
    path: str
    state: VersionState
    content_hash: str
    size: int
    modified_ns: int
    media_type: str
    title: str
    reader: str
    chunker: str
    embedder: str
    characters: int
    pages: int
    passages: int
    chunks: int
    created_at: datetime
    warnings: tuple[str, ...] = ()
    """What of the file could not be read, a sentence each."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A pending version and all that is to be kept of it."""

    version: VersionRecord
    document: Document
    passages: Sequence[Passage]
    chunks: int
    """How many points it has in the index."""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document and its ready version."""

    id: str
    created_at: datetime
    version: VersionRecord


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some documents by path; ``next`` continues the list and is None at its end."""

    documents: tuple[DocumentRecord, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """All that is kept of a version."""

    document: Document
    passages: tuple[Passage, ...]
    path: str = ""
    """That people see."""


@dataclass(frozen=True, slots=True)
class CitableText:
    """What answering needs of a version, without its layout."""

    text: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """A file that could not become a document; with the same bytes and reader it fails again."""

    path: str
    reason: FailureReason
    detail: str
    content_hash: str
    """Empty where the file could not be read at all."""
    size: int
    modified_ns: int
    reader: str
    failed_at: datetime
    location: str


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A conversation. ``turns`` is JSON that only its writer understands."""

    tenant: str
    id: str
    collection: str
    turns: str
    documents: tuple[int, ...]
    """Numbers of the versions it has shown: when one is deleted, the session goes with it."""
    created_at: datetime
    key: str = ""
    """Label of the access key that began it."""

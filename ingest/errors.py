"""Why a file, or the index, could not be read or written.

LecternError
├── PermanentError          the same call fails again: tell the user
│   ├── UnreadableFile      one file; the rest of the ingest goes on
│   ├── UnsupportedStore    data of another version, or another embedder's vectors
│   ├── UnknownName         a collection, a document that is not there
│   ├── UnusableReader      a LlamaIndex reader that is not there, is none, or fails
│   ├── Gone                a document that was there and has been deleted
│   ├── ClusterRefused      a Ray cluster with another Lectern, or none
│   ├── EgressRefused       text of a collection that may not go to this recipient
│   └── EmbeddingRefused    a wrong key, model or dimension of an embeddings endpoint
├── Cancelled               somebody asked for the end; what was finished stays
└── TransientError          the same call may succeed later
    ├── CatalogUnavailable  the database does not answer
    ├── NotStarted          the machine starts no process that reads or draws
    ├── LeaseLost           another server has taken over what this one did
    ├── ClusterUnavailable  Ray does not answer, or loses its workers
    ├── IndexUnavailable    the index process does not answer
    │   └── StoreLocked     another process holds the data directory
    └── EmbeddingFailed     the embeddings endpoint does not answer
"""

from __future__ import annotations

from typing import Literal

FailureReason = Literal[
    "broken",
    "changed",
    "egress",
    "empty",
    "encrypted",
    "no_text",
    "not_text",
    "outside",
    "special_file",
    "time_limit",
    "memory_limit",
    "too_large",
    "unpacks_too_large",
    "unreadable",
    "unsupported",
    "wrong_extension",
]


class LecternError(Exception):
    """The root of all that Lectern raises on purpose."""


class PermanentError(LecternError):
    """Trying again does not help."""


class TransientError(LecternError):
    """Trying again later may help."""

    retry_after: float | None = None
    """Seconds after which it may; None where nobody knows."""


class Cancelled(LecternError):
    """Stopped because somebody asked for it; what was finished before stays."""


class UnreadableFile(PermanentError):
    """A file that cannot become a document; ``reason`` is stable and shown in reports."""

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: FailureReason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[FailureReason, str]]:
        """Cross the border of the parsing process whole."""
        return UnreadableFile, (self.reason, self.detail)


class UnsupportedStore(PermanentError):
    """The data directory was written by another version or for another embedder."""


class UnknownName(PermanentError):
    """There is no such thing for this tenant; ``kind`` is ``collection``, ``document`` and the like."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} named {name!r}")
        self.kind = kind
        self.name = name

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str]]:
        """Cross the border of a process whole."""
        return UnknownName, (self.kind, self.name)


class UnusableReader(PermanentError):
    """A reader of LlamaIndex's that cannot be used as it was named; the message says what to do."""


class Gone(PermanentError):
    """It was there, and has been deleted for good; ``kind`` and ``name`` as in `UnknownName`."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} has been deleted")
        self.kind = kind
        self.name = name

    def __reduce__(self) -> tuple[type[Gone], tuple[str, str]]:
        """Cross the border of a process whole."""
        return Gone, (self.kind, self.name)


class EgressRefused(PermanentError):
    """Text of a collection, or a question to it, may not go to this recipient; nothing was sent."""

    def __init__(self, collection: str, recipient: str) -> None:
        super().__init__(f"collection {collection!r} may not be shown to {recipient}: its egress forbids it")
        self.collection = collection
        self.recipient = recipient

    def __reduce__(self) -> tuple[type[EgressRefused], tuple[str, str]]:
        """Cross the border of a process whole."""
        return EgressRefused, (self.collection, self.recipient)


class ClusterRefused(PermanentError):
    """The machines of a Ray cluster run another Lectern than this one, or none."""


class ClusterUnavailable(TransientError):
    """Ray does not answer, or loses its workers again and again."""


class CatalogUnavailable(TransientError):
    """The database does not answer, or its disk is full, read-only or damaged."""


class NotStarted(TransientError):
    """The machine starts no process to read or draw with, such as for want of memory or of disk space."""


class LeaseLost(TransientError):
    """This server was silent for so long that another one may have taken over; nothing more was written."""

    def __init__(self) -> None:
        super().__init__("this server was silent for too long, and another one may have taken over")


class IndexUnavailable(TransientError):
    """The index process, or the Qdrant server, does not answer."""


class StoreLocked(IndexUnavailable):
    """Another process holds the data directory: go through it, or wait until it ends."""


class EmbeddingRefused(PermanentError):
    """The embeddings endpoint refuses, and will again: a wrong key, model or dimension."""


class EmbeddingFailed(TransientError):
    """The embeddings endpoint does not answer."""

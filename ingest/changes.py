"""Which of the files found must be parsed: new, changed, or read by an older Lectern."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.catalog.records import FileFacts
from ingest.discovery import Skipped, location_of
from ingest.errors import UnreadableFile
from ingest.opening import check_unchanged, opened
from ingest.reading import DEFAULTS, readers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ingest.catalog.records import FailureRecord, KnownFile
    from ingest.discovery import Found
    from ingest.errors import FailureReason
    from ingest.model import SourceFile
    from ingest.readers.options import ReadingOptions

_HASHED_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that is not in the index, and why."""

    path: str
    reason: FailureReason
    detail: str
    location: str
    """Where the file lies."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file to parse and what is known of it before."""

    source: SourceFile
    facts: FileFacts
    replaces: int | None
    """Number of the ready version that the new one will supersede."""


@dataclass(slots=True)
class Changes:
    """The files found, sorted by what is to be done with them."""

    parse: list[ChangedFile] = field(default_factory=list[ChangedFile])
    touched: list[tuple[KnownFile, SourceFile]] = field(default_factory=list["tuple[KnownFile, SourceFile]"])
    """The same bytes under a new time, or in another place."""
    unchanged: list[str] = field(default_factory=list[str])
    failed: list[Failure] = field(default_factory=list[Failure])


def find_changes(
    found: Iterable[Found],
    known: Mapping[str, KnownFile],
    failures: Mapping[str, FailureRecord],
    embedder: str,
    options: ReadingOptions = DEFAULTS,
) -> Changes:
    """Compare by size and time first, then by content; what failed before and is the same fails again."""
    changes = Changes()
    for source in found:
        if isinstance(source, Skipped):
            changes.failed.append(Failure(source.path, source.reason, source.detail, location_of(source)))
            continue
        readers = readers_of(source.media_type, options)
        file, failure = known.get(source.path), failures.get(source.path)
        if file and _is_current(file, readers, embedder) and _same_stamp(file, source):
            changes.unchanged.append(source.path)
        elif failure and _fails_again(failure, readers[0]) and _same_stamp(failure, source):
            changes.failed.append(Failure(source.path, failure.reason, failure.detail, failure.location))
        else:
            _compare_content(
                changes,
                source,
                file,
                readers,
                FileFacts(
                    source.path,
                    "",
                    source.size,
                    source.modified_ns,
                    source.media_type,
                    readers[0],
                    chunks.VERSION,
                    embedder,
                    location_of(source),
                ),
            )
    return changes


def _compare_content(
    changes: Changes, source: SourceFile, file: KnownFile | None, readers: Sequence[str], facts: FileFacts
) -> None:
    try:
        digest = content_hash(source)
    except UnreadableFile as error:
        changes.failed.append(Failure(source.path, error.reason, error.detail, facts.location))
        return
    if file and _is_current(file, readers, facts.embedder) and file.content_hash == digest:
        changes.touched.append((file, source))
        changes.unchanged.append(source.path)
    else:
        replaces = file.number if file and file.state == "ready" else None
        changes.parse.append(ChangedFile(source, replace(facts, content_hash=digest), replaces))


def content_hash(source: SourceFile) -> str:
    """BLAKE2b of the file's bytes, 32 hexadecimal digits.

    Raises:
        UnreadableFile: something else has taken its place, or it grows.
    """
    digest = blake2b(digest_size=16)
    left = source.size
    with opened(source) as file:
        while piece := file.read(min(left, _HASHED_AT_ONCE)):
            digest.update(piece)
            left -= len(piece)
        check_unchanged(file, source)
    return digest.hexdigest()


def _is_current(file: KnownFile, readers: Sequence[str], embedder: str) -> bool:
    """Whether the version in the index is what today's reader, chunker and embedder would make."""
    made_by = (file.state, file.chunker, file.embedder)
    return made_by == ("ready", chunks.VERSION, embedder) and file.reader in readers


def _fails_again(failure: FailureRecord, reader: str) -> bool:
    """Whether the same bytes must fail again: a limit may have been raised since."""
    return failure.reader == reader and failure.reason not in {"time_limit", "memory_limit"}


def _same_stamp(file: KnownFile | FailureRecord, source: SourceFile) -> bool:
    return (file.size, file.modified_ns, file.location) == (
        source.size,
        source.modified_ns,
        location_of(source),
    )

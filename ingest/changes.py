"""Which of the files found must be parsed: new, changed, or read by an older Lectern; which moved or went."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.catalog.records import FileFacts
from ingest.discovery import Skipped, is_below, is_vacant, location_of
from ingest.errors import UnreadableFile
from ingest.moving import match_moves
from ingest.opening import check_unchanged, opened
from ingest.reading import DEFAULTS, readers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from ingest.catalog.records import FailureRecord, KnownFile
    from ingest.discovery import Discovery, Found
    from ingest.errors import FailureReason
    from ingest.model import SourceFile
    from ingest.readers.options import ReadingOptions

    Copies = Callable[[Collection[str]], Iterable[KnownFile]] | None
    """Gives the ready documents of content hashes; None where what is known of all files is there."""

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


@dataclass(frozen=True, slots=True)
class Move:
    """A document whose file lies elsewhere now, or has another name."""

    file: KnownFile
    source: SourceFile


@dataclass(frozen=True, slots=True)
class Vanished:
    """What is known of files that lay below the given folders and are not found there any more."""

    documents: tuple[KnownFile, ...]
    failures: tuple[str, ...]


@dataclass(slots=True)
class Changes:
    """The files found, sorted by what is to be done with them."""

    parse: list[ChangedFile] = field(default_factory=list[ChangedFile])
    touched: list[tuple[KnownFile, SourceFile]] = field(default_factory=list["tuple[KnownFile, SourceFile]"])
    """The same bytes under a new time, or in another place."""
    moved: list[Move] = field(default_factory=list[Move])
    """To be carried out before anything is parsed: a moved file may have changed its reader, too."""
    unchanged: list[str] = field(default_factory=list[str])
    failed: list[Failure] = field(default_factory=list[Failure])


def find_changes(
    found: Iterable[Found],
    known: Mapping[str, KnownFile],
    failures: Mapping[str, FailureRecord],
    embedder: str,
    options: ReadingOptions = DEFAULTS,
    *,
    copies: Copies = None,
) -> Changes:
    """Compare by size and time first, then by content; what failed before and is the same fails again.

    Args:
        found: the files.
        known: what is known by their paths.
        failures: likewise, of those that could not be read.
        embedder: identity of the one that is used now.
        options: of the readers.
        copies: see `Copies`.
    """
    changes = Changes()
    for source in found:
        if isinstance(source, Skipped):
            changes.failed.append(Failure(source.path, source.reason, source.detail, location_of(source)))
            continue
        readers = readers_of(source.media_type, options)
        file, failure = known.get(source.path), failures.get(source.path)
        if file and _is_current(file, source, readers, embedder) and _same_stamp(file, source):
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
    _follow(changes, known, embedder, options, copies)
    return changes


def find_vanished(
    discovery: Discovery,
    known: Mapping[str, KnownFile],
    failures: Mapping[str, FailureRecord],
    moved: Iterable[Move],
) -> Vanished:
    """Documents and failures whose files lay below the roots and were not found, or are ignored now.

    A file that is refused now, or lies in a folder that may not be opened, is still there.
    """
    found = {source.path for source in discovery.found}
    refused = [location_of(source) for source in discovery.found if isinstance(source, Skipped)]
    elsewhere = {move.file.document for move in moved}

    def is_gone(path: str, location: str) -> bool:
        return path not in found and is_below(location, discovery.roots) and not is_below(location, refused)

    gone = [
        file
        for file in known.values()
        if file.state == "ready" and file.document not in elsewhere and is_gone(file.path, file.location)
    ]
    forgotten = [path for path, failure in failures.items() if is_gone(path, failure.location)]
    return Vanished(tuple(gone), tuple(forgotten))


def _compare_content(
    changes: Changes, source: SourceFile, file: KnownFile | None, readers: Sequence[str], facts: FileFacts
) -> None:
    try:
        digest = content_hash(source)
    except UnreadableFile as error:
        changes.failed.append(Failure(source.path, error.reason, error.detail, facts.location))
        return
    if file and _is_current(file, source, readers, facts.embedder) and file.content_hash == digest:
        changes.touched.append((file, source))
        changes.unchanged.append(source.path)
    else:
        replaces = file.number if file and file.state == "ready" else None
        changes.parse.append(ChangedFile(source, replace(facts, content_hash=digest), replaces))


def _follow(
    changes: Changes,
    known: Mapping[str, KnownFile],
    embedder: str,
    options: ReadingOptions,
    copies: Copies,
) -> None:
    """Find the moved ones among what seems new or changed."""
    arrived = {change.facts.path: change for change in changes.parse}
    hashes = {path: change.facts.content_hash for path, change in arrived.items()}
    wanted = set(hashes.values())
    settled = {*changes.unchanged, *(failure.path for failure in changes.failed)}
    from_folders = not any(_was_sent(one.facts.location, one.facts.content_hash) for one in arrived.values())
    lost = [
        file
        for file in (known.values() if copies is None else copies(wanted))
        if file.state == "ready"
        and file.content_hash in wanted
        and file.path not in settled
        and hashes.get(file.path, "") != file.content_hash
        and (file.path in arrived or (from_folders and _has_left(file)))
    ]
    moves = match_moves(hashes, lost, known)
    changes.parse.clear()
    for path, change in arrived.items():
        if path not in moves:
            changes.parse.append(change)
            continue
        file, source = moves[path], change.source
        changes.moved.append(Move(file, source))
        readers = readers_of(source.media_type, options)
        if not _is_current(file, source, readers, embedder):
            changes.parse.append(replace(change, replaces=file.number))


def _has_left(file: KnownFile) -> bool:
    """Whether a file that lay in a folder is not there any more."""
    return is_vacant(file.location) and not _was_sent(file.location, file.content_hash)


def _was_sent(location: str, content_hash: str) -> bool:
    """Whether a file lies among those that were sent: they go by their hashes, and nobody moves them.

    Where such a one is missing it lies on another machine, or in the data folder that was before this one.
    """
    return PurePath(location).name.startswith(content_hash)


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


def _is_current(file: KnownFile, source: SourceFile, readers: Sequence[str], embedder: str) -> bool:
    """Whether the version in the index is what today's reader, chunker and embedder would make.

    A file that was moved to a name of another kind is not, until it has been read as that.
    """
    made_by = (file.state, file.media_type, file.chunker, file.embedder)
    wanted = ("ready", source.media_type, chunks.VERSION, embedder)
    return made_by == wanted and file.reader in readers


def _fails_again(failure: FailureRecord, reader: str) -> bool:
    """Whether the same bytes must fail again: a limit may have been raised since, or an egress opened."""
    return failure.reader == reader and failure.reason not in {"time_limit", "memory_limit", "egress"}


def _same_stamp(file: KnownFile | FailureRecord, source: SourceFile) -> bool:
    return (file.size, file.modified_ns, file.location) == (
        source.size,
        source.modified_ns,
        location_of(source),
    )

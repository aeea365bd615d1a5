from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

from ingest import chunks
from ingest.catalog.records import FailureRecord, KnownFile
from ingest.changes import Failure, content_hash, find_changes
from ingest.discovery import Skipped, location_of
from ingest.media import MARKDOWN
from ingest.model import SourceFile
from ingest.reading import readers_of

if TYPE_CHECKING:
    from pathlib import Path

USE = "use/3"


@pytest.fixture
def source(tmp_path: Path) -> SourceFile:
    location = tmp_path / "lease.md"
    location.write_text("# Lease\n")
    status = location.stat()
    return SourceFile("lease.md", location, MARKDOWN, status.st_size, status.st_mtime_ns)


@pytest.fixture
def known(source: SourceFile) -> KnownFile:
    """The file as the last run left it."""
    reader = readers_of(MARKDOWN)[0]
    stamp = (source.size, source.modified_ns, content_hash(source))
    made_by = (reader, chunks.VERSION, USE)
    return KnownFile("lease.md", "a1", 7, "ready", *stamp, *made_by, location_of(source), MARKDOWN)


def failure(source: SourceFile) -> FailureRecord:
    stamp = (content_hash(source), source.size, source.modified_ns, readers_of(MARKDOWN)[0])
    return FailureRecord("lease.md", "broken", "torn", *stamp, datetime.now(UTC), location_of(source))


def test_a_new_file_is_parsed_with_all_its_facts(source: SourceFile) -> None:
    changes = find_changes([source], {}, {}, USE)

    [change] = changes.parse
    assert change.replaces is None
    facts = change.facts
    assert (facts.path, facts.size, facts.modified_ns) == ("lease.md", source.size, source.modified_ns)
    assert (facts.reader, facts.chunker, facts.embedder) == (readers_of(MARKDOWN)[0], chunks.VERSION, USE)
    assert facts.content_hash == content_hash(source)


def test_an_unchanged_file_is_not_even_opened(source: SourceFile, known: KnownFile) -> None:
    source.location.unlink()

    changes = find_changes([source], {"lease.md": known}, {}, USE)

    assert changes.unchanged == ["lease.md"]
    assert (changes.parse, changes.touched, changes.failed) == ([], [], [])


def test_the_same_bytes_at_another_time_are_touched(source: SourceFile, known: KnownFile) -> None:
    older = replace(known, modified_ns=known.modified_ns - 1)

    changes = find_changes([source], {"lease.md": older}, {}, USE)

    assert changes.touched == [(older, source)]
    assert changes.unchanged == ["lease.md"]
    assert changes.parse == []


def test_the_same_bytes_in_another_place_are_touched(source: SourceFile, known: KnownFile) -> None:
    moved = replace(known, location="/elsewhere/lease.md")

    changes = find_changes([source], {"lease.md": moved}, {}, USE)

    assert (changes.touched, changes.parse) == ([(moved, source)], [])


@pytest.mark.parametrize("outdated", ["reader", "chunker", "embedder"])
def test_what_an_older_lectern_made_is_parsed_again(
    source: SourceFile, known: KnownFile, outdated: str
) -> None:
    older = replace(known, **{outdated: "older/0"})

    changes = find_changes([source], {"lease.md": older}, {}, USE)

    assert [change.replaces for change in changes.parse] == [7]
    assert changes.unchanged == []


@pytest.mark.parametrize("ways", ["folder folder", "sent folder", "folder sent"])
def test_a_file_that_was_sent_moves_nowhere(
    tmp_path: Path, source: SourceFile, known: KnownFile, ways: str
) -> None:
    """Where it is missing it lies in another data folder: its document stays."""
    was, comes = ways.split()
    moves = "sent" not in ways
    kept = f"{known.content_hash}.md"
    old = replace(known, location=f"/gone/{kept if was == 'sent' else 'lease.md'}")
    place = source.location.rename(tmp_path / (kept if comes == "sent" else "rent.md"))
    new = replace(source, path="rent.md", location=place)

    changes = find_changes([new], {"lease.md": old}, {}, USE)

    assert [move.file for move in changes.moved] == ([old] if moves else [])
    assert [change.facts.path for change in changes.parse] == ([] if moves else ["rent.md"])


def test_files_that_were_sent_together_may_swap_their_names(tmp_path: Path, known: KnownFile) -> None:
    sent: list[SourceFile] = []
    held: dict[str, KnownFile] = {}
    for number, path in enumerate(("one.md", "two.md")):
        text = f"# {path}\n"
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        location = tmp_path / f"{digest}.md"
        location.write_text(text)
        held[path] = replace(
            known, path=path, document=path, number=number, content_hash=digest, location=str(location)
        )
        other = "two.md" if path == "one.md" else "one.md"
        sent.append(SourceFile(other, location, MARKDOWN, len(text), number))

    changes = find_changes(sent, held, {}, USE)

    assert {move.file.path: move.source.path for move in changes.moved} == {
        "one.md": "two.md",
        "two.md": "one.md",
    }


def test_a_pending_version_is_taken_up_and_replaces_nothing(source: SourceFile, known: KnownFile) -> None:
    pending = replace(known, state="pending")

    changes = find_changes([source], {"lease.md": pending}, {}, USE)

    assert [change.replaces for change in changes.parse] == [None]


def test_what_failed_and_is_the_same_fails_again_unread(source: SourceFile) -> None:
    kept = failure(source)
    source.location.unlink()

    changes = find_changes([source], {}, {"lease.md": kept}, USE)

    assert changes.failed == [Failure("lease.md", "broken", "torn", location_of(source))]
    assert changes.parse == []


@pytest.mark.parametrize("change", [{"reader": "older/0"}, {"size": 0}, {"modified_ns": 0}])
def test_what_failed_otherwise_is_tried_again(source: SourceFile, change: dict[str, object]) -> None:
    kept = replace(failure(source), **change)

    changes = find_changes([source], {}, {"lease.md": kept}, USE)

    assert [c.source for c in changes.parse] == [source]


def test_refused_and_vanished_files_are_failures(source: SourceFile) -> None:
    source.location.unlink()

    big = Skipped("big.txt", source.location.with_name("big.txt"), "too_large", "1,000 bytes")

    changes = find_changes([big, source], {}, {}, USE)

    assert changes.failed == [
        Failure("big.txt", "too_large", "1,000 bytes", location_of(big)),
        Failure("lease.md", "changed", "the file is gone", location_of(source)),
    ]

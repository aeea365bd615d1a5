from __future__ import annotations

import json
from dataclasses import replace

import pytest

from service.backup.manifest import FORMAT, Manifest, Member, UnusableBackup, decode

DIGEST = "0" * 64
MADE = Manifest("2026-05-04T10:00:00+00:00", "0006", (Member("catalog.sqlite", 3, DIGEST),))


def test_it_reads_what_it_has_written() -> None:
    assert decode(MADE.encode(), head="0006") == MADE


@pytest.mark.parametrize(
    "path",
    ["index/segments/a", "index.512/wal/open-1", "uploads/kept/docs-1/2/a.pdf", "bots.sqlite", "place"],
)
def test_files_of_a_data_folder_are_taken(path: str) -> None:
    files = (Member(path, 0, DIGEST),)

    assert decode(replace(MADE, files=files).encode(), head="0006").files == files


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../catalog.sqlite",
        "uploads/../../catalog.sqlite",
        "uploads//a",
        "uploads/./a",
        "uploads/a/",
        "uploads/a\\..\\b",
        "uploads/a\0b",
        "",
        "index.old/a",
        "catalog.sqlite-wal",
        "server.json",
        ".ssh/authorized_keys",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(UnusableBackup, match="no backup holds"):
        decode(replace(MADE, files=(Member(path, 0, DIGEST),)).encode(), head="0006")


@pytest.mark.parametrize("member", [Member("place", -1, DIGEST), Member("place", 1, "zz")])
def test_a_size_or_digest_that_cannot_be_is_refused(member: Member) -> None:
    with pytest.raises(UnusableBackup):
        decode(replace(MADE, files=(member,)).encode(), head="0006")


def test_a_file_that_is_named_twice_is_refused() -> None:
    with pytest.raises(UnusableBackup, match="twice"):
        decode(replace(MADE, files=MADE.files * 2).encode(), head="0006")


def test_a_newer_lectern_is_named() -> None:
    with pytest.raises(UnusableBackup, match=rf"newer Lectern \(9\.1\.0, format {FORMAT + 1}\)"):
        decode(replace(MADE, lectern="9.1.0", format=FORMAT + 1).encode(), head="0006")
    with pytest.raises(UnusableBackup, match=r"newer Lectern \(9\.1\.0\).*schema 0007"):
        decode(replace(MADE, lectern="9.1.0", schema="0007").encode(), head="0006")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff\xfe", b"7", json.dumps({"format": 1}).encode()])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableBackup):
        decode(data, head="0006")

"""Archives that are damaged, forged or cut: refused before anything is believed."""

from __future__ import annotations

import gzip
import tarfile
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.backup.manifest import NAME, Manifest, Member, UnusableBackup
from service.backup.reading import extract, verify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES = {
    "place": b"0123456789abcdef",
    "uploads/kept/a/b/c.md": b"x" * 5_000,
    "index/wal/open-1": bytes(300_000),
}


def manifest_of(files: dict[str, bytes]) -> Manifest:
    members = tuple(Member(path, len(data), sha256(data).hexdigest()) for path, data in files.items())
    return Manifest("2026-05-04T10:00:00+00:00", "", members)


def archive(entries: Sequence[tuple[tarfile.TarInfo | str, bytes]]) -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        for named, data in entries:
            entry = tarfile.TarInfo(named) if isinstance(named, str) else named
            if entry.isreg():
                entry.size = len(data)
            made.addfile(entry, BytesIO(data))
    return packed.getvalue()


def whole() -> list[tuple[tarfile.TarInfo | str, bytes]]:
    return [(NAME, manifest_of(FILES).encode()), *FILES.items()]


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def refused(tmp_path: Path, data: bytes) -> str:
    """The complaint; verifying and unpacking refuse alike, and nothing is written beside the folder."""
    file, folder = tmp_path / "b.tar.gz", tmp_path / "into"
    file.write_bytes(data)
    with pytest.raises(UnusableBackup) as verifying:
        verify(file)
    folder.mkdir()
    with pytest.raises(UnusableBackup):
        extract(file, folder)
    assert {path.name for path in tmp_path.iterdir()} == {"b.tar.gz", "into"}
    return str(verifying.value)


def test_a_whole_backup_comes_out_as_it_went_in(tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_bytes(archive(whole()))

    assert extract(tmp_path / "b.tar.gz", tmp_path / "into") == verify(tmp_path / "b.tar.gz")

    assert {path: (tmp_path / "into" / path).read_bytes() for path in FILES} == FILES


def test_a_changed_byte_is_seen(tmp_path: Path) -> None:
    entries = whole()
    entries[1] = ("place", b"0123456789abcdeF")
    assert "place" in refused(tmp_path, archive(entries))


def test_a_file_too_few_is_named(tmp_path: Path) -> None:
    assert "1 files are missing, index/wal/open-1" in refused(tmp_path, archive(whole()[:-1]))


@pytest.mark.parametrize(
    "entry",
    [
        "uploads/kept/a/b/d.md",
        "../outside",
        "/tmp/outside",
        "place",
        special("place", tarfile.SYMTYPE, "/etc/passwd"),
        special("place", tarfile.LNKTYPE, "/etc/passwd"),
        special("place", tarfile.FIFOTYPE),
        special("uploads", tarfile.DIRTYPE),
    ],
    ids=lambda entry: entry if isinstance(entry, str) else f"{entry.name}, a special file {entry.type!r}",
)
def test_what_the_manifest_does_not_name_is_refused(tmp_path: Path, entry: tarfile.TarInfo | str) -> None:
    assert "does not belong" in refused(tmp_path, archive([*whole(), (entry, b"")]))


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    entries = whole()
    entries[1] = (special("place", tarfile.SYMTYPE, "/etc/passwd"), b"")
    assert "does not belong" in refused(tmp_path, archive(entries))


def test_a_file_that_is_larger_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    entries = whole()
    entries[1] = ("place", FILES["place"] + bytes(10_000_000))
    assert "does not belong" in refused(tmp_path, archive(entries))
    assert not (tmp_path / "into" / "place").exists()


def test_the_manifest_comes_first(tmp_path: Path) -> None:
    assert "does not begin with a manifest" in refused(tmp_path, archive(whole()[::-1]))
    (tmp_path / "into").rmdir()
    assert "does not begin with a manifest" in refused(tmp_path, archive([]))


@pytest.mark.parametrize(
    "data", [b"", b"no archive", gzip.compress(b"no archive")], ids=["empty", "text", "compressed"]
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, data)


@given(share=st.floats(0, 0.999), data=st.data())
def test_cut_or_changed_anywhere_it_is_never_taken_for_another_backup(
    tmp_path_factory: pytest.TempPathFactory, share: float, data: st.DataObject
) -> None:
    made = bytearray(archive(whole()))
    place = int(share * len(made))
    if data.draw(st.booleans()):
        del made[place:]
    else:
        made[place] ^= data.draw(st.integers(1, 255))
    file = tmp_path_factory.mktemp("cut") / "b.tar.gz"
    file.write_bytes(made)
    try:
        found = verify(file)
    except UnusableBackup:
        return
    assert found == manifest_of(FILES)  # a byte of gzip's own, such as its time, or padding

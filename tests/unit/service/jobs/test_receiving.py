from __future__ import annotations

import errno
import secrets
from contextlib import contextmanager
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.multipart import FormReader, boundary_of
from service.jobs.receiving import (
    RESERVE,
    BadUpload,
    FileReceiver,
    Received,
    StorageFull,
    StorageUnwritable,
    UploadTooLarge,
    require_room,
    safe_name,
    safe_path,
    settle_paths,
    storing,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

LARGEST = 1_000
BOUNDARY = b"----border"


def form(*parts: tuple[str, bytes]) -> bytes:
    """Each part: the rest of its disposition, and its content."""
    body = b"".join(
        b"--%b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (BOUNDARY, head.encode(), content)
        for head, content in parts
    )
    return body + b"--%b--\r\n" % BOUNDARY


def read(folder: Path, pieces: Sequence[bytes]) -> tuple[FormReader, FileReceiver]:
    target = folder / secrets.token_hex(4)
    target.mkdir()
    files = FileReceiver(target, LARGEST)
    reader = FormReader(BOUNDARY, files)
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader, files


class TestForms:
    @given(
        contents=st.lists(st.binary(max_size=200) | st.just(b"\r\n------bord"), min_size=1, max_size=4),
        cuts=st.lists(st.integers(0, 800), max_size=6),
    )
    def test_however_it_is_cut_the_same_files_arrive(
        self, tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], cuts: list[int]
    ) -> None:
        body = form(
            *((f'name="file"; filename="{n}.txt"', content) for n, content in enumerate(contents)),
            ('name="collection"', "Verträge".encode()),
        )
        borders = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
        pieces = [body[start:end] for start, end in pairwise(borders)]
        folder = tmp_path_factory.mktemp("form")

        reader, files = read(folder, pieces)

        assert reader.fields == {"collection": ["Verträge"], "path": []}
        written = next(folder.iterdir())
        assert [(written / file.staged).read_bytes() for file in files.received] == contents
        assert [file.size for file in files.received] == [len(content) for content in contents]
        digests = [blake2b(content, digest_size=16).hexdigest() for content in contents]
        assert [file.content_hash for file in files.received] == digests
        assert [file.name for file in files.received] == [f"{n}.txt" for n in range(len(contents))]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (form(('name="file"; filename="a.md"', b"x"))[:-20], "broke off"),
            (b"no form at all", "not a form"),
            (b"", "broke off"),
            (form(('name="colection"', b"x")), "'colection'"),
            (form(('name="file"', b"x")), "no file name"),
            (form(('name="collection"', b"x" * 9_000)), "collection: holds more"),
            (form(('name="path"', b"\xff")), "UTF-8"),
        ],
    )
    def test_what_is_no_form_is_refused_at_its_end(self, tmp_path: Path, body: bytes, said: str) -> None:
        with pytest.raises(BadUpload, match=said):
            read(tmp_path, [body])

    def test_a_file_over_the_limit_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(UploadTooLarge, match=r"b\.txt: a file holds 1,000 bytes"):
            read(tmp_path, [form(('name="file"; filename="b.txt"', b"x" * (LARGEST + 1)))])

    def test_only_forms_have_a_boundary(self) -> None:
        assert boundary_of("multipart/form-data; boundary=xyz") == b"xyz"
        assert boundary_of("application/json") is None
        assert boundary_of("multipart/form-data") is None
        assert boundary_of("") is None


class TestPaths:
    @given(st.text(max_size=60))
    def test_a_safe_path_leads_nowhere_else(self, path: str) -> None:
        try:
            settled = safe_path(path)
        except BadUpload:
            return
        parts = settled.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert settled.isprintable() or not settled.isascii()
        assert "\\" not in settled
        assert safe_path(settled) == settled

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "  ",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "C:/a",
            "c:a",
            "a\x00b",
            "a\nb",
            "a/",
            "\\\\host\\a",
        ],
    )
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        with pytest.raises(BadUpload):
            safe_path(path)

    @pytest.mark.parametrize(
        ("name", "safe"),
        [
            ("C:\\Users\\Ann\\lease.pdf", "lease.pdf"),
            ("../../lease.pdf", "lease.pdf"),
            ("lea\x1bse.pdf", "lea_se.pdf"),
            ("Vertra\u0308ge.pdf", "Verträge.pdf"),
        ],
    )
    def test_of_a_name_the_last_part_stays(self, name: str, safe: str) -> None:
        assert safe_name(name) == safe

    def test_two_files_of_one_path_must_be_the_same(self) -> None:
        one, same, other = (
            Received("a.md", "0", "aa", 1),
            Received("a.md", "1", "aa", 1),
            Received("a.md", "2", "bb", 1),
        )

        assert [file.staged for file in settle_paths([one, same], [])] == ["0"]
        with pytest.raises(BadUpload, match=r"'a\.md'"):
            settle_paths([one, other], [])
        assert [f.path for f in settle_paths([one, other], ["x/a.md", "y/a.md"])] == ["x/a.md", "y/a.md"]
        with pytest.raises(BadUpload, match="1 paths for 2 files"):
            settle_paths([one, other], ["x"])
        with pytest.raises(BadUpload, match="no file"):
            settle_paths([], [])


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EROFS, StorageUnwritable)],
)
def test_a_full_disk_is_not_a_closed_one(number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind), storing():
        raise OSError(number, "words of the system")


@contextmanager
def quota(size: int) -> Generator[None]:
    """No file of this process may grow beyond so many bytes."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_small_file_finds_the_disk_full_only_when_it_is_closed(tmp_path: Path) -> None:
    body = form(('name="file"; filename="a.txt"', b"x" * LARGEST))
    with quota(100), pytest.raises(StorageFull):
        read(tmp_path, [body])


class Disk:
    """Has so many free bytes beside what lies in the folder that is asked about."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.looks = 0

    def __call__(self, folder: Path) -> int:
        self.looks += 1
        return self.free - sum(file.stat().st_size for file in folder.iterdir())


class TestReserve:
    MEGABYTE = 2**20

    def fill(self, files: FileReceiver, megabytes: int) -> None:
        for _ in range(megabytes):
            files.write(b"x" * self.MEGABYTE)

    def begin(self, files: FileReceiver, count: int) -> None:
        for number in range(count):
            files.open(f"{number}.txt")
            files.close()

    def test_an_upload_ends_before_the_disk_is_full(self, tmp_path: Path) -> None:
        disk = Disk(RESERVE + 20 * self.MEGABYTE)
        files = FileReceiver(tmp_path, 2**40, free=disk)
        files.open("endless.bin")
        with pytest.raises(StorageFull):
            self.fill(files, 64)
        files.abandon()

        assert disk(tmp_path) >= RESERVE - 4 * self.MEGABYTE
        assert disk.looks < 12

    def test_many_small_files_are_counted_too(self, tmp_path: Path) -> None:
        disk = Disk(RESERVE)
        files = FileReceiver(tmp_path, 2**40, free=disk)
        with pytest.raises(StorageFull):
            self.begin(files, 3_000)
        assert 500 < len(list(tmp_path.iterdir())) < 2_000

    def test_what_finds_room_is_taken(self, tmp_path: Path) -> None:
        files = FileReceiver(tmp_path, 2**40, free=Disk(RESERVE + 64 * self.MEGABYTE))
        files.open("large.bin")
        self.fill(files, 40)
        files.close()
        assert [one.size for one in files.received] == [40 * self.MEGABYTE]

    def test_what_is_announced_must_leave_the_reserve(self) -> None:
        require_room(RESERVE + 100, 100)
        with pytest.raises(StorageFull, match="no room") as raised:
            require_room(RESERVE + 100, 101)
        assert not any(character.isdigit() for character in str(raised.value))

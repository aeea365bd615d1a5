"""Files made to harm whoever reads them are refused by name, through the parsing process, in seconds."""

from __future__ import annotations

import os
import socket
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.discovery import discover
from ingest.errors import UnreadableFile
from ingest.model import SourceFile
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.discovery import Found
    from ingest.report import Report

LARGEST = 256 * 2**20
SECONDS = 20
unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix files")


@pytest.fixture(scope="module")
def parser() -> Iterator[ParsingProcess]:
    with ParsingProcess(seconds=SECONDS, memory_bytes=2**31) as process:
        yield process


def ingest(parser: ParsingProcess, root: Path) -> Report:
    """A whole ingest of a folder, which must not take long."""
    began = time.monotonic()
    with open_catalog(root.parent / "catalog.sqlite") as catalog:
        ingester = Ingester(catalog, MemoryIndex(), WordEmbedder(), parser, ReadingOptions())
        report = ingester.ingest("default", "hostile", [root], largest=LARGEST, on_progress=lambda _: None)
    assert time.monotonic() - began < 2 * SECONDS
    return report


def outcome(report: Report) -> dict[str, str]:
    return {failure.path: failure.reason for failure in report.failed}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.txt").write_text("The tenant pays the rent.")
    return folder


def zeros(file: Path, part: str) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        with package.open(part, "w") as packed:
            for _ in range(300):
                packed.write(bytes(2**20))


def test_a_bomb_in_an_office_file(parser: ParsingProcess, root: Path) -> None:
    zeros(root / "bomb.docx", "word/document.xml")
    report = ingest(parser, root)
    assert outcome(report) == {"bomb.docx": "unpacks_too_large"}
    assert report.indexed == ["good.txt"]


def test_a_billion_laughs(parser: ParsingProcess, root: Path) -> None:
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    laughs = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY e0 "lol">{entities}]><w>&e12;</w>'
    with zipfile.ZipFile(root / "laughs.docx", "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", laughs)
    (root / "laughs.xml").write_text(laughs)  # as text, it is what it says
    report = ingest(parser, root)
    assert outcome(report) == {"laughs.docx": "broken"}
    assert report.indexed == ["good.txt", "laughs.xml"]
    assert report.characters < 5_000


def test_holes(parser: ParsingProcess, root: Path) -> None:
    for name, size in (("large.txt", 2**30), ("hole.txt", LARGEST), ("words.md", LARGEST - 1)):
        with (root / name).open("wb") as file:
            file.write(b"words" if name == "words.md" else b"")
            file.truncate(size)
    assert outcome(ingest(parser, root)) == {
        "large.txt": "too_large",
        "hole.txt": "not_text",
        "words.md": "not_text",
    }


@unix
def test_what_is_no_file(parser: ParsingProcess, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "pipe.txt")
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.txt")
        expected = {"pipe.txt": "special_file", "socket.txt": "special_file"}
        assert outcome(ingest(parser, root)) == expected
    (device,) = discover([root / "/dev/zero"]).found
    assert getattr(device, "reason", None) == "special_file"


@unix
def test_links(parser: ParsingProcess, root: Path) -> None:
    (root.parent / "secret.txt").write_text("Nobody may read this.")
    (root / "loop").symlink_to(root)
    (root / "self.txt").symlink_to(root / "self.txt")
    (root / "out.txt").symlink_to(root.parent / "secret.txt")
    (root / "up.txt").symlink_to("../secret.txt")
    os.link(root / "good.txt", root / "hard.txt")
    report = ingest(parser, root)
    assert outcome(report) == {"out.txt": "outside", "up.txt": "outside", "self.txt": "unreadable"}
    assert report.indexed == ["good.txt", "hard.txt"]


def test_a_path_through_its_parent(parser: ParsingProcess, root: Path) -> None:
    report = ingest(parser, root / ".." / "files")
    assert report.indexed == ["good.txt"]


def found(root: Path) -> SourceFile:
    (source,) = discover([root]).found
    assert isinstance(source, SourceFile)
    return source


def refusal(parser: ParsingProcess, source: Found) -> str:
    assert isinstance(source, SourceFile)
    with pytest.raises(UnreadableFile) as error:
        parser.parse(source)
    return error.value.reason


def test_a_file_that_grows_after_it_was_found(parser: ParsingProcess, root: Path) -> None:
    source = found(root)
    with source.location.open("a") as file:
        file.write("And more.")
    assert refusal(parser, source) == "changed"


@unix
@pytest.mark.parametrize("successor", ["link", "pipe", "folder", "nothing"])
def test_a_file_that_is_replaced_after_it_was_found(
    parser: ParsingProcess, root: Path, successor: str
) -> None:
    source = found(root)
    source.location.rename(root.parent / "moved.txt")
    if successor == "link":
        source.location.symlink_to(root.parent / "moved.txt")
    elif successor == "pipe":
        os.mkfifo(source.location)
    elif successor == "folder":
        source.location.mkdir()
    reasons = {"pipe": "special_file", "folder": "unreadable"}
    assert refusal(parser, source) == reasons.get(successor, "changed")

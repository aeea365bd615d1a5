from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.discovery import Skipped, discover
from ingest.errors import UnreadableFile
from ingest.media import DOCX, HTML, MARKDOWN, PLAIN
from ingest.reading import read, read_text, readers_of
from tests.fakes.files import write_pdf

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import SourceFile

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


def source(folder: Path, name: str, content: bytes) -> SourceFile:
    (folder / name).write_bytes(content)
    (found,) = discover([folder / name]).found
    assert not isinstance(found, Skipped)
    return found


def refusal(found: SourceFile) -> str:
    with pytest.raises(UnreadableFile) as error:
        read(found)
    return error.value.reason


@pytest.mark.parametrize(
    ("name", "content", "reader"),
    [
        ("a.txt", "Оплата в срок 30 дней.", "plain/1"),
        ("README", "Read me.", "plain/1"),
        ("a.json", '{"a": 1}', "structured/1"),
        ("a.yaml", "a: 1", "structured/1"),
        ("a.xml", "<a>1</a>", "structured/1"),
        ("a.md", "# Title\n\nText.", "markdown/1"),
        ("a.py", "def f(): pass", "code/3"),
        ("a.h", "class A {};", "code/3"),
        ("a.html", "<h1>Title</h1><p>The text of a paragraph.</p>", "html/2"),
        ("a.csv", "Item,Price\nSeat,5\n", "csv/1"),
        ("a.tsv", "Item\tPrice\nSeat\t5\n", "csv/1"),
        ("a.org", "* Plan\n\nGo.\n", "org/1"),
    ],
)
def test_the_ending_picks_the_reader(tmp_path: Path, name: str, content: str, reader: str) -> None:
    found = source(tmp_path, name, content.encode())
    document = read(found)
    assert document.reader == reader == readers_of(found.media_type)[0]
    for element in document.elements:
        assert element.text == document.text[element.start : element.end]
    if reader != "html/2":
        assert document.text == content


@pytest.mark.parametrize(
    ("media_type", "reader"),
    [(DOCX, "docx/2"), (HTML, "html/2"), (MARKDOWN, "markdown/1"), (PLAIN, "plain/1")],
)
def test_readers_have_names(media_type: str, reader: str) -> None:
    assert readers_of(media_type) == (reader,)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"not a PDF", "wrong_extension"),
        ("a.pdf", b"%PDF-1.7 and then nothing", "broken"),
        ("a.docx", b"not a zip", "wrong_extension"),
        ("a.docx", b"PK\x03\x04 and then nothing", "broken"),
        ("a.docx", OLE, "encrypted"),
        ("a.txt", b"%PDF-1.7", "wrong_extension"),
        ("a.py", b"PK\x03\x04", "wrong_extension"),
        ("a.md", b" \n\t\n", "no_text"),
        ("a.txt", bytes(range(256)) * 8, "not_text"),
    ],
)
def test_bad_content_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    assert refusal(source(tmp_path, name, content)) == reason


def test_a_file_that_changes_after_discovery_is_refused(tmp_path: Path) -> None:
    found = source(tmp_path, "a.txt", b"first")
    found.location.write_bytes(b"first and more")
    assert refusal(found) == "changed"
    found.location.write_bytes(b"")
    assert refusal(found) == "empty"
    found.location.unlink()
    assert refusal(found) == "changed"
    found.location.mkdir()
    assert refusal(found) in ("special_file", "unreadable")


@pytest.mark.parametrize("ending", ["pdf", "md"])
def test_a_file_that_lies_under_another_name_is_called_by_its_own(tmp_path: Path, ending: str) -> None:
    write_pdf(tmp_path / "agency.pdf", ["The Agent earns a commission."])
    content = (tmp_path / "agency.pdf").read_bytes() if ending == "pdf" else b"The Agent earns a commission."
    staged = source(tmp_path, f"4b09e8c7.{ending}", content)

    assert read(replace(staged, path=f"contracts/agency.{ending}")).title == "agency"


@pytest.mark.skipif(sys.platform == "win32", reason="needs Unix pipes")
def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    found = source(tmp_path, "a.txt", b"text")
    found.location.unlink()
    os.mkfifo(found.location)
    assert refusal(found) == "special_file"


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), (" \n\u3000", "no_text")])
@pytest.mark.parametrize("path", ["a.txt", "a.md", "a.py", "unknown"])
def test_text_without_text_is_refused(text: str, reason: str, path: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read_text(text, path)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("path", "reader"),
    [("a.md", "markdown/1"), ("src/a.rs", "code/3"), ("a.pdf", "plain/1"), ("a", "plain/1"), ("", "plain/1")],
)
def test_decoded_text_is_read_by_its_path(path: str, reader: str) -> None:
    assert read_text("fn main() {}", path).reader == reader


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(exclude_categories=[]) | st.sampled_from("\0\ud800\udfff"), min_size=1),
    st.sampled_from(["a.md", "a.py", "a.js", "a.txt"]),
)
def test_any_text_becomes_storable_with_true_offsets(text: str, path: str) -> None:
    if not text.strip():
        return
    document = read_text(text, path)
    assert len(document.text) == len(text)
    assert all(kept in (given, "\ufffd") for kept, given in zip(document.text, text, strict=True))
    document.text.encode()
    document.title.encode()
    assert "\0" not in document.text
    for element in document.elements:
        assert element.text == document.text[element.start : element.end]

"""Word, PowerPoint and Excel files of before 2007: made byte by byte, and real ones."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from ingest.errors import UnreadableFile
from ingest.readers.old_office import read_doc, read_ppt, read_xls
from tests.fakes.files import write_docx
from tests.fakes.packages import record, slide_streams, word_streams, write_compound
from tests.properties import check_document, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.model import Document

PLAIN = b"\0\0"
HEADING = b"\2\0"
CELL, ROW = b"\0\0\x16\x24\1\0", b"\0\0\x16\x24\1\x17\x24\1\0\0"
ITEM = b"\0\0\x0b\x46\1\0"


def refusal(read: Callable[[Path], Document], location: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(location)
    return caught.value.reason


def test_an_old_word_document_falls_into_its_elements(tmp_path: Path) -> None:
    streams = word_streams(
        [
            ("Договор\r", HEADING),
            ("See \x13 HYPERLINK x \x14the site\x15 for\x0bmore\x1edetail.\r", PLAIN),
            ("apples\r", ITEM),
            ("Item\x07", CELL),
            ("Price\x07", CELL),
            ("\x07", ROW),
            ("Seat\x07", CELL),
            ("5 €\x07", CELL),
            ("\x07", ROW),
            ("The end.\r", PLAIN),
        ]
    )
    document = read_doc(write_compound(tmp_path / "old.doc", streams))
    assert shape(document) == [
        ("heading", 2, "Договор"),
        ("paragraph", None, "See the site for\nmore-detail."),
        ("list_item", 1, "apples"),
        ("table", None, "Item | Price\nSeat | 5 €"),
        ("paragraph", None, "The end."),
    ]
    check_document(document)
    assert (document.title, document.reader) == ("Договор", "doc/1")


def test_notes_of_an_old_word_document_follow_its_text(tmp_path: Path) -> None:
    paragraphs = [("Fees\x02 apply.\r", PLAIN), ("\x02 Net of tax.\r", PLAIN), ("Secret\r", PLAIN)]
    lengths = [len(words) for words, _ in paragraphs]
    streams = word_streams(paragraphs, [lengths[0], lengths[1], lengths[2]])
    document = read_doc(write_compound(tmp_path / "old.doc", streams))
    assert shape(document) == [
        ("paragraph", None, "Fees[1] apply."),
        ("heading", 1, "Footnotes"),
        ("paragraph", None, "[1] Net of tax."),
        ("header", None, "Secret"),
    ]


def test_old_word_documents_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    streams = word_streams([("Words.\r", PLAIN)])
    assert read_doc(write_compound(tmp_path / "a.doc", streams)).text == "Words."
    locked = word_streams([("Words.\r", PLAIN)], flags=0x100)
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", locked)) == "encrypted"
    ancient = {**streams, "WordDocument": b"\xec\xa5\x65\x00" + streams["WordDocument"][4:]}
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", ancient)) == "unsupported"
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", {"WordDocument": b""})) == "broken"
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", {"EncryptedPackage": b""})) == "encrypted"
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", {"Book": b""})) == "broken"
    assert refusal(read_doc, write_compound(tmp_path / "a.doc", word_streams([("\r", PLAIN)]))) == "no_text"
    (tmp_path / "a.doc").write_bytes(b"Dear Sir or Madam")
    assert refusal(read_doc, tmp_path / "a.doc") == "wrong_extension"


def test_a_newer_file_may_keep_the_old_ending(tmp_path: Path) -> None:
    write_docx(tmp_path / "new.doc")
    assert read_doc(tmp_path / "new.doc").reader == "docx/2"
    (tmp_path / "rich.doc").write_bytes(rb"{\rtf1 Rich text.}")
    assert read_doc(tmp_path / "rich.doc").text == "Rich text."


def text(role: int, words: str) -> bytes:
    return record(0x0F9F, struct.pack("<I", role)) + record(0x0FA0, words.encode("utf-16-le"))


def listed(reference: int, identity: int, texts: bytes = b"") -> bytes:
    return record(0x03F3, struct.pack("<IIIII", reference, 0, 0, identity, 0)) + texts


def slide(shapes: bytes, notes: int = 0) -> bytes:
    return record(0x03EE, record(0x03EF, bytes(16) + struct.pack("<II", notes, 0)) + shapes, opens=True)


def presentation(token: int = 0xE391C05F) -> dict[str, bytes]:
    document = record(
        0x03E8,
        record(0x03E9, struct.pack("<II", 5760, 4320))
        + record(
            0x0FF0,
            listed(2, 256, text(1, "One\rTwo\x0bmore") + text(0, "Plans"))
            + listed(3, 257)
            + listed(4, 258, text(6, "Ends")),
            opens=True,
        )
        + record(0x0FF0, listed(5, 300), opens=True, instance=2),
        opens=True,
    )
    box = record(0xF00D, record(0x0F9F, struct.pack("<I", 4)) + record(0x0FA8, b"caf\xe9"), opens=True)
    refers = record(0xF00D, record(0x0F9E, struct.pack("<I", 1)), opens=True)
    return slide_streams(
        document,
        [
            slide(box + refers, notes=300),
            slide(b""),
            slide(b""),
            slide(record(0xF00D, text(2, "Say it slowly."), opens=True)),
        ],
        token=token,
    )


def test_an_old_presentation_falls_into_its_slides(tmp_path: Path) -> None:
    document = read_ppt(write_compound(tmp_path / "talk.ppt", presentation()))
    assert [(e.page, e.kind, e.text) for e in document.elements] == [
        (1, "heading", "Plans"),
        (1, "paragraph", "café"),
        (1, "list_item", "One"),
        (1, "list_item", "Two\nmore"),
        (1, "heading", "Speaker notes"),
        (1, "paragraph", "Say it slowly."),
        (3, "heading", "Ends"),
    ]
    check_document(document)
    assert [(page.number, page.width, page.height) for page in document.pages] == [
        (1, 720.0, 540.0),
        (2, 720.0, 540.0),
        (3, 720.0, 540.0),
    ]
    assert document.warnings == ("Slides without words, whose pictures were not read: 2.",)
    assert (document.title, document.reader) == ("Plans", "ppt/1")


def test_old_presentations_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    locked = presentation(token=0xF3D1C4DF)
    assert refusal(read_ppt, write_compound(tmp_path / "a.ppt", locked)) == "encrypted"
    cut = {**presentation(), "PowerPoint Document": b"\0" * 64}
    assert refusal(read_ppt, write_compound(tmp_path / "a.ppt", cut)) == "broken"
    assert refusal(read_ppt, write_compound(tmp_path / "a.ppt", {"Current User": b""})) == "broken"


def test_an_old_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refusal(read_xls, write_compound(tmp_path / "a.xls", {"Workbook": b"\0" * 64})) == "broken"
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert refusal(read_xls, tmp_path / "a.xls") == "broken"


@needs_shared
def test_a_real_old_workbook_shows_its_cells() -> None:
    document = read_xls(shared("fixtures/unstructured/xls/tests-example.xls"))
    check_document(document)
    assert ("heading", 3, "Abbreviation | Question Type") in shape(document)
    assert "MC | What is 2+2? | 4 | correct | 3 | incorrect" in document.text


@needs_shared
@pytest.mark.parametrize(("ending", "read", "count"), [("doc", read_doc, 5), ("ppt", read_ppt, 3)])
def test_real_old_files_are_all_read(ending: str, read: Callable[[Path], Document], count: int) -> None:
    documents = [read(file) for file in sorted(shared("fixtures").rglob(f"*.{ending}"))]
    assert len(documents) >= count
    for document in documents:
        check_document(document)

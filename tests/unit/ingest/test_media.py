from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.media import (
    CSV,
    DOC,
    DOCX,
    EPUB,
    HTML,
    MARKDOWN,
    ODT,
    ORG,
    PDF,
    PLAIN,
    PPT,
    PPTX,
    RTF,
    XLS,
    XLSX,
    check_signature,
    language_of,
    media_type_of,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("contract.PDF", PDF),
        ("a/b.docx", DOCX),
        ("page.htm", HTML),
        ("notes.markdown", MARKDOWN),
        ("README", PLAIN),
        ("Dockerfile", "text/x-dockerfile"),
        ("CMakeLists.txt", "text/x-cmake"),
        ("deploy/Rakefile", "text/x-ruby"),
        ("main.tf", "text/x-hcl"),
        ("data.csv", CSV),
        ("data.tsv", CSV),
        ("talk.pptx", PPTX),
        ("macros.xlsm", XLSX),
        ("old.doc", DOC),
        ("old.PPT", PPT),
        ("old.xls", XLS),
        ("text.odt", ODT),
        ("book.epub", EPUB),
        ("letter.rtf", RTF),
        ("notes.org", ORG),
        ("film.mp4", None),
        ("archive.tar.gz", None),
        ("Session", None),
        (".env", None),
    ],
)
def test_the_name_decides_the_media_type(name: str, media_type: str | None) -> None:
    assert media_type_of(PurePath(name)) == media_type


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("a.pyi", "python"),
        ("a.mjs", "javascript"),
        ("a.jsx", "javascript"),
        ("a.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("a.go", "go"),
        ("A.java", "java"),
        ("a.c", "c"),
        ("a.h", "cpp"),
        ("a.hh", "cpp"),
        ("a.cxx", "cpp"),
        ("a.rs", "rust"),
        ("a.txt", None),
        ("a.html", None),
    ],
)
def test_code_has_a_language(name: str, language: str | None) -> None:
    media_type = media_type_of(PurePath(name))
    assert media_type is not None
    assert language_of(media_type) == language


@pytest.mark.parametrize(
    ("media_type", "head"),
    [
        (PDF, b"%PDF-1.7\n"),
        (PDF, b"\r\n" * 500 + b"%PDF-1.4"),
        (DOCX, b"PK\x03\x04\x14\x00"),
        (XLSX, b"PK\x03\x04\x14\x00"),
        (EPUB, b"PK\x03\x04\x14\x00"),
        (DOC, OLE),
        (DOC, b"PK\x03\x04"),
        (DOC, b"{\\rtf1"),
        (RTF, b"\n{\\rtf1"),
        (PLAIN, b"PK is how this sentence begins"),
        (PLAIN, "текст".encode("utf-16")),
        (MARKDOWN, b""),
    ],
)
def test_agreeing_content_passes(media_type: str, head: bytes) -> None:
    check_signature(media_type, head)


@pytest.mark.parametrize(
    ("media_type", "head", "reason"),
    [
        (PDF, b"Hello", "wrong_extension"),
        (PDF, b"PK\x03\x04", "wrong_extension"),
        (DOCX, b"%PDF-1.7", "wrong_extension"),
        (DOCX, b"", "wrong_extension"),
        (DOCX, OLE, "encrypted"),
        (PPTX, OLE, "encrypted"),
        (ODT, OLE, "wrong_extension"),
        (EPUB, b"<html>", "wrong_extension"),
        (DOC, b"Dear Sir", "wrong_extension"),
        (XLS, b"%PDF-1.7", "wrong_extension"),
        (RTF, b"PK\x03\x04", "wrong_extension"),
        (CSV, b"PK\x03\x04", "wrong_extension"),
        (PLAIN, OLE, "wrong_extension"),
        (PLAIN, b"%PDF-1.7", "wrong_extension"),
        (MARKDOWN, b"PK\x03\x04", "wrong_extension"),
        ("text/x-python", b"\x7fELF\x02", "wrong_extension"),
        (HTML, b"\x89PNG\r\n\x1a\n", "wrong_extension"),
        (PLAIN, b"\xff\xd8\xff\xe0", "wrong_extension"),
    ],
)
def test_contradicting_content_is_refused(media_type: str, head: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        check_signature(media_type, head)
    assert refusal.value.reason == reason


@given(st.sampled_from([PLAIN, MARKDOWN, HTML, "text/x-go"]), st.text())
def test_utf8_text_is_never_taken_for_binary(media_type: str, text: str) -> None:
    if not text.startswith(("%PDF-", "PK\x03\x04", "\x7fELF", "GIF8", "SQLite format 3\0")):
        check_signature(media_type, text.encode())

"""Names and sizes of files that people send."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.bots.platform import Attachment
from service.bots.uploads import path_of, shown_name, too_large
from service.jobs.receiving import safe_path
from tests.fakes.chat import MemoryChat, message


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("lease.pdf", "lease.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\lease.pdf", "lease.pdf"),
        ("con\u202efdp.exe", "confdp.exe"),
        ("..", "file"),
        ("", "file"),
        ("\x00\n", "file"),
        ("договор.docx", "договор.docx"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
    ],
)
def test_names_are_the_last_part_and_visible(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@given(st.text(max_size=200))
def test_every_name_makes_a_path_that_the_server_takes(name: str) -> None:
    path = path_of(MemoryChat(), message(chat="-100"), shown_name(name))
    assert safe_path(path) == unicodedata.normalize("NFC", path)
    assert path.startswith("memory/-100/")
    assert path.count("/") == 2


def test_too_large_is_said_before_anything_is_fetched() -> None:
    assert not too_large(Attachment("f", "a.pdf", 2**20), 2**20)
    assert not too_large(Attachment("f", "a.pdf", None), 2**20)
    said = too_large(Attachment("f", "../a.pdf", 5 * 2**20), 2**20)
    assert said == "a.pdf has 5.0 MB; files of up to 1.0 MB can be sent here."

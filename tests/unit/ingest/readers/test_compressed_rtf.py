"""Outlook's compressed rich text."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers.compressed_rtf import unpack_rtf

HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
"""The example of the specification."""


def test_references_reach_into_the_preset_window() -> None:
    assert unpack_rtf(HELLO) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"


def test_a_reference_may_overlap_what_it_writes() -> None:
    offset = 207  # where the first byte is written
    body = b"\x06a" + struct.pack(">H", offset << 4 | 3) + struct.pack(">H", (offset + 6) << 4)
    assert unpack_rtf(struct.pack("<IIII", len(body) + 12, 6, 0x75465A4C, 0) + body) == b"a" * 6


def test_stored_text_is_given_as_it_is() -> None:
    assert unpack_rtf(struct.pack("<IIII", 17, 5, 0x414C454D, 0) + b"{\\rtf}") == b"{\\rtf"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HELLO[:10], "broken"),
        (HELLO[:8] + b"what" + HELLO[12:], "broken"),
        (HELLO[:4] + b"\xff" * 4 + HELLO[8:], "unpacks_too_large"),
    ],
)
def test_damage_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        unpack_rtf(data)
    assert error.value.reason == reason


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_give_no_more_than_they_say(body: bytes, size: int) -> None:
    assert len(unpack_rtf(struct.pack("<IIII", 0, size, 0x75465A4C, 0) + body)) <= size

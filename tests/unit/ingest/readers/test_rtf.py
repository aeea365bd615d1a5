from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers.rtf import read_rtf
from tests.properties import check_document, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import Document

CONTRACT = rb"""{\rtf1\ansi\ansicpg1251\deff0
{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset0 Times;}{\f2\fcharset161 Greek;}}
{\colortbl;\red0;}{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s2 heading 2;}}
{\info{\title The file}{\author Ann}}
{\header\pard Confidential\par}
\pard\s1 \'c4\'ee\'e3\'ee\'e2\'ee\'f0\par
\pard\s2\outlinelevel1 Fees\par
\pard Pay \u8364?100 \endash  or {\f2\'e1} more{\v hidden}{\deleted gone}.{\*\bkmkstart x}
{\super\chftn}{\footnote\pard {\super\chftn} Net of tax.\par}\par
{\listtext 1.\tab}first\par
\trowd\cellx1\cellx2\pard\intbl Item\cell Price\cell\row
\pard\intbl Seat\par again\cell {\field{\*\fldinst HYPERLINK "x"}{\fldrslt 5}}\cell\row
\pard{\pict 00ff00ff}{\object{\*\objdata 0102}{\result chart}}\par
{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt\pard In a box.\par}}{\shprslt older}}
\bin4 {}{}Done\u-10179?\u-8704?.\par}"""


def read(tmp_path: Path, data: bytes) -> Document:
    location = tmp_path / "contract.rtf"
    location.write_bytes(data)
    document = read_rtf(location)
    check_document(document)
    return document


def test_rich_text_falls_into_its_elements(tmp_path: Path) -> None:
    document = read(tmp_path, CONTRACT)
    assert shape(document) == [
        ("header", None, "Confidential"),
        ("heading", 1, "Договор"),
        ("heading", 2, "Fees"),
        ("paragraph", None, "Pay €100 – or α more.[1]"),
        ("paragraph", None, "[1] Net of tax."),
        ("list_item", 1, "1.\tfirst"),
        ("table", None, "Item | Price\nSeat again | 5"),
        ("paragraph", None, "chart"),
        ("paragraph", None, "Done😀."),
        ("paragraph", None, "In a box."),
    ]
    assert (document.title, document.reader, document.warnings) == ("Договор", "rtf/1", ())


def test_a_title_comes_from_the_properties_or_the_name(tmp_path: Path) -> None:
    assert read(tmp_path, rb"{\rtf1{\info{\title The file}}Words.}").title == "The file"
    assert read(tmp_path, rb"{\rtf1 Words.}").title == "contract"


def test_a_file_that_is_cut_says_so(tmp_path: Path) -> None:
    document = read(tmp_path, rb"{\rtf1 Words{\b  that go")
    assert document.text == "Words that go"
    assert len(document.warnings) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"Dear Sir", "wrong_extension"), (rb"{\rtf1{\pict 00}}", "no_text")],
)
def test_what_holds_no_words_is_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path, data)
    assert caught.value.reason == reason


def test_deep_groups_are_no_danger(tmp_path: Path) -> None:
    assert read(tmp_path, rb"{\rtf1 " + b"{" * 100_000 + b"deep" + b"}" * 100_001).text == "deep"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            rb"{ } \par \cell \row \intbl \pard {\footnote {\header \u8364? \'e4 \uc0 \f1 \bin9 \*".split()
        )
        | st.binary(max_size=6)
    )
)
def test_any_rich_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[bytes]
) -> None:
    try:
        read(tmp_path_factory.mktemp("rtf"), b"{\\rtf1 " + b" ".join(tokens))
    except UnreadableFile as refused:
        assert refused.reason in {"no_text", "broken"}  # noqa: PT017 — either outcome is right


@needs_shared
def test_real_files_are_all_read() -> None:
    files = list(shared("fixtures").rglob("*.rtf"))
    assert len(files) >= 8
    for file in files:
        check_document(read_rtf(file))

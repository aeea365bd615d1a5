from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.composing import LONGEST_TABLE
from ingest.readers.decoding import decode
from ingest.readers.org import read_org
from tests.properties import check_elements, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from ingest.model import Document

NOTES = """#+TITLE: Field  notes

* Plan
:PROPERTIES:
:ID: 7
:END:
We go north,
then east.
- water
  and more of it
  1. filter
| Day | Miles |
|-----+-------|
| 1   | 12    |
#+begin_src sh
,* no heading
#+end_src
#+BEGIN_QUOTE
Go.
#+END_QUOTE
** TODO Return
"""


def read(text: str) -> Document:
    document = read_org(text, "notes/trip.org")
    assert document.text == text
    check_elements(document)
    return document


def test_org_text_falls_into_its_blocks() -> None:
    document = read(NOTES)
    assert shape(document) == [
        ("paragraph", None, "#+TITLE: Field  notes"),
        ("heading", 1, "* Plan"),
        ("code", None, ":PROPERTIES:\n:ID: 7\n:END:"),
        ("paragraph", None, "We go north,\nthen east."),
        ("list_item", 1, "- water\n  and more of it"),
        ("list_item", 2, "1. filter"),
        ("table", None, "| Day | Miles |\n|-----+-------|\n| 1   | 12    |"),
        ("code", None, "#+begin_src sh\n,* no heading\n#+end_src"),
        ("paragraph", None, "#+BEGIN_QUOTE\nGo.\n#+END_QUOTE"),
        ("heading", 2, "** TODO Return"),
    ]
    assert (document.title, document.reader) == ("Field notes", "org/1")


def test_a_title_comes_from_the_first_heading_or_the_name() -> None:
    assert read("text\n* Plan\n").title == "Plan"
    assert read("text\n").title == "trip"


def test_a_block_without_an_end_is_none() -> None:
    assert [each.kind for each in read("#+begin_src\ntext\n* Plan\n").elements] == ["paragraph", "heading"]


def test_long_tables_are_cut() -> None:
    document = read("| cell | cell |\n" * 500)
    assert all(len(each.text) <= LONGEST_TABLE for each in document.elements)


@given(
    st.lists(
        st.sampled_from(["* ", "** a", "\n", "- x\n", "|a|\n", "#+begin_src\n", "#+end_src\n", ":END:\n"])
        | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=9)
    ).map("".join)
)
def test_any_text_gives_sound_elements(text: str) -> None:
    read(text)


@needs_shared
def test_real_org_files_are_read() -> None:
    files = list(shared("fixtures").rglob("*.org"))
    assert len(files) >= 7
    for file in files:
        assert read(decode(file.read_bytes())).elements

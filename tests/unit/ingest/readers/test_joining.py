"""Documents joined: every offset moves, and still tells the truth."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Document, Element, Line, Page
from ingest.outline.sections import find_sections
from ingest.readers.code import read_code
from ingest.readers.joining import Joining
from ingest.readers.markdown import read_markdown
from ingest.readers.plain import read_plain

PARTS = st.sampled_from(
    [
        read_plain("ARTICLE IV\n\n4.2 Fees. The fees are due.\n", "a"),
        read_markdown("# Rent\n\nThe rent.\n\n## Late\n\n- interest\n", "a"),
        read_code("class A:\n    def f(self):\n        return 1\n", "a.py", "python"),
        read_plain("  \n", "a"),
    ]
)


@given(st.lists(PARTS | st.text(max_size=30)))
def test_everything_stays_an_exact_slice(parts: list[Document | str]) -> None:
    joining = Joining()
    for part in parts:
        if isinstance(part, Document):
            joining.include(part)
        else:
            joining.add(part, "paragraph")
    document = joining.document("title", "reader")
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == document.text[element.start : element.end]
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()
    for symbol in document.symbols:
        assert document.text.startswith(symbol.name.rpartition(".")[2], symbol.name_start)
        assert symbol.start <= symbol.name_start < symbol.end


def test_headings_of_a_part_stand_below_its_name() -> None:
    joining = Joining()
    joining.add("first.md", "heading", level=1)
    joining.include(read_markdown("# Rent\n\nThe rent.\n\n## Late\n\nInterest.", ""), below=1)
    joining.add("second.txt", "heading", level=1)
    joining.include(read_plain("ARTICLE IV\n\nFees.", ""), below=1)
    assert [section.path for section in find_sections(joining.document("t", "r"))] == [
        ("first.md",),
        ("first.md", "Rent"),
        ("first.md", "Rent", "Late"),
        ("second.txt",),
        ("second.txt", "ARTICLE IV"),
    ]


def test_pages_of_a_part_are_not_those_of_the_whole_and_warnings_are() -> None:
    line = Line(0, 4, 7, 1.0, 2.0, array("f", [0, 1, 2, 3, 4]))
    element = Element(0, 4, "Rent", "paragraph", page=7, lines=(line,))
    joining = Joining()
    joining.include(Document("Rent", "t", (element,), (Page(7, 0, 4, 1, 1),), warnings=("page 8 is a scan",)))
    document = joining.document("t", "r", warnings=("more",))
    assert (document.pages, document.elements[0].page, document.elements[0].lines) == ((), None, ())
    assert document.warnings == ("page 8 is a scan", "more")

"""Headings whose depth the document states: numbers do not overrule it."""

from __future__ import annotations

from ingest.outline.numbering import number_at
from ingest.outline.sections import find_sections
from ingest.readers.joining import Joining
from ingest.reading import read_text


def paths(text: str) -> list[tuple[str, ...]]:
    return [section.path for section in find_sections(read_text(text, "a.md"))]


def test_a_stated_level_overrules_what_the_number_tells() -> None:
    assert paths("# 1. Goods\n\nx\n\n## 2. Bolts\n\nx\n\n### 3. Long bolts\n\nx\n\n# 4. Price\n\nx\n") == [
        ("1. Goods",),
        ("1. Goods", "2. Bolts"),
        ("1. Goods", "2. Bolts", "3. Long bolts"),
        ("4. Price",),
    ]


def test_headings_that_come_again_are_kept_where_they_are_stated() -> None:
    text = "".join(f"# 1.{n}\n\n## Added\n\nx\n\n" for n in range(4))
    assert [path[-1] for path in paths(text)].count("Added") == 4


def test_a_number_under_a_stated_heading_does_not_go_on_above_it() -> None:
    text = "1. One goes first.\n\n2. Two goes second.\n\n# Next\n\n3. Three is another list's.\n"
    assert [path for path in paths(text) if path[-1].startswith("3")] == []


def test_exhibits_of_one_part_do_not_swallow_the_next() -> None:
    joining = Joining()
    for name in ("a.txt", "b.txt"):
        joining.add(name, "heading", level=1)
        text = "1. Goods. The goods.\n\nExhibit A\n\n1. Bolts. Of steel.\n\n2. Nuts. Of brass.\n"
        joining.include(read_text(text, name), below=1)
    document = joining.document("t", "mail/1")
    found = [section.path for section in find_sections(document)]
    assert {path[0] for path in found} == {"a.txt", "b.txt"}
    assert [path for path in found if path[-1] == "2. Nuts"] == [
        ("a.txt", "Exhibit A", "2. Nuts"),
        ("b.txt", "Exhibit A", "2. Nuts"),
    ]


def test_the_name_of_a_file_is_no_number() -> None:
    assert number_at("1.eml", 0, 5) is None
    assert number_at("1.Definitions", 0, 13) is not None

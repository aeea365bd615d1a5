"""What tools return: lines of ours first, passages as everywhere, each once, within their room."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.model import ContextPassage, PromptPassage
from prompts.render import DocumentName, render_passages
from prompts.tool_results import (
    DocumentsListed,
    PassagesFound,
    Trouble,
    document_line,
    name_markers,
    render_result,
)

NAMES = {n: DocumentName(n, f"contracts/{n}.pdf", f"Agreement {n}") for n in range(1, 10)}
TEXT = st.text(alphabet=st.sampled_from('ab #[D7:31] "\\\n<|user>/think第'), min_size=1, max_size=120)


def count(text: str) -> int:
    return len(text) // 4 + 1


def passage(document: int, number: int, text: str = "The fee is $5.") -> PromptPassage:
    return PromptPassage(document, number, 100 * number, text)


def test_passages_are_rendered_as_everywhere_under_lines_of_ours() -> None:
    found = [passage(7, 3), passage(2, 9)]

    rendered = render_result(PassagesFound(found, NAMES, ranked=True), (), 1_000, count)

    assert rendered.text == f"Most relevant first: D7:3, D2:9.\n{render_passages(found, NAMES)}"
    assert set(rendered.shown) == set(found)
    assert (rendered.found, rendered.error) == (2, None)


def test_what_was_shown_is_only_named() -> None:
    found = [passage(7, 3), passage(7, 4), passage(7, 5)]

    rendered = render_result(PassagesFound(found, NAMES), {"D7:3", "D7:4"}, 1_000, count)

    assert rendered.text.startswith("Shown above: D7:3-4.\n\n# D7 ")
    assert rendered.shown == (found[2],)


def test_what_finds_no_room_is_named_the_best_is_kept() -> None:
    found = [passage(7, n, "long " * 40) for n in (9, 1, 5)]

    rendered = render_result(PassagesFound(found, NAMES, ranked=True), (), 80, count)

    assert rendered.shown == (found[0],)
    assert "Too long to show here: D7:1, D7:5.\n" in rendered.text


def test_what_passages_need_comes_along_and_says_why() -> None:
    needed = passage(7, 1, "“Fee” means five dollars.")
    beside = ContextPassage(needed, "definition", "Fee", 100, 120, "D7:3")

    rendered = render_result(PassagesFound([passage(7, 3)], NAMES, context=[beside]), (), 1_000, count)

    assert rendered.text.startswith("Context: D7:1 (definition of Fee).\n")
    assert set(rendered.shown) == {passage(7, 3), needed}
    assert rendered.found == 1


def test_nothing_found_is_said_after_the_remarks() -> None:
    rendered = render_result(PassagesFound([], {}, remarks=("It took too long.",)), (), 100, count)

    assert rendered.text == "It took too long.\nNothing was found.\n"


def test_more_that_was_found_is_named() -> None:
    others = tuple(f"D3:{n}" for n in range(2, 9)) + tuple(f"D4:{n}" for n in range(1, 200, 2))

    text = render_result(PassagesFound([passage(7, 3)], NAMES, others=others), (), 1_000, count).text

    assert "Not shown: D3:2-8, D4:1, D4:3, " in text
    assert " and 71 more.\n" in text


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 30), TEXT), max_size=12), st.integers(0, 400))
def test_a_result_keeps_its_room_and_nothing_in_it_is_forged(
    rows: list[tuple[int, int, str]], room: int
) -> None:
    found = list({(d, n): passage(d, n, text) for d, n, text in rows}.values())

    rendered = render_result(PassagesFound(found, NAMES), (), room, count)

    assert count(render_passages(rendered.shown, NAMES)) <= room + len(rendered.shown) + 1
    markers = [m[1] for m in re.finditer(r"^\[(D\d+:\d+)\] ", rendered.text, re.MULTILINE)]
    assert sorted(markers) == sorted(p.marker for p in rendered.shown)
    assert rendered.text.count("\n# D") == len({p.document for p in rendered.shown})
    assert not re.search(r"<\|user\|>|</?think>", rendered.text)


def test_documents_are_listed_on_a_line_each_and_the_list_goes_on() -> None:
    listed = [(DocumentName(n, f"a\n/{n}.md", "[D7:31] <|user|>"), n) for n in (1, 2)]

    rendered = render_result(DocumentsListed(listed, 9, more=True), (), 1_000, count)

    assert rendered.text == (
        "2 of 9 documents:\nD1 a /1.md ([\\D7:31] <\\|user|>), 1 passage\n"
        "D2 a /2.md ([\\D7:31] <\\|user|>), 2 passages\nGo on after D2.\n"
    )
    assert rendered.found == 2


def test_a_list_keeps_its_room() -> None:
    listed = [(NAMES[n], 3) for n in range(1, 10)]
    room = 3 * count(document_line(*listed[0])) + 1

    rendered = render_result(DocumentsListed(listed, 9, more=False), (), room, count)

    assert rendered.found == 3
    assert rendered.text.endswith("Go on after D3.\n")
    assert render_result(DocumentsListed(listed, 9, more=False), (), 1, count).found == 0
    assert render_result(DocumentsListed([], 0, more=False), (), 1, count).text == "No document fits.\n"


def test_trouble_forges_nothing_either() -> None:
    rendered = render_result(Trouble("unknown document '[D1:2]<|user|>'"), (), 100, count)

    assert rendered.text == "Error: unknown document '[\\D1:2]<\\|user|>'.\n"
    assert rendered.error == "unknown document '[\\D1:2]<\\|user|>'"


@pytest.mark.parametrize(
    ("markers", "named"),
    [
        (["D7:3"], "D7:3"),
        (["D7:4", "D7:3", "D7:5", "D2:10", "D7:9", "D7:3"], "D2:10, D7:3-5, D7:9"),
        (["D1:2", "D2:3"], "D1:2, D2:3"),
    ],
)
def test_markers_are_named_in_runs(markers: list[str], named: str) -> None:
    assert name_markers(markers) == named

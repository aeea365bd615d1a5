from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from prompts.blocks import BlockReader
from prompts.sentences import CITATION

if TYPE_CHECKING:
    from prompts.blocks import Block

LINES = st.sampled_from(
    [
        *"Words|more. |\n|\n|\n\n|- item |> |# head|```|~~~\n|---\n|**Bold**|1. |  |\t|- ".split("|"),
        "| a |",
        "|---|",
        CITATION,
    ]
)
WRITTEN = st.lists(st.one_of(LINES, st.text(max_size=3)), max_size=25).map("".join)


def split(text: str) -> list[Block]:
    return BlockReader().split_blocks(text)


def test_blocks_are_of_lines_that_belong_together() -> None:
    text = "# Head\nOne\ngoes on\n\n- item\n  of two\n| a |\n|---|\n| b |\n```\nx\n\ny\n```\n---\nLast"
    assert [(block.kind, text[block.start : block.end]) for block in split(text)] == [
        ("heading", "# Head"),
        ("paragraph", "One\ngoes on"),
        ("item", "- item\n  of two"),
        ("heading", "| a |"),
        ("row", "| b |"),
        ("code", "```\nx\n\ny\n```"),
        ("paragraph", "Last"),
    ]


@given(WRITTEN, st.lists(st.integers(0, 60), max_size=8))
def test_blocks_of_a_text_that_grows_are_those_of_the_whole(text: str, ends: list[int]) -> None:
    reader = BlockReader()
    for end in [*sorted(ends), len(text)]:
        assert reader.split_blocks(text[:end]) == split(text[:end])


@given(WRITTEN, WRITTEN, st.data())
def test_what_is_forgotten_changes_no_later_block(text: str, more: str, data: st.DataObject) -> None:
    reader = BlockReader()
    blocks = [block for block in reader.split_blocks(text) if block.kind != "rule"]
    if blocks:
        kept = data.draw(st.sampled_from(blocks)).start
        reader.forget(kept)
        whole = [block for block in split(text + more) if block.start >= kept]
        assert reader.split_blocks(text + more) == whole

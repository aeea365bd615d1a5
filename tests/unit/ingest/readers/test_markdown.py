"""Blocks of Markdown as exact slices of its text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.readers.markdown import LONGEST_WINDOWS, read_markdown

if TYPE_CHECKING:
    from ingest.model import Document

PAGE = """---
title: Travel policy
---

# **Travel** [policy](policy.md)

Book *early*.
Book cheap.

Limits
------

- flights
  - economy

  second paragraph
- hotels

> Ask first.
> ## Exceptions

| City | Limit |
|------|-------|
| Rome | 120   |

```sh
book --cheap
```

    indented

[rates]: https://rates.example

***

1. one
"""
LINES = st.sampled_from(
    [*PAGE.splitlines(), "-", ">", "```", "\t- x", "  1) y", "<div>", "===", "\\", "\x0c"]
)


def check_document(document: Document) -> None:
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == document.text[element.start : element.end]
        assert element.text
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()


def shape(text: str) -> list[tuple[str, int | None, str]]:
    return [(e.kind, e.level, e.text) for e in read_markdown(text, "a.md").elements]


@given(st.text() | st.lists(LINES | st.text(max_size=12)).map("\n".join))
def test_every_character_that_is_not_space_stands_in_one_element(text: str) -> None:
    document = read_markdown(text, "a.md")
    assert document.text == text
    check_document(document)


@given(st.text("#>-*+`|~ =\t\n\r1.a[]:<\\", max_size=200))
def test_marks_in_any_order_are_survived(text: str) -> None:
    check_document(read_markdown(text, "a.md"))


def test_a_page_falls_into_its_blocks() -> None:
    assert shape(PAGE) == [
        ("code", None, "---\ntitle: Travel policy\n---"),
        ("heading", 1, "# **Travel** [policy](policy.md)"),
        ("paragraph", None, "Book *early*.\nBook cheap."),
        ("heading", 2, "Limits\n------"),
        ("list_item", 1, "- flights"),
        ("list_item", 2, "- economy"),
        ("paragraph", None, "second paragraph"),
        ("list_item", 1, "- hotels"),
        ("paragraph", None, "> Ask first."),
        ("heading", 2, "> ## Exceptions"),
        ("table", None, "| City | Limit |\n|------|-------|\n| Rome | 120   |"),
        ("code", None, "```sh\nbook --cheap\n```"),
        ("code", None, "indented"),
        ("paragraph", None, "[rates]: https://rates.example\n\n***"),
        ("list_item", 1, "1. one"),
    ]


def test_a_rule_belongs_to_what_stands_before_it_but_not_to_a_heading() -> None:
    assert shape("words\n\n***") == [("paragraph", None, "words\n\n***")]
    assert shape("# A\n\n***") == [("heading", 1, "# A"), ("paragraph", None, "***")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (PAGE, "Travel policy"),
        (PAGE.partition("---\n\n")[2], "Travel policy"),
        ("---\ntitle: 'It''s'\n---\n", "It''s"),
        ("#\n\n## `code` & <b>bold</b> &amp; more", "code & bold & more"),
        ("words", "a.b"),
        ("", "a.b"),
    ],
)
def test_the_title_is_named_or_the_first_heading_or_the_file(text: str, title: str) -> None:
    assert read_markdown(text, "x/a.b.md").title == title


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert shape("---\nwords\n---\n")[0][0] == "paragraph"


@pytest.mark.parametrize(
    "text",
    [
        "> " * 20_000 + "x",
        "- " * 20_000 + "x",
        "".join("  " * depth + "- a\n" for depth in range(200)),
        "[" * 100_000,
        "# " + "*_" * 50_000,
        "# " + "[" * 50_000,
        "---\n\n" * 5_000,
        "[a]: <b\n" * 5_000,
    ],
)
def test_hostile_nesting_ends_soon(text: str) -> None:
    started = time.process_time()
    check_document(read_markdown(text, "a.md"))
    assert time.process_time() - started < 2


MARKED = """# Heading|words||- item|  more|```|> quote|===|2. two|<div>|    code|[a]: /b|***|\t- deep
|words, long words, words that fill more than a window""".split("|")
ROWS = ["| a | b |", "|---|---|"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(MARKED + ROWS), max_size=60).map("\n".join), st.integers(1, 80))
def test_windows_change_nothing(text: str, window: int) -> None:
    whole = read_markdown(text, "a.md")
    pieces = read_markdown(text, "a.md", window=max(window, len(text) // LONGEST_WINDOWS))
    assert pieces == whole


def test_a_block_longer_than_all_windows_is_cut() -> None:
    told: list[tuple[int, int]] = []
    text = "- item\n" * 1000
    document = read_markdown(text, "a.md", lambda done, total: told.append((done, total)), window=100)
    assert "".join(element.text for element in document.elements) == "- item" * 1000
    assert told[-1][1] == len(text)

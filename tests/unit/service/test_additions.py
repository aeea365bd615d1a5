from __future__ import annotations

import time

import pytest

from service.additions import bare, without_additions


@pytest.mark.parametrize(
    "shown",
    [
        "4,200 [1].",
        "<think>Hm</think>4,200 [1].",
        "\n<think>a</think>\n<think>b</think>\n4,200 [1].\n",
        '<details type="reasoning" done="true">\n<summary>Thought</summary>\n> a\n</details>\n4,200 [1].',
        "4,200 [1].\n\n---\n\n**Sources**\n\n- [1] [Lease, p. 1](http://a/#/document/d/1/0-1): “4,200”",
    ],
)
def test_what_clients_and_footnotes_add_is_taken_off(shown: str) -> None:
    assert without_additions(shown) == "4,200 [1]."


def test_what_an_answer_says_itself_stays() -> None:
    for text in ("Use <think> tags.", "<details><summary>More</summary>a</details>", "a\n\n---\n\nb"):
        assert without_additions(text) == text
    assert without_additions("<think>cut short") == ""


def test_what_an_answer_and_its_copies_have_in_common() -> None:
    own = "4,200.\n\n---\n\n**Sources**\n\n- [1] the lease"
    footnotes = "\n\n---\n\n**Sources**\n\n- [1] [Lease](http://a/): “4,200”"

    copies = (own, f"{own}{footnotes}", without_additions(own), f"<think>Hm</think>\n{own}{footnotes}")

    assert {bare(copy) for copy in copies} == {"4,200."}
    assert bare("a\n\n---\n\nb") == "a\n\n---\n\nb"


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("<details" + ' type="reasoning"' * 250_000, None),
        ("<details>" * 400_000, None),
        (" " * 4_000_000 + "<think", "<think"),
        ("<think></think>" * 250_000 + "4,200", "4,200"),
        ('<details type="reasoning"></details>' * 100_000 + "4,200", "4,200"),
    ],
)
def test_megabytes_of_thinking_are_looked_through_once(answer: str, left: str | None) -> None:
    begun = time.process_time()
    assert without_additions(answer) == (answer if left is None else left)
    assert time.process_time() - begun < 10


def test_megabytes_of_lists_are_not_taken_off_one_by_one() -> None:
    begun = time.process_time()
    assert bare("a" + "\n---\n**Sources**\n- [1] b" * 150_000).startswith("a")
    assert time.process_time() - begun < 30

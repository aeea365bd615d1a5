"""A checked answer in a chat: footnotes, doubts said in words, links that can be followed."""

from __future__ import annotations

from typing import Any

import pytest

from service.bots.replying import NO_ANSWER, NOT_PROVEN, partly, reply_of
from tests.fakes.chat import answered
from tests.fakes.told import PLAN_OF_IT

SERVER = "https://lectern.example"
PLACE: dict[str, Any] = {
    "document_id": "doc",
    "number": 7,
    "version": 1,
    "path": "lease.pdf",
    "title": "Lease",
    "section": ["1. Rent"],
    "page_start": 3,
    "page_end": 3,
    "line_start": 1,
    "line_end": 1,
    "start_char": 10,
    "end_char": 20,
    "boxes": [],
    "marker": "D7:1",
    "cited_text": "the rent",
    "quote": "the rent",
    "support": 1.0,
}


def citation(index: int, answer: str, quoted: str = "exact") -> dict[str, Any]:
    at = answer.index(f"[{index}]")
    return {**PLACE, "index": index, "answer_spans": [{"start": at, "end": at + 3}], "quoted": quoted}


def claim(answer: str, words: str, *, supported: bool, substantive: bool = True) -> dict[str, Any]:
    start = answer.index(words)
    return {
        "start": start, "end": start + len(words), "substantive": substantive, "supported": supported,
        "score": 1.0, "citations": [], "missing": [],
    }  # fmt: skip


def test_each_mark_and_footnote_leads_to_its_place() -> None:
    text = "The **rent** is due [1]."
    reply = reply_of(answered(text, citations=[citation(1, text)]), SERVER)

    assert reply.text == "The rent is due [1].\n\n[1] lease.pdf, p. 3, 1. Rent"
    links = {words: url for words, _, url in reply.runs() if url}
    assert links == dict.fromkeys(("[1]", "lease.pdf, p. 3, 1. Rent"), f"{SERVER}/#/document/doc/7/10-20")


def test_without_an_address_that_people_reach_there_is_no_link() -> None:
    text = "The rent is due [1]."
    reply = reply_of(answered(text, citations=[citation(1, text)]), "")
    assert reply.text.endswith("[1] lease.pdf, p. 3, 1. Rent")
    assert reply.marks == ()


def test_what_is_not_proven_is_said_behind_the_claim() -> None:
    text = "The rent is due [1]. It is paid in shells [?].\n\n- A heading:\n"
    claims = [
        claim(text, "The rent is due [1].", supported=True),
        claim(text, "It is paid in shells [?].\n", supported=False),
        claim(text, "A heading:", supported=False, substantive=False),
    ]
    reply = reply_of(
        answered(text, citations=[citation(1, text)], claims=claims, unresolved=["D9:1"], grounded=False),
        SERVER,
    )

    assert reply.text.startswith(
        f"The rent is due [1]. It is paid in shells [?]. ({NOT_PROVEN})\n• A heading:\n\n[1] lease.pdf"
    )
    assert "[?] names a source that the model was not shown" in reply.text
    assert "do not support this statement" in reply.text


@pytest.mark.parametrize(
    ("quoted", "doubt"),
    [("exact", ""), ("normalized", ""), ("not_found", " (the quoted words are not there)")],
)
def test_a_quotation_that_is_not_there_is_said(quoted: str, doubt: str) -> None:
    text = "Due [1]."
    reply = reply_of(answered(text, citations=[citation(1, text, quoted)]), SERVER)
    assert reply.text.endswith(f"1. Rent{doubt}")


def test_an_extract_is_no_markup() -> None:
    text = "# Lease **of** 2024 [1]"
    reply = reply_of(answered(text, citations=[citation(1, text, "unquoted")], llm_generated=False), SERVER)
    assert reply.text.startswith("# Lease **of** 2024 [1]\n\n[1] lease.pdf")
    assert reply.text.endswith("Passages of the documents; no language model is set up.")


def test_an_answer_without_words_says_so_and_warnings_are_passed_on() -> None:
    assert reply_of(answered(" "), SERVER).text == NO_ANSWER
    plan = {**PLAN_OF_IT, "warnings": ["part 3 failed"]}
    assert reply_of(answered("Yes.", plan=plan), SERVER).text == "Yes.\n\npart 3 failed"


def test_an_answer_under_way_ends_in_dots() -> None:
    assert partly("The **rent").text == "The **rent …"

"""Footnotes are text, whatever documents say, and come off again exactly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from prompts.model import Citation, Claim, Span
from service.additions import without_footnotes
from service.answers import Answer, Cost, DocumentName, PlacedCitation, PlanSummary, Usage
from service.http.chat.footnotes import write_footnotes
from service.places import Place

HOSTILE = (
    "](javascript:alert(1)) ![x](http://evil.example/?q=1) <script>alert(1)</script> [2]: http://evil.example\n"
    "# Sources `code` **bold** &lt; \u202eevil\u202c | a | ~~b~~ $x$ *c* _d_"
)
ADDRESS = "http://lectern.example/#/document/d1/7/3-9"


def placed(words: str, title: str = "Lease", *, page: int | None = None, index: int = 1) -> PlacedCitation:
    span = Span(0, 3)
    citation = Citation(index, "D7:1", 7, 1, 1, 3, 9, words, "exact", 1.0, (span,))
    place = Place(3, 9, words, (title, "1. Rent"), page, page, 4, 5, ())
    return PlacedCitation(citation, DocumentName("d1", 7, 1, "lease.md", title), place)


def answered(text: str, *citations: PlacedCitation, claims: tuple[Claim, ...] = ()) -> Answer:
    return Answer(
        id="ans_1",
        session="s",
        text=text,
        llm_generated=True,
        model="glm-5",
        grounded=False,
        claims=claims,
        citations=citations,
        unresolved=(),
        usage=Usage(),
        cost=Cost(),
        plan=PlanSummary("retrieve", ""),
        timings_ms={},
    )


def noted(answer: Answer) -> str:
    return answer.text + write_footnotes(answer, lambda _: ADDRESS)


def test_a_source_and_a_doubt() -> None:
    doubt = Claim(10, 25, substantive=True, supported=False, score=0.0, citations=(), missing=())
    text = noted(answered("Rent [1]. Paid in shells.", placed("4,200"), claims=(doubt,)))

    assert text.split("\n") == [
        "Rent [1]. Paid in shells.",
        "",
        "---",
        "",
        "**Sources**",
        "",
        f"- [1] [Lease › 1. Rent, lines 4–5]({ADDRESS}): “4,200”",
        "",
        "**Not supported by the documents**",
        "",
        "- “Paid in shells.”",
    ]
    assert without_footnotes(text) == "Rent [1]. Paid in shells."


@pytest.mark.parametrize(
    ("text", "heading", "page"),
    [
        ("Арендная плата [1].", "**Источники**", "с. 4"),
        ("租金是 4,200 欧元 [1]。", "**来源**", "第 4 页"),
        ("Rent [1].", "**Sources**", "p. 4"),
    ],
)
def test_it_speaks_the_answers_language(text: str, heading: str, page: str) -> None:
    told = noted(answered(text, placed("4,200", page=4)))

    assert heading in told
    assert f", {page}](" in told
    assert without_footnotes(told) == text


def test_documents_make_no_links_images_or_tags() -> None:
    text = noted(answered("Rent [1].", placed(HOSTILE, HOSTILE)))

    html = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(text)
    assert re.findall(r"<(\w+)", html) == ["p", "hr", "p", "strong", "ul", "li", "a"]
    assert re.findall(r'href="([^"]*)"', html) == [ADDRESS]
    assert "\u202e" not in html


def test_nothing_to_tell() -> None:
    assert write_footnotes(answered("The documents do not say."), lambda _: ADDRESS) == ""


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.integers(0, 2))
def test_they_come_off_exactly(text: str, words: str, title: str, how_many: int) -> None:
    text = text.strip()
    sources = [placed(words, title, index=n + 1) for n in range(how_many)]
    told = noted(answered(text, *sources))

    wanted = without_footnotes(text)
    assert without_footnotes(told).split() == wanted.split()
    loose = "\n".join(f"{line}  " for line in told.split("\n"))
    assert without_footnotes(loose).split() == wanted.split()


@pytest.mark.parametrize(
    "text",
    [
        "Rent.\n\n---\n\n**Sources**\n\nThe lease.",
        "Rent.\n\n---\n\n**Summary**\n\n- [1] a",
        "- [1] a\n- “b”",
        "**Sources**\n\n- [1] a",
        "---",
        "",
    ],
)
def test_what_only_looks_like_them_stays(text: str) -> None:
    assert without_footnotes(text) == text

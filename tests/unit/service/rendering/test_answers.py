"""Answers as HTML: what is written is shown, nothing of it acts, and claims and citations are marked."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.model import PromptPassage
from prompts.proof import ClaimProven, Delta, ProofStream
from service.answers import (
    Answer,
    Cited,
    Cost,
    DocumentName,
    Done,
    Judged,
    PlacedCitation,
    Planned,
    PlanSummary,
    Usage,
    Written,
)
from service.places import Place
from service.rendering.answers import AnswerHtml, html_of
from service.rendering.markdown import ATTRIBUTES, CLASSES, TAGS

if TYPE_CHECKING:
    from prompts.model import Citation
    from prompts.proof import CitationFound
    from service.answers import AnswerEvent
    from service.rendering.answers import HtmlBlock

PASSAGES = {
    (7, 1): PromptPassage(7, 1, 0, "The fee is 40 euros a month. It is due on the first day."),
    (7, 2): PromptPassage(7, 2, 57, "Either party may end this agreement on thirty days notice."),
}
SOURCE = "#/document/doc_seven/7/0-28"


class Seen(HTMLParser):
    """The tags, attributes and text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.claims: dict[str, str] = {}
        self._open: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"br", "hr"}:
            self._open.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert tag not in {"br", "hr"}
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        inside = next((each for each in reversed(self._open) if each.get("class")), None)
        if inside and (inside.get("class") or "").startswith("claim"):
            number = inside["data-claim"] or ""
            self.claims[number] = self.claims.get(number, "") + data

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


def streamed(raw: str, *, chunk: int = 7) -> tuple[list[HtmlBlock], Answer, str]:
    """The blocks of what a model writes in pieces, the answer, and the rendered whole of the stream."""
    proof, rendered = ProofStream(PASSAGES), AnswerHtml()
    blocks: list[HtmlBlock] = []
    for start in range(0, len(raw), chunk):
        for event in proof.feed(raw[start : start + chunk]):
            blocks += rendered.feed(shown(event))
    events, proven = proof.finish()
    for event in events:
        blocks += rendered.feed(shown(event))
    answer = Answer(
        id="ans",
        session="ses",
        text=proven.text,
        llm_generated=True,
        model="glm-5",
        grounded=proven.grounded,
        claims=proven.claims,
        citations=tuple(map(placed, proven.citations)),
        unresolved=proven.unresolved,
        usage=Usage(),
        cost=Cost(),
        plan=PlanSummary("retrieve", ""),
        timings_ms={},
    )
    return [*blocks, *rendered.feed(Done(answer))], answer, rendered.html


def shown(event: Delta | CitationFound | ClaimProven) -> AnswerEvent:
    if isinstance(event, Delta):
        return Written(event.text)
    return Judged(event.claim) if isinstance(event, ClaimProven) else Cited(placed(event.citation))


def placed(citation: Citation) -> PlacedCitation:
    name = DocumentName("doc_seven", citation.document, 1, "fees.md", "Fees")
    place = Place(citation.start, citation.end, "", (), None, None, 1, 1, ())
    return PlacedCitation(citation, name, place)


def html(raw: str) -> str:
    return html_of(streamed(raw)[1])


def test_a_citation_leads_to_its_source_and_its_claim_is_marked() -> None:
    seen = Seen(html('The fee is **40 euros** a month [D7:1 "The fee is 40 euros a month."].'))
    assert [a for tag, a in seen.tags if tag == "a"] == [
        {"class": "citation", "data-citation": "1", "href": SOURCE}
    ]
    assert seen.claims["0"].startswith("The fee is 40 euros a month ")
    assert {each["class"] for each in seen.with_class("claim")} == {"claim supported"}
    assert ("strong", {}) in seen.tags


def test_what_is_not_supported_has_a_verdict_behind_it() -> None:
    rendered = html("The fee is 90 euros a month [D7:1]. Notice is thirty days [D7:2].")
    first, rest = rendered.split('<span class="verdict" data-claim="0"></span>')
    assert "90 euros" in first
    assert "unsupported" in first
    assert "unsupported" not in rest


def test_a_marker_of_nothing_is_shown_as_such() -> None:
    seen = Seen(html("The fee is 40 euros [D9:1]."))
    assert len(seen.with_class("unresolved")) == 1
    assert "[?]" not in seen.text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![pixel](https://evil.example/p.png)",
        "<https://evil.example>",
        "[a]: https://evil.example\n\nsee [a]",
        '<a href="https://evil.example" class="citation">1</a>',
        "```html\n<script>alert(1)</script>\n```",
        "`<b onclick=x>`",
        "| a |\n|:-:|\n| <svg onload=x> |",
    ],
)
def test_what_is_hostile_is_shown_and_does_nothing(hostile: str) -> None:
    seen = Seen(html(f"Before it.\n\n{hostile}\n\nAfter it."))
    assert {tag for tag, _ in seen.tags} <= TAGS - {"a"}
    assert not any(name.startswith("on") or name in {"src", "style"} for _, a in seen.tags for name in a)
    assert re.sub(r"\W", "", hostile.replace("html", ""))[:12] in re.sub(r"\W", "", seen.text)


def test_an_extract_is_shown_as_it_stands_in_its_document() -> None:
    text = "# def __init__(self, *args): <b> `x` | - 1. [1]\n\n> Either *party* may. [2]"
    answer = replace(streamed("")[1], text=text, llm_generated=False)
    rendered = AnswerHtml()
    plan = PlanSummary("extract", "")
    events: list[AnswerEvent] = [Planned("ans", "ses", plan), Written(text)]
    blocks = [block for event in [*events, Done(answer)] for block in rendered.feed(event)]
    assert [(block.start, block.end) for block in blocks] == [(0, 48), (49, len(text))]
    assert "".join(block.html for block in blocks) == html_of(answer)
    seen = Seen(rendered.html)
    assert [tag for tag, _ in seen.tags] == ["p", "p"]
    assert seen.text.split() == text.split()


def test_cells_that_a_table_has_no_column_for_are_shown() -> None:
    raw = "> | a |\n> |---|\n> | b |\n> | The fee [D7:1] | is 40 euros [D7:1]. |"
    seen = Seen(html(raw))
    assert "is 40 euros" in seen.text
    assert len(seen.with_class("citation")) == 2
    assert "table" not in dict(seen.tags)
    assert "table" in dict(Seen(html(raw.replace(" [D7:1] | is", " is"))).tags)


@pytest.mark.parametrize(
    ("title", "shown"), [("python", "x = 1"), ("The fee is due", "The fee is due\nx = 1"), ("", "x = 1")]
)
def test_a_program_shows_what_stands_beside_its_fence(title: str, shown: str) -> None:
    assert Seen(html(f"```{title}\nx = 1\n```")).text.strip() == shown


def test_what_turns_the_direction_is_shown() -> None:
    assert "⟨U+202E⟩40" in Seen(html("The fee is \u202e40 euros.")).text


@pytest.mark.parametrize(
    ("raw", "tags"),
    [
        ("# Fees\n\ntext", ["h3", "p"]),
        ("- one [D7:1].\n- two [D7:2].", ["ul", "li", "li"]),
        ("3. one\n4. two", ["ol", "li", "li"]),
        ("| a | b |\n|---|---|\n| The fee [D7:1]. | x |", "table thead tr th th tbody tr td td".split()),
        ("```\nfee = 40\n```", ["pre", "code"]),
        ("> quoted", ["blockquote", "p"]),
    ],
)  # fmt: skip
def test_markdown_keeps_its_form_with_the_marks_in_it(raw: str, tags: list[str]) -> None:
    assert [tag for tag, _ in Seen(html(raw)).tags if tag not in {"span", "a"}] == tags


@pytest.mark.parametrize(
    "emphasis",
    ["**The fee is 40 euros.** [D7:1]", "**Fee:** it is 40 euros [D7:1].", "*a*b **The fee.**[D7:1]"],
)
def test_a_claim_that_ends_at_emphasis_leaves_it_whole(emphasis: str) -> None:
    assert "*" not in Seen(html(f"{emphasis} Then more words follow here.")).text


def test_blocks_come_while_the_answer_grows() -> None:
    raw = "The fee is 40 euros [D7:1].\n\n- Notice is thirty days [D7:2].\n- More.\n\nThe end of it [D7:1]."
    blocks, answer, _ = streamed(raw)
    assert [answer.text[block.start : block.end].strip()[:7] for block in blocks] == [
        "The fee",
        "- Notic",
        "The end",
    ]
    proof, rendered = ProofStream(PASSAGES), AnswerHtml()
    early: list[HtmlBlock] = []
    for event in proof.feed(raw[:-5]):
        early += rendered.feed(shown(event))
    assert early[0].html == blocks[0].html


def test_a_list_with_empty_lines_in_it_is_one_block() -> None:
    raw = "\n\n".join(f"- Item {number} costs 40 euros a month [D7:1]." for number in range(100))
    blocks, answer, _ = streamed(raw, chunk=40)
    assert [(block.start, block.end) for block in blocks] == [(0, len(answer.text))]


_WORDS = ["Fee", "due", "month", "Кот", "猫", "𝒜", "euros"]
_SIGNIFICANT = [
    *(
        "[D7:1]",
        '[D7:2 "thirty days"]',
        "[D9:9]",
        "[1]",
        "[?]",
        "[x](javascript:y)",
        "![i](//e)",
        "<b>",
        "&lt;",
    ),
    *("**", "_", "`", "```\n", "\n", "\n\n", "\r\n", "- ", "1. ", "# ", "| ", "|---|\n", "> ", "\\"),
    *("&lt;", "\u202e", "\ufdd0", "\ufdd2\ufde1\ufdd4", "𝒜", "\x00", "\ud83d"),
]
_WRITTEN = st.lists(
    st.one_of(
        st.sampled_from(_SIGNIFICANT),
        st.text(max_size=12),
        st.sampled_from(["The fee is 40 euros. ", "Notice is ninety days. ", "Fees "]),
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(_WRITTEN, st.integers(1, 40))
def test_whatever_is_written_nothing_but_marks_comes_out(raw: str, chunk: int) -> None:
    blocks, answer, joined = streamed(raw, chunk=chunk)
    assert "".join(block.html for block in blocks) == joined
    assert all(before.end <= after.start for before, after in pairwise(blocks))
    between = [answer.text[a.end : b.start] for a, b in pairwise(blocks)]
    assert not "".join(between).strip(" \t\r\n")
    seen = Seen(joined)
    for tag, attributes in seen.tags:
        assert tag in TAGS
        for name, value in attributes.items():
            if name == "class":
                assert set((value or "").split()) <= CLASSES[tag]
            else:
                assert name in ATTRIBUTES[tag]
            assert name != "href" or value == "#" or (value or "").startswith("#/document/doc_seven/7/")
    cited = {int(each["data-citation"] or 0) for each in seen.with_class("citation")}
    assert cited <= {placed.citation.index for placed in answer.citations}
    assert not re.search("[\ufdd0-\ufdef]", joined)


@given(_WRITTEN)
def test_a_stream_and_the_whole_show_the_same_text(raw: str) -> None:
    _, answer, joined = streamed(raw)
    whole = html_of(answer)
    assert re.sub(r"\s", "", Seen(joined).text) == re.sub(r"\s", "", Seen(whole).text)


@given(st.lists(st.one_of(st.sampled_from(_SIGNIFICANT), st.sampled_from(_WORDS)), max_size=30).map(" ".join))
def test_no_word_is_left_out(raw: str) -> None:
    _, answer, joined = streamed(raw.replace("```", "\n```"))
    written = re.findall("|".join(_WORDS), answer.text)
    assert re.findall("|".join(_WORDS), Seen(joined).text) == written


@given(_WRITTEN)
def test_an_extract_comes_out_as_it_went_in(text: str) -> None:
    answer = replace(streamed("")[1], text=text.replace("[?]", ""), llm_generated=False)
    seen = Seen(html_of(answer))
    assert {tag for tag, _ in seen.tags} <= {"p"}
    shown = re.sub("[\ufdd0-\ufdef\ud800-\udfff\x00]", "\ufffd", answer.text)
    shown = re.sub(
        "[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", lambda found: f"⟨U+{ord(found[0]):04X}⟩", shown
    )
    assert re.sub(r"\s", "", seen.text) == re.sub(r"\s", "", shown)

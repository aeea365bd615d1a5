"""Sentences, passages and chunks partition the text they are cut from."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ingest import chunks, passages
from ingest.chunks import cut_chunks, searched_chunks
from ingest.model import Document, Element, Symbol
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.readers.code import read_code
from ingest.sentences import lines, pieces, sentences

if TYPE_CHECKING:
    from ingest.model import ElementKind

PROSE = st.text(alphabet=st.sampled_from("aB1.;:?!。；第条 \n\t(\"'”)Яяé-漢"), max_size=600)
LONG_PROSE = st.lists(PROSE, min_size=1, max_size=12).map("\n\n".join)


def document(text: str) -> Document:
    """One element a line, every third of them a heading."""
    elements: list[Element] = []
    position = 0
    for i, line in enumerate(text.split("\n")):
        if line.strip():
            kind = "heading" if i % 3 == 0 else "code" if i % 5 == 0 else "paragraph"
            elements.append(Element(position, position + len(line), line, kind))
        position += len(line) + 1
    return Document(text, "", tuple(elements))


@given(PROSE)
def test_sentences_and_lines_partition_the_text(text: str) -> None:
    for cut in (
        list(sentences(text, 0, len(text))),
        list(pieces(text, 0, len(text), longest=40)),
        list(lines(text, 0, len(text), longest=40)),
    ):
        assert "".join(text[start:end] for start, end in cut) == text
        assert all(start < end for start, end in cut)


@given(PROSE)
def test_pieces_are_no_longer_than_asked(text: str) -> None:
    assert all(end - start <= 40 for start, end in pieces(text, 0, len(text), longest=40))


def test_abbreviations_and_clause_numbers_do_not_end_a_sentence() -> None:
    text = "Acme Inc. Shall pay. See Sec. 4.2 of it. 4. Term: Ten days. Согласно ст. 5 Закона. Далее."
    cut = [text[start:end] for start, end in sentences(text, 0, len(text))]
    assert cut == [
        "Acme Inc. Shall pay. ",
        "See Sec. 4.2 of it. ",
        "4. Term: ",
        "Ten days. ",
        "Согласно ст. 5 Закона. ",
        "Далее.",
    ]


def test_chinese_sentences_need_no_space() -> None:
    text = "甲方应付款。乙方应交货；逾期违约。"
    assert [text[a:b] for a, b in sentences(text, 0, len(text))] == [
        "甲方应付款。",
        "乙方应交货；",
        "逾期违约。",
    ]


@given(LONG_PROSE)
def test_passages_and_chunks_partition_a_document(text: str) -> None:
    read = document(text)
    cut = cut_passages(read, find_sections(read))
    searched = cut_chunks(read, cut)
    assert "".join(text[p.start : p.end] for p in cut) == text
    assert "".join(text[c.start : c.end] for c in searched) == text
    assert [p.number for p in cut] == list(range(1, len(cut) + 1))
    assert [c.ordinal for c in searched] == list(range(len(searched)))
    assert all(p.end - p.start <= passages.LONGEST for p in cut)
    assert all(c.end - c.start <= chunks.LONGEST for c in searched)
    holders = {p.number: p for p in cut}
    for chunk in searched:
        holder = holders[chunk.first_passage]
        assert chunk.first_passage == chunk.last_passage
        assert holder.start <= chunk.start < chunk.end <= holder.end


@given(LONG_PROSE)
def test_sections_nest_and_cover_what_follows_their_heading(text: str) -> None:
    read = document(text)
    sections = find_sections(read)
    for before, after in pairwise(sections):
        assert before.start < after.start
        assert before.end <= after.start or before.end >= after.end
    for section in sections:
        assert section.start < section.heading_end <= section.end
        assert section.path[-1] == section.heading


def test_a_heading_opens_its_passage() -> None:
    body = "The supplier shall deliver. " * 12
    text = f"1. Delivery\n{body}\n2. Payment\n{body}"
    first, second = text.index("1."), text.index("2.")
    read = Document(
        text,
        "",
        (
            Element(first, first + 11, "1. Delivery", "heading"),
            Element(first + 12, second - 1, text[first + 12 : second - 1], "paragraph"),
            Element(second, second + 10, "2. Payment", "heading"),
            Element(second + 11, len(text), text[second + 11 :], "paragraph"),
        ),
    )
    cut = cut_passages(read, find_sections(read))
    assert [p.start for p in cut] == [first, second]
    assert [p.section for p in cut] == [("1. Delivery",), ("2. Payment",)]


def test_numbers_give_sections_their_depth() -> None:
    heads = ["ARTICLE IV", "4.2 Term", "(b) Notice", "Exhibit A", "Статья 5", "第三条 付款"]
    text = "\n".join(heads)
    elements = tuple(
        Element(text.index(head), text.index(head) + len(head), head, "heading") for head in heads
    )
    sections = find_sections(Document(text, "", elements))
    assert [s.number for s in sections] == ["ARTICLE IV", "4.2", "(b)", "Exhibit A", "Статья 5", "第三条"]
    assert [s.level for s in sections] == [1, 2, 3, 1, 1, 1]
    assert sections[2].path == ("ARTICLE IV", "4.2 Term", "(b) Notice")


def test_markdown_marks_are_not_part_of_a_heading() -> None:
    heads = ["## 4.2 Term ##", "Notice\n------", "> # Fees"]
    text = "\n\n".join(heads)
    elements = tuple(Element(text.index(h), text.index(h) + len(h), h, "heading", 2) for h in heads)
    sections = find_sections(Document(text, "", elements))
    assert [(s.number, s.heading) for s in sections] == [("4.2", "4.2 Term"), ("", "Notice"), ("", "Fees")]


def test_code_passages_carry_their_symbol() -> None:
    text = "class Session:\n    def send(self):\n        return 1\n"
    read = Document(
        text,
        "session.py",
        (Element(0, 14, text[:14], "code"), Element(19, len(text) - 1, text[19:-1], "code")),
        symbols=(
            Symbol(0, len(text) - 1, "Session", "class", "class Session", "", 6),
            Symbol(19, len(text) - 1, "Session.send", "method", "def send(self)", "", 23),
        ),
    )
    assert [p.section for p in cut_passages(read, ())] == [("Session",)]


def test_empty_lines_make_no_chunk_of_their_own() -> None:
    text = "The rent is due." + "\n" * 90 + "   \n" * 40 + "The deposit is held."
    read = document(text)
    searched = cut_chunks(read, cut_passages(read, find_sections(read)))
    assert all(text[c.start : c.end].strip() for c in searched)
    assert "".join(text[c.start : c.end] for c in searched) == text


def test_a_short_sentence_that_ends_a_chinese_paragraph_stays_in_it() -> None:
    said = (
        "承租人按月支付租金，逾期的租金按日计息，并由出租人书面催告承租人。",
        "他已经付清。",
        "出租人负责维修房屋，费用由出租人承担，但承租人造成的损坏除外。",
    )
    read = Document("{}{}\n\n{}".format(*said), "", ())
    cut = cut_chunks(read, cut_passages(read, []))
    assert tuple(read.text[chunk.start : chunk.end].strip() for chunk in cut) == said


def test_a_hostile_heading_costs_nothing() -> None:
    text = "# " + "#" * 200_000 + " x" + " " * 200_000 + "y"
    began = time.process_time()
    find_sections(Document(text, "", (Element(0, len(text), text, "heading"),)))
    assert time.process_time() - began < 1.0


def test_a_method_after_its_indentation_is_what_a_passage_is_labelled_by() -> None:
    body = "".join(f"        total_{n} = self.count({n})\n" for n in range(12))
    text = f"class Till:\n    def open(self):\n{body}\n    def close(self):\n{body}"
    cut = cut_passages(read_code(text, "till.py", "python"), ())
    assert [p.section for p in cut] == [("Till",), ("Till", "close")]
    assert text[cut[1].start :].startswith("    def close")


def test_running_headers_are_cited_but_not_searched_for() -> None:
    parts: list[tuple[ElementKind, str]] = [
        ("header", "Source: EMBARK, 10/8/1999"),
        ("paragraph", "The fee is due on"),
        ("footer", "Page 3"),
        ("paragraph", "the first of May."),
    ]
    text = "\n\n".join(words for _, words in parts)
    elements = tuple(
        Element(text.index(words), text.index(words) + len(words), words, kind) for kind, words in parts
    )
    read = Document(text, "", elements)
    cut = cut_passages(read, ())
    assert [text[p.start : p.end].strip() for p in cut] == [words for _, words in parts]
    chunks = cut_chunks(read, cut)
    assert [text[c.start : c.end].strip() for c in searched_chunks(read, chunks)] == [
        parts[1][1],
        parts[3][1],
    ]
    alone = Document(text[: elements[0].end], "", elements[:1])
    assert len(searched_chunks(alone, cut_chunks(alone, cut_passages(alone, ())))) == 1

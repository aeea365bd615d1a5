"""What must hold for every document, whatever file it was read from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.chunks import cut_chunks
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Chunk, Document, Page, Passage


def check_document(document: Document) -> None:
    """Raise AssertionError for the first property that does not hold."""
    assert document.text, "an empty text"
    assert not document.text.isspace(), "nothing but white space"
    assert document.title, "no title"
    assert document.reader, "no reader"
    check_elements(document)
    check_pages(document)
    check_symbols(document)
    passages = cut_passages(document, find_sections(document))
    check_partition(document.text, passages)
    check_numbers(passages)
    check_chunks(document.text, cut_chunks(document, passages), passages)


def shape(document: Document) -> list[tuple[str, int | None, str]]:
    """Kind, level and text of every element."""
    return [(element.kind, element.level, element.text) for element in document.elements]


def check_elements(document: Document) -> None:
    """Exact slices, in order, apart, and around every character that is not white space."""
    text, position = document.text, 0
    for element in document.elements:
        assert element.text == text[element.start : element.end], f"{element} is no slice"
        assert element.text.strip(), f"an empty element at {element.start}"
        between = text[position : element.start]
        assert element.start >= position, f"{element} overlaps the one before"
        assert not between or between.isspace(), f"{between!r} belongs to no element"
        position = element.end
        for line in element.lines:
            assert element.start <= line.start < line.end <= element.end, f"{line} leaves its element"
            assert len(line.edges) == line.end - line.start + 1, f"{line} has not an edge a character"
    assert not text[position:].strip(), f"{text[position:]!r} belongs to no element"


def check_pages(document: Document) -> None:
    """Pages are numbered from 1 and partition the text."""
    if document.pages:
        check_partition(document.text, document.pages, empty=True)
        check_numbers(document.pages)


def check_numbers(counted: Sequence[Passage] | Sequence[Page]) -> None:
    """From 1, without a gap."""
    assert [each.number for each in counted] == list(range(1, len(counted) + 1)), "numbers"


def check_symbols(document: Document) -> None:
    """Symbols lie in the text, and their bare name stands where they say."""
    for symbol in document.symbols:
        assert 0 <= symbol.start <= symbol.name_start < symbol.end, f"{symbol} holds no name"
        assert symbol.end <= len(document.text), f"{symbol} leaves the text"


def check_partition(
    text: str, ranges: Sequence[Passage] | Sequence[Chunk] | Sequence[Page], *, empty: bool = False
) -> None:
    """Ranges that follow each other without a gap, from the first character to the last."""
    spans = [(each.start, each.end) for each in ranges]
    assert spans[0][0] == 0, "the first range begins late"
    assert spans[-1][1] == len(text), "the last range ends early"
    assert all(before[1] == after[0] for before, after in pairwise(spans)), "a gap or an overlap"
    assert empty or all(start < end for start, end in spans), "an empty range"


def check_chunks(text: str, chunks: Sequence[Chunk], passages: Sequence[Passage]) -> None:
    """Chunks partition the text, and each lies in the passages that it names."""
    check_partition(text, chunks)
    for chunk in chunks:
        first, last = passages[chunk.first_passage - 1], passages[chunk.last_passage - 1]
        assert first.start <= chunk.start, f"{chunk} begins before its passage"
        assert chunk.end <= last.end, f"{chunk} ends after its passage"

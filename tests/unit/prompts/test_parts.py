"""Parts hold every passage once, keep to their budget, and stay as they are where nothing has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from prompts.model import PromptPassage
from prompts.parts import WholeDocument, divide, size_of
from prompts.render import DocumentName, render_passages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from prompts.parts import Part

LIMIT = 400


def names(documents: Sequence[WholeDocument]) -> dict[int, DocumentName]:
    return {d.number: DocumentName(d.number, f"contracts/{d.number}.pdf", "") for d in documents}


def document(number: int, lengths: Sequence[int], sections: Sequence[tuple[str, ...]] = ()) -> WholeDocument:
    passages: list[PromptPassage] = []
    start = 0
    for place, length in enumerate(lengths, start=1):
        text = f"{place} says {number}. ".ljust(length, "x")[:length] + "\n"
        passages.append(PromptPassage(number, place, start, text))
        start += len(text)
    return WholeDocument(number, passages, sections or [()] * len(passages))


def parts_of(documents: Sequence[WholeDocument], limit: int = LIMIT) -> tuple[Part, ...]:
    return divide(documents, names(documents), limit)


LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=12)
DOCUMENTS = st.dictionaries(st.integers(1, 40), LENGTHS, max_size=14).map(
    lambda chosen: [document(number, lengths) for number, lengths in chosen.items()]
)


@given(DOCUMENTS)
def test_every_passage_is_in_one_part_in_canonical_order(documents: list[WholeDocument]) -> None:
    shown = [passage for part in parts_of(documents) for passage in part.passages]
    ordered = sorted(documents, key=lambda d: d.number)
    assert shown == [passage for one in ordered for passage in one.passages]


@given(DOCUMENTS)
def test_a_part_reads_as_its_passages_do_everywhere(documents: list[WholeDocument]) -> None:
    for part in parts_of(documents):
        assert part.text == render_passages(part.passages, names(documents))


@given(DOCUMENTS, st.integers(30, 2_000))
def test_no_part_exceeds_its_budget_but_for_a_single_passage(
    documents: list[WholeDocument], limit: int
) -> None:
    for part in parts_of(documents, limit):
        assert part.size <= limit or len(part.passages) == 1


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_nothing(documents: list[WholeDocument], random: Random) -> None:
    mixed = random.sample(documents, len(documents))
    assert parts_of(mixed) == parts_of(documents)


@given(DOCUMENTS, st.data())
def test_parts_before_a_changed_document_keep_their_bytes(
    documents: list[WholeDocument], data: st.DataObject
) -> None:
    """A part may be joined with what follows it: then it is the beginning of a longer one."""
    if not documents:
        return
    changed = data.draw(st.sampled_from(documents))
    others = [one for one in documents if one is not changed]
    new = document(max(d.number for d in documents) + 1, data.draw(LENGTHS))
    after = parts_of([*others, new])
    for part in parts_of(documents):
        if max(part.documents) < changed.number:
            begun = [one for one in after if one.documents[0] == part.documents[0]]
            assert any(one.text.startswith(part.text) or part.text.startswith(one.text) for one in begun)


@given(DOCUMENTS, st.data())
def test_a_change_reaches_no_further_than_the_next_larger_range(
    documents: list[WholeDocument], data: st.DataObject
) -> None:
    if not documents:
        return
    gone = data.draw(st.sampled_from(documents)).number
    numbers = [one.number for one in documents]
    after = {part.text for part in parts_of([one for one in documents if one.number != gone])}
    for part in parts_of(documents):
        assert part.text in after or gone in reach_of(part, numbers)


def reach_of(part: Part, numbers: Sequence[int]) -> range:
    """The smallest aligned range that holds documents of other parts too."""
    width = 1
    while True:
        first = part.documents[0] // width * width
        reach = range(first, first + width)
        if not {number for number in numbers if number in reach} <= set(part.documents) or width > 64:
            return reach
        width *= 2


def test_small_documents_share_a_part() -> None:
    documents = [document(number, [300]) for number in range(1, 9)]
    assert [part.documents for part in parts_of(documents)] == [(1, 2, 3), (4, 5, 6, 7), (8,)]


def test_a_new_version_changes_the_part_that_it_leaves_and_the_last_one() -> None:
    before = [document(number, [300]) for number in range(1, 30)]
    after = [*(one for one in before if one.number != 9), document(30, [310])]
    old, new = ({part.text for part in parts_of(documents)} for documents in (before, after))
    assert len(old - new) == 2
    assert len(old & new) == len(old) - 2


def test_a_long_document_is_cut_where_a_section_begins() -> None:
    sections = [("1",), ("1",), ("1",), ("1", "1.1"), ("2",), ("2", "2.1"), ("2", "2.1"), ("3",)]
    parts = parts_of([document(1, [400] * 8, sections)], limit=620)
    assert [part.passages[0].number for part in parts] == [1, 5]


def test_where_no_section_begins_it_is_cut_where_it_is_full() -> None:
    parts = parts_of([document(1, [400] * 7)], limit=330)
    assert [len(part.passages) for part in parts] == [3, 3, 1]


def test_what_no_part_can_hold_is_a_part_alone() -> None:
    parts = parts_of([document(1, [100, 9_000, 100])])
    assert [[passage.number for passage in part.passages] for part in parts] == [[1], [2], [3]]


def test_a_size_counts_bytes() -> None:
    assert [size_of(text) for text in ("", "a", "abcd", "abcde", "договор", "合同")] == [0, 1, 1, 2, 4, 2]
    assert size_of("\ud800") == 1

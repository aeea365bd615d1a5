"""The parts of the bench of growth: what it copies, what it holds out, and what it calls constant."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.growth.copies import Copier
from bench.growth.corpus import apart, in_turn
from bench.growth.figures import Held, Size, failures, report, slopes
from bench.growth.ingesting import Cost
from bench.growth.processes import Memory
from bench.growth.searching import Asked, Parts
from bench.growth.vectors import NOISE, Replaying
from service.evaluation.dataset import LabelledDocument, LabelledQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def document(identity: str, text: str = "") -> LabelledDocument:
    return LabelledDocument(identity, f"{identity}.txt", "", text or f"The text of {identity}.")


def query(text: str, short: str) -> LabelledQuery:
    return LabelledQuery(text, text, short, (), "", "", "", (), (), in_paragraph=False)


def test_a_copy_has_names_of_its_own_at_the_same_places() -> None:
    texts = [f"Lease of {name} about rent since 2019" for name in ("Bolton", "Acme", "Carver", "Dunmore")]
    documents = [document(str(number), text) for number, text in enumerate(texts)]
    copier = Copier(documents)

    first, second = (copier.copy(documents[0], number) for number in (1, 2))

    for copy in (first, second):
        assert [len(word) for word in copy.text.split()] == [len(word) for word in texts[0].split()]
        assert copy.text.split()[:2] + copy.text.split()[3:] == [
            "Lease",
            "of",
            "about",
            "rent",
            "since",
            "2019",
        ]
        assert copy.text.split()[2].istitle()
    names = {text.split()[2] for text in (texts[0], first.text, second.text)}
    assert len(names) == 3
    assert len({documents[0].path, first.path, second.path}) == 3
    assert copier.copy(documents[0], 1) == first


def test_what_is_held_out_is_short_and_has_no_double() -> None:
    filling = [document(str(number)) for number in range(30)]
    doubles = [document("a", "the same"), document("b", "the same")]
    long = document("long", "x" * 60_001)

    left, held_out = apart([*filling, *doubles, long], 10)

    assert len(held_out) == 10
    assert not {"a", "b", "long"} & {each.id for each in held_out}
    assert {each.id for each in left} | {each.id for each in held_out} == {
        each.id for each in (*filling, *doubles, long)
    }
    assert apart([long, *doubles, *reversed(filling)], 10) == (left, held_out)


def test_questions_come_of_each_set_in_turn_and_in_both_forms() -> None:
    sets = [
        [query(f"{name} long {number}", f"{name} short {number}") for number in range(9)] for name in "ab"
    ]
    asked = in_turn(sets, 8)
    assert [question.split()[0] for question in asked] == ["a", "b"] * 4
    assert Counter(question.split()[1] for question in asked) == {"long": 4, "short": 4}
    assert len(in_turn(sets, 1_000)) == 18


class Lengths:
    """The vector of a text points along its length."""

    identity = "lengths"
    dimensions = 8

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return np.eye(self.dimensions, dtype=np.float32)[[len(text) for text in texts]]


def test_replayed_vectors_are_near_those_of_the_same_texts() -> None:
    inner = Lengths()
    replaying = Replaying(inner)
    first = replaying.embed(["a", "bb"])
    replaying.embed(["ccc"])
    replaying.replay()

    again = replaying.embed(["bb", "ccc", "a", "never seen"])

    assert inner.embedded == 3
    expected = np.concatenate([first[1:], Lengths().embed(["ccc"]), first[:1]])
    assert again[:3] == pytest.approx(expected, abs=10 * NOISE)
    assert not np.array_equal(again[:3], expected)
    assert np.linalg.norm(again[3]) == pytest.approx(1.0, abs=10 * NOISE)
    assert again.dtype == np.float32


def held(chunks: int) -> Held:
    return Held(chunks, 0, 10, 200 * chunks, 3_000 * chunks + 5_000, 100 * chunks + 900)


def size(chunks: int, small: float, large: float) -> Size:
    memory = Memory(1_000 * chunks, 2_000 * chunks)
    asked = Asked([10.0, 20.0], cpu=0.03)
    first, second = (
        Cost(10, 100, Counter({"embed": spent / 2, "store": spent / 2}))  # pyright: ignore[reportArgumentType] — seconds
        for spent in (small, large)
    )
    return Size(
        held=held(chunks),
        grown=memory,
        opened=memory,
        searched=memory,
        start=1.0,
        first=100.0,
        cold=asked,
        warm=asked,
        chosen=asked,
        parts=Parts({"vectors": 2.0}, {"counts": 1.0}, "abc"),
        small=first,
        large=second,
        again=Cost(),
    )


@pytest.mark.parametrize(("large", "constant"), [(1.09, True), (1.10, True), (1.11, False), (0.5, True)])
def test_a_tenth_more_is_not_constant(large: float, constant: bool) -> None:
    sizes = [size(1_000, 1.0, 9.0), size(9_000, 1.0, large)]
    assert (failures(sizes) == []) is constant


def test_slopes_are_of_what_came_between_two_sizes() -> None:
    line = slopes(held(1_000), held(3_000), Memory(5_000, 4_000), Memory(1_000, 2_000))
    assert "3000 of the index, 100 of the catalog; memory 2 own, 1 of files; text 200 characters" in line


def test_a_report_tells_costs_a_document() -> None:
    told = "\n".join(report(replace(size(1_000, 1.0, 1.2), start=0.5)))
    assert "this ÷ smallest: 1.200, without embedding 1.200" in told
    assert "120.0 CPU ms a document (10 of 10 chunks): embed 60.0, store 60.0" in told
    assert "15 CPU ms" not in told
    assert "15.0 CPU ms of the index" in told

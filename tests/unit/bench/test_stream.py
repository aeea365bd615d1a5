from __future__ import annotations

import json
import re

import pytest

from bench.stream import Model, Stamps, at_share, figures_of, texts_of, written

PASSAGES = {"D1:1": "Either party may end this agreement on thirty days notice.", "D1:2": "The fee is due."}


def test_a_mark_counts_from_the_piece_that_completes_it() -> None:
    stamps = Stamps()
    for now, piece in enumerate(["a w00", "0001", " w000002w00000", "3 x", "w000001"]):
        stamps.feed(piece, float(now))
    assert stamps.at == {"w000001": 1.0, "w000002": 2.0, "w000003": 3.0}


def test_an_answer_holds_each_mark_of_its_stream_once() -> None:
    text = written(PASSAGES, 3, 9)
    assert re.findall(r"w\d{6}", text) == [f"w03{number:04d}" for number in range(9)]
    assert "Either party may w030000 end this agreement w030001" in text
    assert '[D1:1 "Either party may end this"].\n\n- The fee is w030004 due. w030005 [D1:2' in text


def test_the_model_stamps_what_its_frames_complete() -> None:
    model = Model(2, 0)
    for stream, piece in (("a", "w0"), ("b", "w000001"), ("a", "00000 ")):
        model.on_frame(json.dumps({"id": stream, "choices": [{"delta": {"content": piece}}]}))
    assert list(model.sent) == ["w000001", "w000000"]
    assert model.sent["w000001"] < model.sent["w000000"]


def test_figures_are_those_of_the_times_between() -> None:
    sent = {f"w{number:06d}": float(number) for number in range(100)}
    arrived = {mark: at + (number + 1) / 1_000 for number, (mark, at) in enumerate(sent.items())}
    figures = figures_of(sent, arrived, 100)
    assert figures.marks == 100
    assert (figures.median, figures.p95, figures.p99) == pytest.approx((50.5, 95, 99))
    assert at_share([1.0, 2.0], 0.5) == 1.0


def test_marks_that_never_came_are_no_figure() -> None:
    with pytest.raises(ValueError, match="1 of 2"):
        figures_of({"w000001": 1.0, "w000002": 2.0}, {"w000001": 1.5}, 2)


@pytest.mark.parametrize(
    ("name", "line", "texts"),
    [
        ("delta", 'data: {"text": "a"}', ["a"]),
        ("reasoning", 'data: {"text": "a"}', []),
        ("delta", "event: delta", []),
        ("", 'data: {"choices": [{"delta": {"content": "b"}}, {"delta": {"role": "x"}}]}', ["b", ""]),
        ("", "data: [DONE]", []),
    ],
)
def test_only_the_answer_counts(name: str, line: str, texts: list[str]) -> None:
    assert list(texts_of(name, line)) == texts

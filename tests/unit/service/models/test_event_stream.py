"""Events are read alike however the network cuts them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import ReasoningDelta, TextDelta, ToolCallDelta
from service.models.errors import MalformedReply, ModelBusy
from service.models.event_stream import EventData
from service.models.frames import ReplyReader, joined

if TYPE_CHECKING:
    from service.models.contract import ModelEvent

LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
EVENTS = st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=6)
PIECES = st.lists(
    st.one_of(
        st.builds(TextDelta, st.text(max_size=3)),
        st.builds(ReasoningDelta, st.text(max_size=3)),
        st.builds(ToolCallDelta, st.integers(0, 1), st.just("id"), st.just("grep"), st.text(max_size=3)),
    ),
    max_size=12,
)


@given(EVENTS, st.sampled_from(["\n", "\r\n"]), st.lists(st.integers(0, 400), max_size=20))
def test_every_cut_gives_the_same_events(events: list[list[str]], end: str, cuts: list[int]) -> None:
    sent = "".join(
        f": a comment{end}event: message{end}" + "".join(f"data: {line}{end}" for line in event) + end
        for event in events
    ).encode()
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    reader = EventData()
    read = [data for start, stop in pairwise(places) for data in reader.feed(sent[start:stop])]
    assert read == ["\n".join(event) for event in events]


def test_a_carriage_return_alone_ends_a_line_too() -> None:
    reader = EventData()
    assert [*reader.feed(b"data:one\r\rdata: two\r"), *reader.feed(b"\r"), *reader.feed(b": bye")] == [
        "one",
        "two",
    ]


def test_events_that_come_together_are_given_together() -> None:
    assert EventData().feed(b"data: 1\n\ndata: 2\n\ndata: half") == ["1", "2"]


@given(PIECES)
def test_joined_pieces_say_the_same_in_the_same_order(pieces: list[ModelEvent]) -> None:
    def said(events: list[ModelEvent]) -> list[object]:
        """Each character with its kind; calls as they are."""
        return [
            part
            for event in events
            for part in (
                [(type(event), letter) for letter in event.text]
                if isinstance(event, TextDelta | ReasoningDelta)
                else [event]
            )
        ]

    fewer = list(joined(pieces))
    assert said(fewer) == said(pieces)
    assert not any(
        type(one) is type(other) and isinstance(one, TextDelta | ReasoningDelta)
        for one, other in pairwise(fewer)
    )


@pytest.mark.parametrize(
    ("ending", "error"),
    [("{", MalformedReply), (json.dumps({"error": {"code": "1302", "message": "busy"}}), ModelBusy)],
)
def test_what_was_said_before_an_error_is_given_first(ending: str, error: type[Exception]) -> None:
    frames = [json.dumps({"choices": [{"delta": {"content": letter}}]}) for letter in "paid"]
    events = ReplyReader().read_all([*frames, ending])
    assert next(events) == TextDelta("paid")
    with pytest.raises(error):
        next(events)

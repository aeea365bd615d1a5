"""Frames as servers send them, well formed and not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import Finished, ReasoningDelta, TextDelta, TokenUsage, ToolCallDelta
from service.models.errors import (
    ContentFiltered,
    MalformedReply,
    ModelError,
    ModelFailed,
    PromptTooLong,
    StreamCut,
)
from service.models.frames import ReplyReader


def frame(delta: object = None, finish: object = None, **more: object) -> dict[str, object]:
    return {"id": "r1", "model": "glm-5", "choices": [{"delta": delta, "finish_reason": finish}], **more}


@pytest.mark.parametrize(
    ("delta", "events"),
    [
        (None, []),
        ({}, []),
        ({"role": "assistant", "content": None}, []),
        ({"content": ""}, []),
        ({"content": "Ann"}, [TextDelta("Ann")]),
        ({"reasoning_content": "hm"}, [ReasoningDelta("hm")]),
        ({"reasoning": "hm"}, [ReasoningDelta("hm")]),
        ({"reasoning_content": "hm", "reasoning": "hm"}, [ReasoningDelta("hm")]),
        ({"reasoning_content": "hm", "content": "Ann"}, [ReasoningDelta("hm"), TextDelta("Ann")]),
        ({"tool_calls": None}, []),
        (
            {"tool_calls": [{"index": 1, "id": "c", "function": {"name": "search", "arguments": "{"}}]},
            [ToolCallDelta(1, "c", "search", "{")],
        ),
        (
            {"tool_calls": [{"id": "a", "function": {"name": "f"}}, {"id": "b"}]},
            [ToolCallDelta(0, "a", "f"), ToolCallDelta(1, "b")],
        ),
    ],
)
def test_deltas(delta: object, events: list[object]) -> None:
    assert list(ReplyReader().read(frame(delta))) == events


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("repetition", "other"),
    ],
)
def test_reasons_that_end_a_reply(reason: str, expected: str) -> None:
    reader = ReplyReader()
    assert not reader.is_whole
    assert list(reader.read(frame({"content": "x"}, reason))) == [TextDelta("x")]
    assert reader.is_whole
    assert reader.finished().reason == expected


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("sensitive", ContentFiltered),
        ("content_filter", ContentFiltered),
        ("network_error", ModelFailed),
        ("error", ModelFailed),
        ("model_context_window_exceeded", PromptTooLong),
    ],
)
def test_reasons_that_are_failures(reason: str, kind: type[ModelError]) -> None:
    with pytest.raises(kind) as failed:
        list(ReplyReader().read(frame(None, reason)))
    assert failed.value.code == reason


def test_no_reason_means_that_the_reply_was_cut() -> None:
    reader = ReplyReader()
    list(reader.read(frame({"content": "x"})))
    with pytest.raises(StreamCut):
        reader.finished()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, TokenUsage()),
        ({}, TokenUsage(reported=True)),
        ({"prompt_tokens": 9, "completion_tokens": 4}, TokenUsage(9, 0, 4, 0, reported=True)),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": None, "completion_tokens_details": None},
            TokenUsage(9, reported=True),
        ),
        (
            {
                "prompt_tokens": 128,
                "completion_tokens": 4,
                "prompt_tokens_details": {"cached_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            TokenUsage(128, 64, 4, 3, reported=True),
        ),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 64}},
            TokenUsage(9, 9, reported=True),
        ),
        ({"prompt_tokens": "9", "completion_tokens": -1}, TokenUsage(reported=True)),
    ],
)
def test_usage_comes_with_empty_choices_or_with_the_reason(usage: object, expected: TokenUsage) -> None:
    late, together = ReplyReader(), ReplyReader()
    list(late.read(frame(None, "stop")))
    list(late.read({"choices": [], "usage": usage}))
    list(together.read(frame(None, "stop", usage=usage)))
    assert late.finished() == together.finished() == Finished("stop", expected, "glm-5", "r1")


@pytest.mark.parametrize("choices", [{}, {"choices": None}, {"choices": []}])
def test_a_frame_of_usage_needs_no_choices(choices: dict[str, object]) -> None:
    reader = ReplyReader()
    list(reader.read(frame(None, "stop")))
    assert list(reader.read({"usage": {"prompt_tokens": 9}, **choices})) == []
    assert reader.finished().usage == TokenUsage(9, reported=True)


@pytest.mark.parametrize(
    "odd",
    [None, 1, "x", [], {}, {"choices": None}, {"choices": [1]}, frame("x"), frame({"tool_calls": [1]})],
)
def test_what_is_no_frame_is_refused(odd: object) -> None:
    with pytest.raises(MalformedReply):
        list(ReplyReader().read(odd))


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


@given(delta=JSON, finish=JSON, usage=JSON, calls=JSON)
def test_no_frame_raises_anything_but_a_model_error(
    delta: object, finish: object, usage: object, calls: object
) -> None:
    for odd in (delta, frame(delta, finish, usage=usage), frame({"tool_calls": [calls], "content": delta})):
        try:
            list(ReplyReader().read(odd))
        except ModelError:
            continue

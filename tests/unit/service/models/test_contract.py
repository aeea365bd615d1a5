"""Streams fold into whole replies, however they were cut."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import (
    Completion,
    Message,
    ModelRequest,
    TextDelta,
    TokenUsage,
    ToolCall,
    ToolCallDelta,
    assemble,
    complete,
)
from service.models.errors import StreamCut
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from random import Random

REQUEST = ModelRequest((Message("user", "When is the payment due?"),), max_tokens=100)
CALLS = st.lists(st.builds(ToolCall, st.text(min_size=1), st.text(min_size=1), st.text()), max_size=4)


@given(CALLS, st.integers(1, 5), st.randoms())
def test_tool_calls_survive_any_cutting_and_interleaving(
    calls: list[ToolCall], width: int, random: Random
) -> None:
    queues = [
        [
            ToolCallDelta(index, call.id, call.name),
            *(
                ToolCallDelta(index, arguments=call.arguments[at : at + width])
                for at in range(0, len(call.arguments), width)
            ),
        ]
        for index, call in enumerate(calls)
    ]
    turns = [index for index, queue in enumerate(queues) for _ in queue]
    random.shuffle(turns)
    deltas = [queues[index].pop(0) for index in turns]
    assert assemble(deltas) == tuple(calls)


@given(st.text(), st.text(), CALLS, st.integers(1, 7))
def test_complete_gives_back_what_was_streamed(
    text: str, reasoning: str, calls: list[ToolCall], chunk: int
) -> None:
    said = Completion(
        text, reasoning, tuple(calls), "stop", TokenUsage(9, 0, 3, 1, reported=True), "glm-5", "r1"
    )
    assert asyncio.run(complete(ScriptedModel([said], chunk=chunk), REQUEST)) == said


@pytest.mark.anyio
async def test_complete_raises_what_breaks_the_stream() -> None:
    model = ScriptedModel([Broken("The payment", StreamCut("gone"))])
    with pytest.raises(StreamCut):
        await complete(model, REQUEST)
    assert model.closed == 1


@pytest.mark.anyio
async def test_leaving_a_stream_closes_it() -> None:
    model = ScriptedModel(["The payment is due within thirty days."])
    async with aclosing(model.stream(REQUEST)) as events:
        assert await anext(events) == TextDelta("The payment ")
        assert model.closed == 0
    assert model.closed == 1

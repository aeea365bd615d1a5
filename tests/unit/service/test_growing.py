"""The prompt of an agent only grows, for the provider and for the mirror of its cache."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from prompts.agent import plan_agent
from prompts.plan_request import Limits, PlanRequest
from prompts.tools import tools_text
from service.growing import GrowingPrompt, same_call, sendable
from service.models.contract import Message, ToolCall

ASKED = PlanRequest("What is the fee?", (), None, {})
CALL = ToolCall("c1", "grep", '{"pattern": "fee"}')


def count(text: str) -> int:
    return len(text) // 4 + 1


def prompt() -> GrowingPrompt:
    return GrowingPrompt(plan_agent(ASKED, Limits(20_000), count), count)


def test_the_tools_are_mirrored_and_not_sent_as_a_message() -> None:
    made = prompt()

    assert [message.role for message in made.sent] == ["system", "user"]
    assert made.mirrored[0].content == tools_text()
    assert [m.content for m in made.mirrored[1:]] == [m.content for m in made.sent]


def test_replies_and_results_are_appended_as_they_were() -> None:
    made = prompt()
    before, mirrored, tokens = made.sent, made.mirrored, made.tokens

    made.said(" Hm.\n", "\n Let me see. \n", [CALL])
    made.returned(CALL, "half \ud800")

    assert made.sent[: len(before)] == before
    assert made.sent[-2:] == (
        Message("assistant", "Let me see.", " Hm.\n", (CALL,)),
        Message("tool", "half ?", tool_call_id="c1"),
    )
    assert made.mirrored[: len(mirrored)] == mirrored
    assert len(made.mirrored) == len(mirrored) + 2
    assert " Hm.\n" in made.mirrored[-2].content
    assert made.tokens > tokens


def test_the_provider_knows_better_only_upwards() -> None:
    made = prompt()
    estimated = made.tokens

    made.recount(estimated - 1)
    assert made.tokens == estimated
    made.recount(estimated + 50)
    assert made.tokens == estimated + 50


@given(
    st.lists(st.builds(ToolCall, st.sampled_from(["", "a", "b"]), st.text(max_size=5), st.text(max_size=9)))
)
def test_what_is_sent_back_can_be_taken_apart(calls: list[ToolCall]) -> None:
    made = sendable(calls, 3)

    assert len({call.id for call in made}) == len(calls) == len(made)
    for call in made:
        assert call.id
        assert call.name
        assert isinstance(json.loads(call.arguments), dict)
        assert call.arguments.encode()


def test_arguments_that_can_be_sent_are_sent_byte_for_byte() -> None:
    written = '{ "pattern":\t"fee" }'

    assert sendable([ToolCall("c", "grep", written)], 1) == (ToolCall("c", "grep", written),)


def test_the_same_call_is_known_again_however_it_is_written() -> None:
    spaced = ToolCall("c9", "grep", '{"limit":5, "pattern" : "fee"}')
    plain = ToolCall("c1", "grep", '{"pattern": "fee", "limit": 5}')
    broken = ToolCall("c1", "grep", '{"pattern')

    assert same_call(spaced) == same_call(plain)
    assert len({same_call(call) for call in (plain, broken, CALL, ToolCall("", "list_documents", ""))}) == 4

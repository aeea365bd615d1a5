"""The first prompt of an agent, and what a conversation keeps of its turn."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import pytest

from prompts.agent import (
    LEAST_ROOM,
    LIST_TOKENS,
    agent_rules,
    canonical_call,
    draw_list,
    mirrored_reply,
    plan_agent,
    stored_question,
)
from prompts.model import PromptPassage
from prompts.plan import PromptMessage
from prompts.plan_request import Limits, PlanRequest, PromptTooLongError, Turn
from prompts.render import DocumentName, render_passages, rules
from prompts.tools import tools_text

NAMES = {n: DocumentName(n, f"contracts/{n}.pdf", f"Agreement {n}") for n in range(1, 400)}
ASKED = PlanRequest(
    "What is the fee?", (), None, NAMES, card="Documents: 1 of 1.\n", instructions="Be terse."
)
HELD = PromptPassage(7, 3, 300, "The fee is $5.")


def count(text: str) -> int:
    return len(text) // 4 + 1


def test_the_rules_are_the_snapshot() -> None:
    assert agent_rules().startswith(rules())
    added = agent_rules().removeprefix(rules())
    assert blake2b(added.encode(), digest_size=8).hexdigest() == "2e7aac5ac0a03589"


def test_tools_rules_card_question() -> None:
    plan = plan_agent(ASKED, Limits(20_000), count)

    tools, system, user = plan.messages
    assert (tools.content, system.content) == (tools_text(), agent_rules())
    assert user.content == (
        "Documents: 1 of 1.\n\nInstructions of the application:\nBe terse.\n\nQuestion: What is the fee?"
    )
    assert (plan.mode, plan.passages, plan.added) == ("agent", (), ())


def test_a_later_turn_begins_with_the_earlier_ones_and_may_cite_them() -> None:
    turn = Turn("Documents: 1 of 1.\n…", "It is $5 [D7:3].", (HELD,))

    plan = plan_agent(replace(ASKED, history=(turn,)), Limits(20_000), count)

    assert plan.messages[2:] == (
        PromptMessage("user", turn.user),
        PromptMessage("assistant", turn.answer),
        PromptMessage("user", "\nQuestion: What is the fee?"),
    )
    assert plan.passages == (HELD,)


def test_a_conversation_without_room_begins_afresh_and_a_question_without_is_refused() -> None:
    long = replace(ASKED, history=(Turn("x" * 40_000, "y", (HELD,)),))
    least = plan_agent(ASKED, Limits(20_000), count).tokens + LEAST_ROOM

    plan = plan_agent(long, Limits(least), count)

    assert "begun afresh" in plan.reason
    assert plan.messages == plan_agent(ASKED, Limits(20_000), count).messages
    with pytest.raises(PromptTooLongError):
        plan_agent(ASKED, Limits(least - 1), count)


def test_the_list_goes_by_path_as_far_as_its_tokens() -> None:
    documents = [(NAMES[n], n) for n in range(399, 0, -1)]

    listed = draw_list(documents, count)

    first, second, third, *_ = listed.split("\n")
    assert first.endswith(" of 399.")
    assert first == f"Documents: {listed.count(chr(10)) - 1} of 399."
    assert (second, third) == (
        "D1 contracts/1.pdf (Agreement 1), 1 passage",
        "D10 contracts/10.pdf (Agreement 10), 10 passages",
    )
    assert LIST_TOKENS - 200 < count(listed) <= LIST_TOKENS
    assert listed == draw_list(reversed(documents), count)


def test_a_map_goes_before_it_within_the_same_tokens() -> None:
    documents = [(NAMES[n], n) for n in range(1, 400)]
    card = "a.py: run\n" * 300

    listed = draw_list(documents, count, card=card)

    assert listed.startswith(f"{card}Documents: ")
    assert count(listed) <= LIST_TOKENS
    assert draw_list([], count, card=card) == card


def test_the_turn_that_is_kept_holds_card_cited_passages_and_question() -> None:
    plan = plan_agent(ASKED, Limits(20_000), count)

    kept = stored_question(plan, [HELD], NAMES)

    card, question = (block.text for block in plan.blocks[2:])
    assert kept == f"{card}Passages:\n{render_passages([HELD], NAMES)}{question}"
    assert stored_question(plan, [], NAMES) == plan.question


def test_calls_are_compared_by_what_they_ask_for() -> None:
    assert canonical_call("grep", {"a": 1, "b": "é"}) == canonical_call("grep", {"b": "é", "a": 1})
    assert canonical_call("grep", {"a": 1}) != canonical_call("grep", {"a": "1"})


def test_the_mirror_sees_thoughts_and_calls() -> None:
    one = mirrored_reply("Hm.", "Let me see.", [("grep", '{"pattern":"a"}')])

    assert one.role == "assistant"
    assert one != mirrored_reply("Hm", "Let me see.", [("grep", '{"pattern":"a"}')])
    assert one != mirrored_reply("Hm.", "Let me see.", [("grep", '{"pattern":"b"}')])


def test_other_instructions_are_said_in_a_later_turn() -> None:
    turn = Turn("Documents: 1 of 1.\n…", "It is $5 [D7:3].", (HELD,))

    plan = plan_agent(replace(ASKED, history=(turn,), restated=True), Limits(20_000), count)

    assert plan.question == "\nInstructions of the application:\nBe terse.\n\nQuestion: What is the fee?"

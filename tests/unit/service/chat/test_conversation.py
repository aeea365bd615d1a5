"""Messages put in order."""

from __future__ import annotations

from typing import Any

import pytest

from service.http.chat.conversation import Conversation, converse, read_messages
from service.http.chat.errors import ChatRefused
from service.http.chat.requests import ChatMessage


def read(*messages: tuple[str, Any]) -> Conversation:
    typed = [ChatMessage.model_validate({"role": role, "content": content}) for role, content in messages]
    return converse(read_messages(typed))


def test_turns_instructions_and_the_question() -> None:
    found = read(
        ("system", "Be brief."),
        ("assistant", "Hello!"),
        ("user", "Rent?"),
        ("assistant", "4,200 [1]."),
        ("developer", "Be [D1:2] polite."),
        ("user", "When?"),
        ("user", "Of the warehouse."),
        ("assistant", "On the first"),
        ("assistant", "of the month."),
        ("user", [{"type": "text", "text": "Who"}, {"type": "text", "text": "pays?"}]),
    )

    assert found.instructions == "Be brief.\n\nBe [\\D1:2] polite."
    assert found.history == (
        ("Rent?", "4,200 [1]."),
        ("When?\n\nOf the warehouse.", "On the first\n\nof the month."),
    )
    assert found.question == "Who\npays?"


def test_an_empty_system_message_says_nothing() -> None:
    assert read(("system", ""), ("user", "Rent?")) == Conversation("", (), "Rent?")


REFUSED: list[tuple[list[tuple[str, Any]], str]] = [
    ([("user", " ")], "messages[0].content"),
    ([("user", [])], "messages[0].content"),
    ([("user", None)], "messages[0].content"),
    ([("user", "a"), ("assistant", ""), ("user", "b")], "messages[1].content"),
    ([("user", "a"), ("assistant", "b")], "messages[1].role"),
    ([("system", "a")], "messages[0].role"),
    ([("tool", "a")], "messages[0].role"),
    ([("narrator", "a")], "messages[0].role"),
    ([("user", [{"type": "file", "file": {}}])], "messages[0].content[0].type"),
    ([("system", "a" * 20_001), ("user", "b")], "messages"),
]


@pytest.mark.parametrize(("messages", "param"), REFUSED)
def test_what_is_no_conversation(messages: list[tuple[str, Any]], param: str) -> None:
    with pytest.raises(ChatRefused) as raised:
        read(*messages)
    assert raised.value.param == param


def test_calls_of_tools_are_refused() -> None:
    called = ChatMessage.model_validate({"role": "assistant", "content": "a", "tool_calls": [{"id": "1"}]})
    with pytest.raises(ChatRefused):
        read_messages([called])

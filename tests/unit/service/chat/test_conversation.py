"""Messages put in order."""

from __future__ import annotations

import time
from typing import Any

import pytest

from service.http.chat.conversation import Conversation, converse, read_messages, without_additions
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


@pytest.mark.parametrize(
    "shown",
    [
        "4,200 [1].",
        "<think>Hm</think>4,200 [1].",
        "\n<think>a</think>\n<think>b</think>\n4,200 [1].\n",
        '<details type="reasoning" done="true">\n<summary>Thought</summary>\n> a\n</details>\n4,200 [1].',
        "4,200 [1].\n\n---\n\n**Sources**\n\n- [1] [Lease, p. 1](http://a/#/document/d/1/0-1): “4,200”",
    ],
)
def test_what_clients_and_footnotes_add_is_taken_off(shown: str) -> None:
    assert without_additions(shown) == "4,200 [1]."


def test_what_an_answer_says_itself_stays() -> None:
    for text in ("Use <think> tags.", "<details><summary>More</summary>a</details>", "a\n\n---\n\nb"):
        assert without_additions(text) == text
    assert without_additions("<think>cut short") == ""


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("<details" + ' type="reasoning"' * 250_000, None),
        ("<details>" * 400_000, None),
        (" " * 4_000_000 + "<think", "<think"),
        ("<think></think>" * 250_000 + "4,200", "4,200"),
        ('<details type="reasoning"></details>' * 100_000 + "4,200", "4,200"),
    ],
)
def test_megabytes_of_thinking_are_looked_through_once(answer: str, left: str | None) -> None:
    begun = time.process_time()
    assert without_additions(answer) == (answer if left is None else left)
    assert time.process_time() - begun < 10

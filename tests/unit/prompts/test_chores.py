"""Chores are told from questions by their structure."""

from __future__ import annotations

import json

import pytest

from prompts.chores import Chore, recognise_chore
from tests.shared_data import ROOT, needs_shared

TALK = "USER: What is the rent?\nASSISTANT: 4,200 euros [1]."
HISTORY = f"\n<chat_history>\n{TALK}\n</chat_history>"
FORM = "at most five words, no punctuation"
LINES = "User: What is the rent?\nAI: 4,200 euros."


def message(text: str) -> tuple[str, str]:
    return "user", text


@pytest.mark.parametrize(
    ("instructions", "kind", "key"),
    [
        ('### Task:\nWrite a title. JSON: { "title": "…" }', "title", "title"),
        ('### Task:\nThemes of it. JSON: { "tags": ["…"] }', "tags", "tags"),
        ('### Task:\nWhat next? { "follow_ups": ["…"] }', "follow_ups", "follow_ups"),
        ('### Task:\nIs a search needed? { "queries": [] }', "queries", "queries"),
        ('Continue the text. `{ "text": "" }`', "text", "text"),
        ("Придумай заголовок.", "title", None),
        ("为对话生成标题", "title", None),
        ("List a few tags.", "tags", None),
        ("Propose follow-ups.", "follow_ups", None),
    ],
)
def test_around_a_conversation_in_tags(instructions: str, kind: str, key: str | None) -> None:
    found = recognise_chore([message(instructions + HISTORY)])

    assert found is not None
    assert (found.kind, found.key, found.question) == (kind, key, "What is the rent?")


@pytest.mark.parametrize(
    "messages",
    [
        [message(f"Give the conversation a title, {FORM}.\n\nConversation:\n{LINES}")],
        [("system", f"You generate a title for a conversation: {FORM}."), message(LINES.lower())],
        [("system", "把会话总结为标题，10 个字以内"), message("user: 租金?\nassistant: 4,200")],
        [message(f"{LINES}\n\nGenerate a title for this chat, {FORM}.")],
        [
            message("What is the rent?"),
            ("assistant", "4,200"),
            message("Summarize our conversation in a title of four to five words."),
        ],
        [
            ("system", f"Generate a title from the first message of the user, {FORM}."),
            message("What is the rent?"),
        ],
        [
            message(
                "Придумай название для этой беседы, не больше 5 слов.\nПользователь: Аренда?\nАссистент: 4"
            )
        ],
    ],
)
def test_a_title_without_tags(messages: list[tuple[str, str]]) -> None:
    found = recognise_chore(messages)

    assert found is not None
    assert (found.kind, found.key) == ("title", None)
    assert found.question


def test_an_emoji() -> None:
    wanted = "Reply with the emoji that shows how the speaker feels.\n\nMessage: ```I am late```"
    assert recognise_chore([message(wanted)]) == Chore("emoji", None, "")


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [message("What is the rent?")],
        [message("What is the title of section 4, in quotation marks?")],
        [message("Give the title of the agreement in five words.")],
        [message("Write a title for this conversation in five words.")],  # of which there is none yet
        [message("Which prompt template holds <chat_history> and </chat_history>?")],
        [message(f"Who spoke first?{HISTORY}")],
        [message("### Task:\nAnswer from it.\n<context>\nfoo\n</context>\n<user_query>Rent?</user_query>")],
        [message(f"Summarise what they agreed on.\n\n{LINES}")],
        [("system", "You name documents by their title in five words."), message("Rent?")],
        [message("Hi"), ("assistant", "Generate a title for this chat, five words.")],
    ],
)
def test_questions_are_none(messages: list[tuple[str, str]]) -> None:
    assert recognise_chore(messages) is None


@needs_shared
def test_no_real_question_is_taken_for_one() -> None:
    """Alone, after a system message, and after a conversation: over thirty thousand in all."""
    before: tuple[list[tuple[str, str]], ...] = (
        [],
        [("system", "You are a helpful assistant.")],
        [message("Hello"), ("assistant", "Hello! How can I help?")],
    )
    asked = 0
    for path in sorted(ROOT.rglob("queries*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for question in {row["query"], row.get("query_short") or row["query"]}:
                for said in before:
                    asked += 1
                    assert recognise_chore([*said, message(question)]) is None, question
    assert asked > 25_000

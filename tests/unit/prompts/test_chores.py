"""Chores are told from questions by their structure."""

from __future__ import annotations

import json
import time

import pytest

from prompts.chores import Chore, recognise_chore
from tests.shared_data import ROOT, needs_shared

TALK = "USER: What is the rent?\nASSISTANT: 4,200 euros [1]."
HISTORY = f"\n<chat_history>\n{TALK}\n</chat_history>"
FORM = "at most five words, no punctuation"
BEFORE = [("user", "What is the rent?"), ("assistant", "4,200 euros [1].")]
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
            (
                "system",
                f"You name threads: a short title by which the user finds the chat. Write the title, {FORM}.",
            ),
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


@pytest.mark.parametrize(
    "wanted",
    [
        "Title for this conversation, please: five words.",
        "Give our chat a short title. Only return the title, no quotes.",
        (
            "Please generate a four to five word title summarizing our conversation without any lead-in, "
            "punctuation, quotation marks, periods, symbols, bold text, or additional text. "
            "Remove enclosing quotation marks."
        ),
        "Придумай заголовок беседы",
        "Дай короткое название нашему диалогу: не больше пяти слов, без кавычек.",
        "给这个对话起标题",
        "请为我们的聊天生成一个标题，10 个字以内，不要标点。",
        "使用四到五个字直接返回这句话的简要主题，不要解释、不要标点、不要语气词、不要多余文本，如果没有主题，请直接返回“闲聊”",
    ],
)
def test_a_title_after_the_conversation(wanted: str) -> None:
    found = recognise_chore([*BEFORE, message(wanted)])

    assert found == Chore("title", None, "What is the rent?")


@pytest.mark.parametrize(
    "asked",
    [
        "From this discussion, give the name of the landlord in quotes.",
        "What is the title of the agreement we discussed in this chat?",
        "Give the title of the section in five words.",
        "Give the title of the section we discussed in this conversation, in five words.",
        "Write a title for this conversation in five words, and name the landlord.",
        "Write a title for this conversation. Then list the rents in quotes.",
        "Give the title of the chat transcript in Exhibit B in quotation marks.",
        "Give the title of the discussion in five words.",
        "Give the title of the case from this discussion, in quotes.",
        "Return only the title of the text from our conversation.",
        "Give the title of the text in this chat in quotes.",
        "Дай название текста из нашего разговора в кавычках.",
        "Give the topic of this conversation in five words.",
        "Return only the name of the tenant from our conversation, without punctuation.",
        "Summarize our conversation in five words, with the title of the lease.",
        "Дай название договора из нашей беседы в кавычках.",
        "Назови заголовок пункта 4 из этого разговора, не больше пяти слов.",
        "Как называется договор, о котором шёл разговор? Только название.",
        "Придумай заголовок беседы и назови арендатора.",
        "从这个对话中给出合同的名称，不要解释",
        "返回我们聊天中提到的协议标题，10 个字以内",
        "给出《对话》的标题，不要标点",
        "给这个对话起标题，并给出租金",
    ],
)
def test_what_is_asked_on_is_no_title(asked: str) -> None:
    assert recognise_chore([*BEFORE, message(asked)]) is None


@pytest.mark.parametrize(
    "instructions",
    [
        "This is a chat about leases. Give the title of each section that you cite in quotation marks.",
        "In this chat, provide the name of the document in quotes.",
        "Ты ведёшь беседу о договорах. Дай название пункта в кавычках.",
        "这是关于合同的对话。请给出条款的标题，不要解释。",
    ],
)
def test_instructions_about_titles_of_documents_are_none(instructions: str) -> None:
    for asked in ("What is the rent?", f"Who is right?\n{LINES}"):
        assert recognise_chore([("system", instructions), message(asked)]) is None


@pytest.mark.parametrize(
    "text",
    [
        "emoji " * 160_000,
        "emoji " + "Message:" * 120_000 + "```",
        "emoji Message: " + "`" * 1_000_000,
        "<chat_history>\n</chat_history>" + "поисков" * 150_000,
        "<chat_history>\n</chat_history>" + "generate " * 110_000,
        "<chat_history>\n" * 70_000 + " " * 1_000_000,
        "user:\nai:" + " " * 1_000_000 + "1 - " * 250_000,
        "Generate a title for this " + "a " * 500_000,
        "1" * 1_000_000,
    ],
)
def test_megabytes_are_looked_through_once(text: str) -> None:
    begun = time.process_time()
    for before in ([], BEFORE, [("system", text)]):
        recognise_chore([*before, message(text)])
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "text", ["Which emoji stands for anger?", "An emoji of it:\nMessage: ```", "Message: ```an emoji```"]
)
def test_no_emoji_is_wanted(text: str) -> None:
    assert recognise_chore([message(text)]) is None


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

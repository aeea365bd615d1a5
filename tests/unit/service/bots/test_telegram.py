"""Telegram's messages as the bot takes them, and its own in Telegram's form."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Chat, Document, ForumTopicCreated, Message, MessageEntity, PhotoSize, User

from service.bots.platform import Place
from service.bots.styled import joined, marked, plain
from service.bots.telegram import API, Telegram, formatted, incoming

if TYPE_CHECKING:
    from service.bots.platform import Incoming

BOT, ANN = User(1, "Lectern", is_bot=True, username="LecternBot"), User(11, "Ann", is_bot=False)
PRIVATE, GROUP = Chat(11, "private"), Chat(-100, "supergroup")


def taken(text: str, *entities: tuple[str, int, int], chat: Chat = PRIVATE, **fields: Any) -> Incoming | None:  # noqa: ANN401 — of a message
    marks = [MessageEntity(*entity) for entity in entities]
    given: dict[str, Any] = {"from_user": ANN, "text": text, "entities": marks, **fields}
    return incoming(Message(5, datetime.now(UTC), chat, **given), BOT.id, "LecternBot")


def replied(sender: User, **fields: Any) -> Message:  # noqa: ANN401 — of a message
    return Message(3, datetime.now(UTC), GROUP, from_user=sender, **fields)


def test_offsets_count_utf_16_units() -> None:
    content = joined(
        [plain("😀 "), marked("bold", "bold"), plain(" 😀 "), marked("[1]", "link", "https://l.example")]
    )
    text, entities = formatted(content)

    assert [(e.type, e.offset, e.length, e.url) for e in entities] == [
        ("bold", 3, 4, None),
        ("text_link", 11, 3, "https://l.example"),
    ]
    assert text == content.text


@given(
    st.lists(
        st.tuples(st.text(st.sampled_from("a@😀 x.中"), max_size=6), st.sampled_from(["bold", "code", None]))
    )
)
def test_marks_stay_at_their_words_and_no_name_is_called(parts: list[tuple[str, Any]]) -> None:
    content = joined([marked(text, kind) if kind else plain(text) for text, kind in parts])
    text, entities = formatted(content)

    units = text.encode("utf-16-le")
    under = [units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le") for e in entities]
    assert [words.replace("\u2060", "") for words in under] == [
        words for words, kind in parts if words and kind
    ]
    assert text.replace("\u2060", "") == content.text


def test_a_mention_calls_nobody_and_an_address_of_mail_stays() -> None:
    text, _ = formatted(plain("ask @ann or ann@firm.example, not ") + marked("@bob", "code"))
    assert text == "ask @\u2060ann or ann@firm.example, not @bob"


def test_links_come_first_where_there_are_too_many_entities() -> None:
    content = joined(
        [*(marked("b", "bold") for _ in range(120)), marked("[1]", "link", "https://l.example")], " "
    )
    _, entities = formatted(content)
    assert len(entities) == 100
    assert entities[-1].type == "text_link"


def test_a_private_chat_is_one_thread() -> None:
    message = taken("Who signs?")
    assert message is not None
    assert (message.thread, message.private, message.text) == ("11", True, "Who signs?")
    assert message.place == Place("11")


def test_in_a_group_only_what_names_the_bot_or_answers_it_counts() -> None:
    assert taken("Who signs?", chat=GROUP) is None
    assert taken("@OtherBot hi", ("mention", 0, 9), chat=GROUP) is None
    named = taken("Who signs, @lecternbot?", ("mention", 11, 11), chat=GROUP)
    assert named is not None
    assert (named.text, named.thread, named.place) == ("Who signs, ?", "", Place("-100", "", "5"))
    answered = taken("And when?", chat=GROUP, reply_to_message=replied(BOT))
    assert answered is not None
    assert answered.replies_to == "3"
    assert taken("And when?", chat=GROUP, reply_to_message=replied(ANN)) is None


def test_a_topic_is_a_thread_and_its_first_message_is_nobodys() -> None:
    began = replied(BOT, forum_topic_created=ForumTopicCreated("Leases", 1))
    topic: dict[str, Any] = {"message_thread_id": 9, "is_topic_message": True}
    assert taken("Who signs?", chat=GROUP, reply_to_message=began, **topic) is None
    message = taken("@LecternBot who?", ("mention", 0, 11), chat=GROUP, **topic)
    assert message is not None
    assert (message.thread, message.place.topic, message.replies_to) == ("-100/topic 9", "9", "")


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("/collection leases", "collection", "leases"),
        ("/Collection@lecternbot  leases", "collection", "leases"),
        ("/weather", "weather", ""),
    ],
)
def test_commands_are_told_from_questions(text: str, command: str, rest: str) -> None:
    message = taken(text, ("bot_command", 0, len(text.partition(" ")[0])))
    assert message is not None
    assert (message.command, message.text) == (command, rest)


def test_commands_of_other_bots_are_not_ours() -> None:
    assert taken("/new@OtherBot", ("bot_command", 0, 13), chat=GROUP) is None
    assert taken("/weather", ("bot_command", 0, 8), chat=GROUP) is None
    mine = taken("/new", ("bot_command", 0, 4), chat=GROUP)
    assert mine is not None
    assert mine.thread == "-100"


def test_nobody_and_other_bots_are_not_answered() -> None:
    assert taken("hi", from_user=None) is None
    assert taken("hi", from_user=BOT) is None
    assert taken("") is None


def test_documents_and_photographs_are_files() -> None:
    file = taken("", document=Document("id", "u", "lease.pdf", file_size=7), caption="Who signs?")
    assert file is not None
    assert (file.text, [(a.name, a.size) for a in file.attachments]) == ("Who signs?", [("lease.pdf", 7)])
    sizes = [PhotoSize("small", "s", 10, 10, 1), PhotoSize("large", "l", 100, 100, 9)]
    photo = taken("", photo=sizes)
    assert photo is not None
    assert [(a.id, a.name) for a in photo.attachments] == [("large", "photo-5.jpg")]


def test_the_public_api_hands_out_less_than_one_of_our_own() -> None:
    public, own = Telegram("1:t", API), Telegram("1:t", "http://127.0.0.1:8081")
    assert (public.largest_file, own.largest_file) == (20 * 2**20, 200 * 2**20)
    assert (public.pause(Place("11")), public.pause(Place("-100"))) == (1.0, 3.0)
    assert os.environ["PTB_TIMEDELTA"] == "true"

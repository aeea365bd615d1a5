"""Slack's events as the bot takes them, and its own messages in Slack's form."""

from __future__ import annotations

from typing import Any

import pytest

from service.bots.platform import Place
from service.bots.slack import escaped, formatted, incoming, slash, unescaped
from service.bots.styled import joined, marked, plain

EVENT = {
    "type": "message",
    "user": "UANN",
    "ts": "7.1",
    "channel": "C1",
    "channel_type": "channel",
    "text": "hi",
}


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 — of an event
    return {**EVENT, **fields}


def test_rich_text_holds_every_look_and_parses_nothing() -> None:
    content = joined(
        [
            plain("<!channel> & "),
            marked("bold", "bold"),
            marked("[1]", "link", "https://l.example/#/d"),
            marked("a\nb", "block"),
            marked("said", "quote"),
        ]
    )

    fields = formatted(content)

    [block] = fields["blocks"]
    section, program, quotation = block["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "<!channel> & "},
        {"type": "text", "text": "bold", "style": {"bold": True}},
        {"type": "link", "url": "https://l.example/#/d", "text": "[1]"},
    ]
    assert program == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\nb"}]}
    assert quotation == {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]}
    assert fields["text"].startswith("&lt;!channel&gt; &amp; bold[1]")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("see <https://firm.example|the firm> and <https://x.example>", "see the firm and https://x.example"),
        ("<@U1|ann>, <@U2> in <#C1|law>: <!here>", "@ann, @U2 in #law: @here"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_what_somebody_wrote_is_read_as_they_meant_it(sent: str, meant: str) -> None:
    assert unescaped(sent) == meant
    assert unescaped(escaped(meant)) == meant


def test_a_mention_in_a_channel_opens_a_thread() -> None:
    message = incoming(event(text="<@UBOT> who signs?"), "UBOT")
    assert message is not None
    assert (message.addressed, message.text, message.thread) == (True, "who signs?", "C1/7.1")
    assert message.place == Place("C1", "7.1")


def test_in_a_thread_it_need_not_be_named() -> None:
    message = incoming(event(thread_ts="5.0"), "UBOT")
    assert message is not None
    assert (message.addressed, message.thread) == (False, "C1/5.0")


def test_who_speaks_to_somebody_else_is_not_answered() -> None:
    assert incoming(event(thread_ts="5.0", text="<@U2> what do you say?"), "UBOT") is None


def test_a_direct_message_is_always_for_the_bot() -> None:
    message = incoming(event(channel="D1", channel_type="im"), "UBOT")
    assert message is not None
    assert (message.private, message.addressed, message.thread, message.place) == (
        True,
        True,
        "D1",
        Place("D1"),
    )


@pytest.mark.parametrize("fields", [{"subtype": "message_changed"}, {"bot_id": "B1"}, {"user": None}])
def test_what_no_person_wrote_is_passed_over(fields: dict[str, Any]) -> None:
    assert incoming(event(**fields), "UBOT") is None


def test_commands_are_words_with_a_sign() -> None:
    message = incoming(event(text="<@UBOT> !collection the leases"), "UBOT")
    assert message is not None
    assert (message.command, message.text) == ("collection", "the leases")
    other = incoming(event(text="<@UBOT> !important: who signs?"), "UBOT")
    assert other is not None
    assert (other.command, other.text) == ("", "!important: who signs?")


def test_a_slash_command_is_about_the_channel() -> None:
    given = {"channel_id": "D1", "user_id": "UANN", "trigger_id": "t1", "text": "Collection leases"}
    message = slash(given)
    assert (message.command, message.text, message.thread) == ("collection", "leases", "D1")
    assert slash({**given, "text": ""}).command == "help"

"""Texts that broke other programs, as a model's answer in a chat: they stay text that no platform acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.bots import slack, telegram
from service.bots.markdown import styled_markdown
from service.bots.styled import split
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from telegram import MessageEntity


@needs_shared
def test_naughty_strings_become_messages_that_both_platforms_take() -> None:
    lines = shared("adversarial/naughty-strings.txt").read_text(encoding="utf-8").split("\n")
    shown = 0
    for line in lines:
        for piece in split(styled_markdown(line).upright(), 3_000, len):
            if piece.text:
                shown += 1
                _check_telegram(*telegram.formatted(piece))
                _check_slack(piece.text, slack.formatted(piece))
    assert shown > 400


def _check_telegram(text: str, entities: list[MessageEntity]) -> None:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    for entity in entities:
        assert entity.url is None
        assert 0 <= entity.offset < entity.offset + entity.length <= units


def _check_slack(text: str, fields: dict[str, Any]) -> None:
    assert slack.unescaped(fields["text"]) == text
    assert "<" not in fields["text"]
    elements = [element for part in fields["blocks"][0]["elements"] for element in part["elements"]]
    assert all(element["type"] == "text" for element in elements)
    assert "".join(element["text"] for element in elements) == text

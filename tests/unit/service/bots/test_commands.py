"""What commands answer."""

from __future__ import annotations

import pytest

from service.bots.commands import choose_collection, help_text
from service.bots.threads import Cited, Thread

THREAD = Thread("room", "default", "ses_1", (Cited(1, "doc", 1, 0, 5),))
ALLOWED = ("default", "leases")


def test_help_names_every_command_with_the_platforms_sign() -> None:
    text = help_text("!", "leases", uploads=False).text
    for name in ("!sources", "!new", "!collection NAME", "!help", "“leases”"):
        assert name in text
    assert "Files that you send" not in text
    assert "Files that you send" in help_text("/", "leases", uploads=True).text


def test_choosing_begins_a_new_conversation() -> None:
    chosen, said = choose_collection(THREAD, "leases", ALLOWED, "/")
    assert chosen == Thread("room", "leases")
    assert "from now on" in said


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("", "Collections:\n→ default\n• leases\nChoose one with /collection NAME."),
        ("default", "This thread asks “default” already."),
        ("secret", "There is no collection of this name for this bot. These are there:\n→ default\n• leases"),
    ],
)
def test_otherwise_nothing_changes(wanted: str, said: str) -> None:
    assert choose_collection(THREAD, wanted, ALLOWED, "/") == (THREAD, said)

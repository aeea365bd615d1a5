"""A bot from its settings, and logs without secrets."""

from __future__ import annotations

import logging

import pytest

from service.bots.redacting import Redacting
from service.bots.running import link_base, rules_of
from service.settings import Settings


@pytest.mark.parametrize(
    ("server", "base"),
    [
        ("http://127.0.0.1:8421", ""),
        ("http://[::1]:8421", ""),
        ("http://localhost:8421", ""),
        ("http://10.0.0.5:8421", "http://10.0.0.5:8421"),
        ("https://lectern.example/team", "https://lectern.example/team"),
    ],
)
def test_links_lead_only_where_people_can_follow(server: str, base: str) -> None:
    assert link_base(Settings(), server) == base
    assert link_base(Settings(public_url="https://docs.example"), server) == "https://docs.example"


def test_nobody_may_talk_unless_the_settings_say_so() -> None:
    rules = rules_of(Settings(collection="leases"), "telegram")
    assert (rules.allowed, rules.uploaders, rules.collections) == (frozenset(), frozenset(), ("leases",))


def test_each_platform_has_lists_of_its_own() -> None:
    settings = Settings(telegram_allowed=("1",), slack_allowed=("U1",), slack_uploaders=("U2",))
    assert rules_of(settings, "telegram").allowed == {"1"}
    assert rules_of(settings, "slack").allowed == {"U1"}
    assert rules_of(settings, "slack").uploaders == {"U2"}


def test_no_secret_reaches_a_log_not_even_in_a_traceback() -> None:
    formatter = Redacting(["123:token", ""])
    error = ValueError("bot123:token/getMe bot123%3Atoken")
    record = logging.LogRecord(
        "x", logging.ERROR, "f", 1, "asked %s", ("bot123:token",), (ValueError, error, None)
    )

    line = formatter.format(record)

    assert "token" not in line
    assert "asked bot…" in line
    assert "bot…/getMe" in line

"""``lectern bot`` before there is a bot: every lack is one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ingest.errors import LecternError
from service.cli import cli
from service.commands.bot import MissingExtra, NoServer, adapter
from service.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

TOKENS = {
    "LECTERN_TELEGRAM_TOKEN": "1:secret-one",
    "LECTERN_SLACK_BOT_TOKEN": "xoxb-secret-two",
    "LECTERN_SLACK_APP_TOKEN": "xapp-secret-three",
}


def refused(folder: Path, *arguments: str, **environment: str) -> LecternError:
    ran = CliRunner().invoke(cli, ["bot", *arguments], env={"LECTERN_DATA": str(folder), **environment})
    assert isinstance(ran.exception, LecternError), ran.output
    return ran.exception


@pytest.mark.parametrize(("platform", "name"), [("telegram", "TELEGRAM_TOKEN"), ("slack", "SLACK_BOT_TOKEN")])
def test_a_token_that_is_not_set_is_named(platform: str, name: str, tmp_path: Path) -> None:
    error = refused(tmp_path, platform)
    assert isinstance(error, SettingsError)
    assert f"set LECTERN_{name}" in str(error)


@pytest.mark.parametrize("platform", ["telegram", "slack"])
def test_without_a_server_it_says_how_to_start_one(platform: str, tmp_path: Path) -> None:
    error = refused(tmp_path, platform, **TOKENS)
    assert isinstance(error, NoServer)
    assert "`lectern serve`" in str(error)
    assert "secret" not in str(error)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    environment = {"LECTERN_DATA": str(tmp_path), **TOKENS}
    ran = CliRunner().invoke(cli, ["bot", "telegram", "--server", "lectern"], env=environment)
    assert ran.exit_code == 2
    assert "http://HOST" in ran.output


def test_a_library_that_is_not_there_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtra, match=r"needs some-library: pip install 'lectern\[carrier_pigeon\]'"):
        adapter("carrier_pigeon", "some-library")

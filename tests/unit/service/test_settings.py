"""Settings: the environment over the file, and no name that nobody reads."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest

from service.setting_groups.models import ModelPrice
from service.settings import Settings, SettingsError, load_settings


def test_defaults_need_nothing(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    assert not settings.has_model
    assert settings.is_loopback
    assert settings.data.is_absolute()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "lectern.toml").write_text('llm_model = "glm-4.7"\nport = 9000\n', encoding="utf-8")
    settings = load_settings(
        {"LECTERN_LLM_MODEL": "glm-5", "LECTERN_LLM_API_KEY": "k", "HOME": "/"}, tmp_path
    )
    assert (settings.llm_model, settings.port) == ("glm-5", 9000)
    assert settings.has_model


def test_an_empty_variable_counts_as_absent(tmp_path: Path) -> None:
    assert load_settings({"LECTERN_QDRANT_URL": ""}, tmp_path).qdrant_url is None


def test_the_test_suite_has_a_prefix_of_its_own(tmp_path: Path) -> None:
    assert load_settings({"LECTERN_TEST_QDRANT_URL": "http://127.0.0.1:6333"}, tmp_path) == Settings()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LECTERN_MODEL": "glm-5"}, "unknown setting model; the settings are .*llm_model"),
        ({"LECTERN_PORT": "eighty"}, "setting port: .*integer"),
        ({"LECTERN_TEMPERATURE": "1.5"}, "setting temperature: .*less than or equal to 1"),
    ],
)
def test_mistakes_are_named(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=said):
        load_settings(environment, tmp_path)


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe"])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "lectern.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"lectern\.toml"):
        load_settings({}, tmp_path)


def test_keys_do_not_show_in_a_print_of_the_settings(tmp_path: Path) -> None:
    assert "s3cret" not in repr(load_settings({"LECTERN_LLM_API_KEY": "s3cret"}, tmp_path))


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_key_opens_nothing(empty: str, tmp_path: Path) -> None:
    (tmp_path / "lectern.toml").write_text(f'access_key = "{empty}"', encoding="utf-8")
    with pytest.raises(SettingsError, match="access_key"):
        load_settings({}, tmp_path)


def test_white_space_around_a_key_is_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "lectern.toml").write_text('access_key = " open sesame "', encoding="utf-8")
    key = load_settings({}, tmp_path).access_key
    assert key is not None
    assert key.get_secret_value() == "open sesame"


def test_a_relative_folder_is_the_same_from_everywhere(tmp_path: Path) -> None:
    with chdir(tmp_path):
        assert load_settings({"LECTERN_DATA": "data"}, tmp_path).data == tmp_path / "data"
    assert load_settings({"LECTERN_DATA": "~/data"}, tmp_path).data == Path.home() / "data"


class TestPrices:
    OWN = ModelPrice(input=0.5, cached=0.1, output=2.0)

    def test_they_are_tables_in_the_file(self, tmp_path: Path) -> None:
        table = (
            '[prices."glm-5"]\ninput = 0.5\ncached = 0.1\noutput = 2\n[prices.house]\ninput = 0\noutput = 0\n'
        )
        (tmp_path / "lectern.toml").write_text(table, encoding="utf-8")

        assert load_settings({}, tmp_path).prices == {
            "glm-5": self.OWN,
            "house": ModelPrice(input=0, output=0),
        }

    def test_in_the_environment_they_are_json_or_a_path(self, tmp_path: Path) -> None:
        bare, inside = tmp_path / "bare.toml", tmp_path / "inside.toml"
        bare.write_text('["glm-5"]\ninput = 0.5\ncached = 0.1\noutput = 2\n', encoding="utf-8")
        inside.write_text('[prices."glm-5"]\ninput = 0.5\ncached = 0.1\noutput = 2\n', encoding="utf-8")
        said = '{"glm-5": {"input": 0.5, "cached": 0.1, "output": 2}}'

        for value in (said, f" {said}", str(bare), str(inside)):
            assert load_settings({"LECTERN_PRICES": value}, tmp_path).prices == {"glm-5": self.OWN}

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ('{"glm-5": {"output": 2}}', r"setting prices\.glm-5\.input: Field required"),
            ('{"glm-5": {"input": -1, "output": 2}}', r"prices\.glm-5\.input: .*greater than or equal to 0"),
            ('{"glm-5": {"input": NaN, "output": 2}}', r"prices\.glm-5\.input: .*finite"),
            ('{"glm-5": {"input": 1, "output": 2, "cache": 1}}', r"prices\.glm-5\.cache: Extra"),
            ('{"glm-5": 3}', r"prices\.glm-5: .*dictionary"),
            ("{glm-5", "setting prices: "),
            ("/nowhere/prices.toml", "setting prices: .*/nowhere/prices.toml: No such file"),
        ],
    )
    def test_mistakes_name_the_entry(self, value: str, said: str, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=said):
            load_settings({"LECTERN_PRICES": value}, tmp_path)


def test_ids_stand_between_commas_or_in_a_list_as_numbers_too(tmp_path: Path) -> None:
    said = {"LECTERN_TELEGRAM_ALLOWED": " 12, -1001 ,", "LECTERN_BOT_COLLECTIONS": "leases,all of it"}
    assert load_settings(said, tmp_path).telegram_allowed == ("12", "-1001")
    assert load_settings(said, tmp_path).bot_collections == ("leases", "all of it")
    (tmp_path / "lectern.toml").write_text(
        'telegram_allowed = [12, -1001]\nslack_allowed = ["everyone"]\n', encoding="utf-8"
    )
    assert load_settings({}, tmp_path).telegram_allowed == ("12", "-1001")
    assert load_settings({}, tmp_path).slack_allowed == ("everyone",)
    (tmp_path / "lectern.toml").write_text("slack_uploaders = 7\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="slack_uploaders"):
        load_settings({}, tmp_path)

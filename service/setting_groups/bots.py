"""The bots of Telegram and Slack."""

from __future__ import annotations

from typing import cast

from pydantic import Field, SecretStr, field_validator

from service.setting_groups.group import SettingGroup, said


class BotSettings(SettingGroup):
    """Bots."""

    telegram_token: SecretStr | None = Field(
        default=None, description="Token of the Telegram bot, from @BotFather."
    )
    telegram_api_url: str = Field(
        default="https://api.telegram.org",
        pattern=r"^https?://[^\s?#]+$",
        description="Address of the Telegram Bot API, where it is a server of your own.",
    )
    telegram_allowed: tuple[str, ...] = Field(
        default=(),
        description="Ids of people, and of chats with all who are in them, that may talk to the Telegram "
        "bot; `everyone` for all of Telegram. In the environment separated by commas. Without it nobody may.",
    )
    telegram_uploaders: tuple[str, ...] = Field(
        default=(),
        description="Likewise, who of these may send files to be read; `everyone` for all of them.",
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="Token of the Slack app, `xoxb-…`.")
    slack_app_token: SecretStr | None = Field(
        default=None, description="Token that opens its socket, `xapp-…`."
    )
    slack_api_url: str = Field(
        default="https://slack.com/api/",
        pattern=r"^https?://[^\s?#]+$",
        description="Address of Slack's Web API.",
    )
    slack_allowed: tuple[str, ...] = Field(
        default=(),
        description="Ids of people and channels that may talk to the Slack app; `everyone` for all whom the "
        "workspace lets. Without it nobody may.",
    )
    slack_uploaders: tuple[str, ...] = Field(
        default=(),
        description="Likewise, who of these may send files to be read; `everyone` for all of them.",
    )
    bot_access_key: SecretStr | None = Field(
        default=None,
        description="The access key that bots come to the server with: they see what it opens; by default "
        "`access_key`.",
    )
    bot_collections: tuple[str, ...] = Field(
        default=(),
        description="Collections that bots may ask, the first one unless told otherwise; by default "
        "`collection`.",
    )
    bot_person_requests: int = Field(
        default=6, ge=1, description="Messages a minute that a bot answers to one person."
    )
    bot_requests: int = Field(default=60, ge=1, description="Messages a minute that a bot answers in all.")

    @field_validator(
        "telegram_allowed",
        "telegram_uploaders",
        "slack_allowed",
        "slack_uploaders",
        "bot_collections",
        mode="before",
    )
    @classmethod
    def _separate_names(cls, names: object) -> object:
        """Text between commas; ids may be numbers."""
        if isinstance(names, str):
            return tuple(name.strip() for name in names.split(",") if name.strip())
        return tuple(map(str, cast("list[object]", names))) if isinstance(names, list) else names

    @field_validator("bot_access_key")
    @classmethod
    def _read_bot_access_key(cls, key: SecretStr | None) -> SecretStr | None:
        return said(key)

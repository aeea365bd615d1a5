"""The language model: who is asked, how patiently, and what it costs."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from service.setting_groups.group import SettingGroup

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=100)]


class ModelPrice(BaseModel):
    """What a model's tokens cost, in dollars per million."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    cached: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Without it, cached tokens cost as much as fresh ones."""
    output: float = Field(ge=0, allow_inf_nan=False)


class FallbackProvider(BaseModel):
    """A model provider that is asked where those before it cannot answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str | None = None
    """Preset, where the address does not tell."""
    base_url: str | None = None
    """By default the preset's."""
    api_key: SecretStr | None = None
    model: str | None = None
    """By default the preset's name of GLM-5."""
    context: Annotated[int, Field(gt=0)] | None = None
    """Tokens, where the model is not known."""
    price: ModelPrice | None = None
    """What its tokens cost there, over the published price."""
    session_header: HeaderName | None = None
    """By default the preset's."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.provider is None and self.base_url is None:
            raise ValueError("needs a provider or a base_url")
        return self


class ModelSettings(SettingGroup):
    """Language model."""

    llm_base_url: str | None = Field(
        default=None,
        description="OpenAI-compatible endpoint. With a key and no address: https://api.z.ai/api/paas/v4.",
    )
    llm_api_key: SecretStr | None = Field(default=None, description="The model provider's key.")
    llm_provider: str | None = Field(
        default=None, description="Preset (zai, openrouter, vllm, …) where the address does not tell."
    )
    llm_model: str | None = Field(
        default=None, description="Model name; by default the provider's name of GLM-5."
    )
    code_model: str | None = Field(
        default=None,
        description="Name of the model that answers questions to collections whose documents are mostly "
        "programs, such as `glm-5-code`; by default the one that answers all. A conversation stays with the "
        "model it began with.",
    )
    llm_context: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Context of the model in tokens, where it is not the preset's."
    )
    llm_session_header: HeaderName | None = Field(
        default=None,
        description="Header by which the router of your own servers keeps on one of them what shares a "
        "prompt's beginning; by default the preset's. Its value tells neither tenant nor text.",
    )
    llm_timeout: float = Field(default=600.0, gt=0, description="Seconds that one answer may take in all.")
    llm_idle_timeout: float = Field(
        default=60.0, gt=0, description="Seconds without a sign of life from the model."
    )
    llm_attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        description="Times that a provider is asked one thing, counting the first, where its error passes; "
        "where a fallback follows it, twice at most. All calls together have a budget of retries besides.",
    )
    llm_circuit_failures: int = Field(
        default=8,
        ge=1,
        description="Failures in a row after which a provider is left alone for a while.",
    )
    llm_circuit_seconds: float = Field(
        default=15.0, gt=0, description="How long, before one call may try it again."
    )
    llm_parallel: int = Field(
        default=128, ge=1, description="Calls of language models at a time, of all providers together."
    )
    llm_waiting: int = Field(
        default=256,
        ge=0,
        description="Questions that may wait for one of these places; more are told to come again.",
    )
    llm_queue_seconds: float = Field(
        default=30.0, gt=0, description="Seconds that a question may wait for its place."
    )
    fallbacks: tuple[FallbackProvider, ...] = Field(
        default=(),
        description="Providers that are asked in this order where the one before cannot answer: tables "
        "`[[fallbacks]]` with `provider` or `base_url`, and, where they are needed, `api_key`, `model`, "
        "`context`, `session_header` and `price` (`{ input, cached, output }`, dollars per million). In the "
        "environment a JSON list of the same shape. They see what the first one would have seen.",
    )
    thinking: bool = Field(default=False, description="Let the model think before it answers.")
    temperature: float = Field(default=0.3, ge=0, le=1, description="Of the answer; 0 varies least.")
    answer_tokens: int = Field(
        default=4_096, ge=1, le=131_072, description="Longest answer, thinking included."
    )
    exact_tokens: bool = Field(
        default=False,
        description="Have the provider's tokenizer count the beginning of what is found, once for each model "
        "and script, so that prompts are estimated well from the first question on; where it has none, "
        "answers alone calibrate the estimates. Up to 8,000 characters are sent there.",
    )
    task_model: str | None = Field(
        default=None,
        description="Name of the model that writes what chat clients ask for beside their questions, such as "
        "titles; by default the one that answers.",
    )
    prices: Mapping[str, ModelPrice] = Field(
        default={},
        description='Dollars per million tokens by model, over the published ones: tables `[prices."glm-5"]` '
        "with `input`, `output` and, where cached tokens have a price of their own, `cached`. In the "
        "environment a JSON object of the same shape, or the path of a TOML file that holds it.",
    )

    @field_validator("prices", mode="before")
    @classmethod
    def _read_prices(cls, prices: object) -> object:
        if not isinstance(prices, str):
            return prices
        if prices.lstrip().startswith("{"):
            return json.loads(prices)
        try:
            found = tomllib.loads(Path(prices).expanduser().read_text(encoding="utf-8"))
            return found.get("prices", found)
        except OSError as error:
            raise ValueError(f"{prices}: {error.strerror}") from error

    @field_validator("fallbacks", mode="before")
    @classmethod
    def _read_fallbacks(cls, listed: object) -> object:
        if not isinstance(listed, str):
            return listed
        try:
            return json.loads(listed)
        except ValueError as error:
            raise ValueError("must be a JSON list") from error  # without its words: they hold keys

    @property
    def has_model(self) -> bool:
        """Whether a language model is configured; without one, answers are extracts."""
        return self.llm_base_url is not None or self.llm_api_key is not None

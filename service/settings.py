"""Settings from the environment (``LECTERN_*``) over ``lectern.toml``; an unknown name is an error."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping  # noqa: TC003 — a field's type
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from ingest.errors import PermanentError
from service.answers import DEFAULT_TENANT
from service.egress_policy import ANY, EgressPolicy

PREFIX = "LECTERN_"
TEST_PREFIX = "LECTERN_TEST_"
"""Read by the test suite only."""
FILE = "lectern.toml"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsError(PermanentError):
    """A setting has an unknown name or a value that it cannot have; the message names it."""


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

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.provider is None and self.base_url is None:
            raise ValueError("needs a provider or a base_url")
        return self


class Settings(BaseModel):
    """Everything that can be set, with its default. In the environment: ``LECTERN_LLM_MODEL=glm-5``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("lectern", appauthor=False)),
        description="Folder of the index, the catalog and everything else that Lectern keeps.",
    )
    collection: str = Field(
        default="default", min_length=1, description="Collection where a command names none."
    )
    tenant: str = Field(
        default=DEFAULT_TENANT,
        min_length=1,
        max_length=200,
        description="Whose collections commands work on, and whose the key of `access_key` opens. Other "
        "tenants of the same data folder are reached by their access keys, or by commands with their name.",
    )
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
        "`context` and `price` (`{ input, cached, output }`, dollars per million). In the environment a JSON "
        "list of the same shape. They see what the first one would have seen.",
    )
    thinking: bool = Field(default=False, description="Let the model think before it answers.")
    temperature: float = Field(default=0.3, ge=0, le=1, description="Of the answer; 0 varies least.")
    answer_tokens: int = Field(
        default=4_096, ge=1, le=131_072, description="Longest answer, thinking included."
    )
    retrieved_tokens: int = Field(
        default=2_500, gt=0, description="Tokens of the best passages that a question is answered from."
    )
    exact_tokens: bool = Field(
        default=False,
        description="Have the provider's tokenizer count the beginning of what is found, once for each model "
        "and script, so that prompts are estimated well from the first question on; where it has none, "
        "answers alone calibrate the estimates. Up to 8,000 characters are sent there.",
    )
    map_part_tokens: int = Field(
        default=24_000,
        ge=1_000,
        description="Tokens of documents that a map reads at once, by rule of thumb.",
    )
    map_parallel: int = Field(default=8, ge=1, le=256, description="Parts that a map reads at a time.")
    map_model: str | None = Field(
        default=None, description="Name of the model that reads the parts; by default the one that answers."
    )
    map_auto_tokens: int = Field(
        default=1_000_000,
        ge=0,
        description="Longest documents that are mapped without being asked for; 0 never does.",
    )
    agent_steps: int = Field(
        default=12, ge=1, le=100, description="Times that an agent may call its tools before it must answer."
    )
    agent_tokens: int = Field(
        default=64_000,
        gt=0,
        description="What the prompt of an agent may grow to, within the model's context.",
    )
    embeddings_base_url: str | None = Field(
        default=None, description="OpenAI-compatible embeddings; without it the embedded encoder is used."
    )
    embeddings_model: str = Field(default="text-embedding-3-small", description="Name of the model there.")
    embeddings_api_key: SecretStr | None = Field(default=None, description="Key of that endpoint.")
    embeddings_dimensions: int = Field(default=1_536, gt=0, description="Length of its vectors.")
    rerank_base_url: str | None = Field(
        default=None,
        description="An endpoint that orders the best hits anew, as Jina, Cohere, Voyage, vLLM, SGLang or "
        "Text Embeddings Inference serve it; with `/rerank` or without. Every question is sent there, with "
        "the text of the passages that were found and the names of their documents.",
    )
    rerank_model: str | None = Field(
        default=None, description="Name of the model there or, with `rerank`, of the language model."
    )
    rerank_api_key: SecretStr | None = Field(default=None, description="Key of that endpoint.")
    rerank: Literal["model"] | None = Field(
        default=None,
        description="`model`: the language model orders the best hits, in one or two more calls a question.",
    )
    rerank_candidates: int = Field(default=40, ge=2, le=400, description="Hits that are ordered anew.")
    rerank_timeout: float = Field(
        default=15.0, gt=0, description="Seconds for it; after that the order of the search stands."
    )
    rewrite_followups: bool = Field(
        default=False,
        description="Let the language model make a follow-up understood alone before it is searched for; one "
        "call a follow-up. Without it, the words of the earlier questions count too.",
    )
    rewrite_model: str | None = Field(
        default=None, description="Name of the model that rewrites; by default the one that answers."
    )
    rewrite_timeout: float = Field(
        default=10.0,
        gt=0,
        description="Seconds for it; after that the follow-up is searched for as it stands.",
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
    egress: str = Field(
        default=ANY,
        description="Who may be shown the text of new collections, and questions to them: `any`, `none` for "
        "extracts alone, or names between commas: of presets (zai, vllm, …), of hosts, or `local` "
        "for servers on this machine. `lectern collections egress` says it of one collection.",
    )
    audit_days: int = Field(default=400, ge=1, description="Days that the audit log is kept.")
    ledger_days: int = Field(
        default=400, ge=1, description="Days that the calls of language models are kept for bills."
    )
    review_documents_at_once: int = Field(
        default=2, ge=1, le=64, description="Documents of a review that are asked about at a time."
    )
    review_questions_at_once: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Questions about one of them at a time, once its first answer has left it in the cache.",
    )
    review_whole_tokens: int = Field(
        default=100_000,
        gt=0,
        description="Of documents longer than this, a review reads the passages found for each question.",
    )
    qdrant_url: str | None = Field(
        default=None, description="A Qdrant server; without it Qdrant Edge is embedded."
    )
    qdrant_api_key: SecretStr | None = Field(default=None, description="Key of the Qdrant server.")
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL; without it SQLite in the data folder."
    )
    host: str = Field(default="127.0.0.1", description="Address that `lectern serve` binds.")
    port: int = Field(default=8_421, ge=0, le=65_535, description="0 takes a free one.")
    grace_seconds: float = Field(
        default=20.0,
        ge=0,
        description="Seconds that answers under way may take to end once the server is told to stop; new "
        "questions are turned away meanwhile.",
    )
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+/?$")] | None = Field(
        default=None,
        description="Address that people reach the server by, which links to sources begin with, without a "
        "path; by default the one that a request came to.",
    )
    access_key: SecretStr | None = Field(
        default=None,
        description="A key that opens all of `tenant`, required as `Authorization: Bearer …`. Beyond "
        "loopback the server needs it, or keys that `lectern keys create` has made.",
    )
    key_requests_per_minute: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Requests a minute of access keys made without a limit of their own.",
    )
    key_concurrent_requests: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Likewise, requests at a time; a stream counts until it ends."
    )
    key_usd_per_day: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Likewise, dollars that calls of models may cost in a day, by UTC."
    )
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
    log_format: Literal["text", "json"] = Field(
        default="text", description="Of the server's log on standard error; `json` is one object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="The least that is logged; `info` adds a line for every request."
    )
    log_content: bool = Field(
        default=False,
        description="Let the log hold questions, answers, what errors quote and what libraries "
        "say, which may be text of documents and keys. For searching a fault, never for every day.",
    )
    metrics_key: SecretStr | None = Field(
        default=None,
        description="Opens `/metrics`, and nothing else, as `Authorization: Bearer …`, where access keys are "
        "needed.",
    )
    telemetry_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = Field(
        default=None,
        description="OTLP address of a collector of traces, such as `http://127.0.0.1:4318`; needs the extra "
        "`telemetry`. Other `OTEL_*` variables say how it is spoken to; none of them switches it on.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="Seconds that a server which is to end goes on answering, `/readyz` excepted, so that "
        "a load balancer sends it nothing more.",
    )
    ocr_languages: str = Field(
        default="eng+rus+chi_sim",
        pattern=r"^\w+(\+\w+)*$",
        description="Languages of scanned pages, by tesseract's names, the likeliest first.",
    )
    ocr_threads: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Pages that each reading process recognises at a time; by default the cores shared out.",
    )
    parse_seconds: float = Field(
        default=120.0, gt=0, description="Time that parsing one file may take without progress."
    )
    parse_memory_mb: int = Field(default=4_096, gt=0, description="Address space of each parsing process.")
    parse_workers: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processes that read files; by default one a core, at most 8."
    )
    embed_workers: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processes that embed with the embedded encoder; by default the same."
    )
    largest_file_mb: int = Field(default=512, gt=0, description="Larger files are refused by name.")
    largest_upload_mb: int = Field(
        default=4_096, gt=0, description="All files that one request may send, together."
    )
    ingest_roots: tuple[Path, ...] = Field(
        default=(),
        description="Folders of the server's machine that `POST /v1/ingests` may read; in the environment "
        "separated as in PATH.",
    )

    @field_validator("ingest_roots", mode="before")
    @classmethod
    def _separate_paths(cls, roots: object) -> object:
        return roots.split(os.pathsep) if isinstance(roots, str) else roots

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

    @field_validator("egress")
    @classmethod
    def _read_egress(cls, said: str) -> str:
        return str(EgressPolicy.parse(said))

    @field_validator("access_key", "bot_access_key")
    @classmethod
    def _say_something(cls, key: SecretStr | None) -> SecretStr | None:
        """White space around a key is nobody's intention; an empty one would open everything."""
        if key is None:
            return None
        said = key.get_secret_value().strip()
        if not said:
            raise ValueError("an access key must not be empty")
        return SecretStr(said)

    @field_validator("tenant")
    @classmethod
    def _name_somebody(cls, tenant: str) -> str:
        if not tenant.strip() or not tenant.isprintable():
            raise ValueError("must be a printable name")
        return tenant

    @field_validator("data")
    @classmethod
    def _whole_path(cls, data: Path) -> Path:
        """Commands that are given elsewhere must find the same place."""
        return data.expanduser().absolute()

    @property
    def has_model(self) -> bool:
        """Whether a language model is configured; without one, answers are extracts."""
        return self.llm_base_url is not None or self.llm_api_key is not None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_this_machine(self.host)


def is_this_machine(host: str) -> bool:
    """Whether only this machine can be meant."""
    return host in _LOOPBACK


def load_settings(environment: Mapping[str, str], directory: Path) -> Settings:
    """Read ``directory/lectern.toml``, if it is there, then the environment, which wins.

    Raises:
        SettingsError: an unknown name or a bad value.
    """
    values = _from_file(directory / FILE) | _from_environment(environment)
    unknown = sorted(values.keys() - Settings.model_fields.keys())
    if unknown:
        known = ", ".join(sorted(Settings.model_fields))
        raise SettingsError(f"unknown setting {', '.join(unknown)}; the settings are {known}")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"setting {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Empty values count as absent: compose files cannot leave a variable out."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX) and value
    }

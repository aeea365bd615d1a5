"""Where GLM-5 is served, and what each place takes: a table, so that no code asks for a provider by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.models.contract import ToolChoice

ThinkingSwitch = Literal["thinking", "chat_template", "reasoning", "none"]
"""``thinking.type``, ``chat_template_kwargs.enable_thinking``, ``reasoning.enabled``, or no switch."""
_ANY_CHOICE: frozenset[ToolChoice] = frozenset({"auto", "none", "required"})


@dataclass(frozen=True, slots=True)
class CacheTraits:
    """How a provider's context cache behaves; where it is not published, the cautious guess."""

    min_tokens: int = 0
    """Shorter prefixes are not cached."""
    block_tokens: int = 64
    lifetime_seconds: float = 600.0
    second_sight: bool = False
    """A shared prefix is cached only once it has been seen twice."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One row of the table. A field name that is None, or a flag that is False, is not sent."""

    name: str
    model: str
    """Its name for GLM-5."""
    base_url: str | None = None
    """None where everyone runs it at an address of their own."""
    hosts: tuple[str, ...] = ()
    """Hosts, and parents of hosts, that tell the provider."""
    own: bool = False
    """Run by its user: tokens cost nothing."""
    thinking: ThinkingSwitch = "none"
    reasoning_field: str | None = None
    """Field of an assistant's message that carries its reasoning back."""
    tool_choices: frozenset[ToolChoice] = _ANY_CHOICE
    tool_stream: bool = False
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    include_usage: bool = True
    """Usage is streamed only when ``stream_options`` ask for it."""
    request_id_field: str | None = None
    user_field: str = "user"
    cache_salt: bool = False
    session_header: str | None = None
    """Header by which a router keeps a session on one machine."""
    tokenizer: Literal["zai", "server"] | None = None
    """``POST {base}/tokenizer`` or, at the root of vLLM, SGLang and llama.cpp, ``POST /tokenize``."""
    cache: CacheTraits = field(default=CacheTraits())

    def is_at(self, host: str) -> bool:
        """Whether this host is known to be the provider's."""
        return any(_belongs(host, known) for known in self.hosts)


_ZAI = Provider(
    name="zai",
    model="glm-5",
    base_url="https://api.z.ai/api/paas/v4",
    hosts=("z.ai",),
    thinking="thinking",
    reasoning_field="reasoning_content",
    tool_choices=frozenset({"auto"}),
    tool_stream=True,
    include_usage=False,
    request_id_field="request_id",
    user_field="user_id",
    tokenizer="zai",
)
_BIGMODEL = Provider(
    name="bigmodel",
    model="glm-5",
    base_url="https://open.bigmodel.cn/api/paas/v4",
    hosts=("bigmodel.cn",),
    thinking="thinking",
    reasoning_field="reasoning_content",
    tool_choices=frozenset({"auto"}),
    tool_stream=True,
    include_usage=False,
    request_id_field="request_id",
    user_field="user_id",
    tokenizer="zai",
)
_OPENROUTER = Provider(
    name="openrouter",
    model="z-ai/glm-5",
    base_url="https://openrouter.ai/api/v1",
    hosts=("openrouter.ai",),
    thinking="reasoning",
    reasoning_field="reasoning",
    include_usage=False,
    session_header="x-session-id",
)
_APIYI = Provider(
    name="apiyi",
    model="glm-5",
    base_url="https://api.apiyi.com/v1",
    hosts=("apiyi.com",),
    thinking="thinking",
    reasoning_field="reasoning_content",
)
_VLLM = Provider(
    name="vllm",
    model="zai-org/GLM-5-FP8",
    own=True,
    thinking="chat_template",
    reasoning_field="reasoning_content",
    request_id_field="request_id",
    cache_salt=True,
    session_header="x-session-id",
    tokenizer="server",
)
_SGLANG = Provider(
    name="sglang",
    model="zai-org/GLM-5-FP8",
    own=True,
    thinking="chat_template",
    reasoning_field="reasoning_content",
    request_id_field="rid",
    cache_salt=True,
    session_header="x-smg-routing-key",
    tokenizer="server",
)
_XLLM = Provider(
    name="xllm",
    model="GLM-5",
    own=True,
    thinking="chat_template",
    reasoning_field="reasoning_content",
    request_id_field="request_id",
)
_KTRANSFORMERS = Provider(
    name="ktransformers",
    model="GLM-5",
    own=True,
    thinking="chat_template",
    reasoning_field="reasoning_content",
)
_OLLAMA = Provider(name="ollama", model="glm-5", own=True, tokenizer="server")
GENERIC = Provider(name="openai", model="glm-5", tokenizer="server")
"""Any server that speaks chat completions, and of which nothing else is known."""

PROVIDERS: Mapping[str, Provider] = {
    row.name: row
    for row in (
        *(_ZAI, _BIGMODEL, _OPENROUTER, _APIYI),
        *(_VLLM, _SGLANG, _XLLM, _KTRANSFORMERS, _OLLAMA),
        GENERIC,
    )
}


def provider_for(base_url: str) -> Provider:
    """The provider at this address, by its host; of an unknown host nothing is assumed."""
    host = urlsplit(base_url).hostname or ""
    return next((row for row in PROVIDERS.values() if row.is_at(host)), GENERIC)


def host_of(base_url: str) -> str:
    """The host of an address, and its port if one is given; never the name and password before it."""
    return urlsplit(base_url).netloc.rpartition("@")[2].lower()


def label_of(provider: Provider, base_url: str) -> str:
    """How people are told who it is: the generic preset stands for any server, so its host belongs to it."""
    return f"{provider.name} at {host_of(base_url)}" if provider is GENERIC else provider.name


def _belongs(host: str, known: str) -> bool:
    return host == known or host.endswith(f".{known}")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Tokens: ``context`` holds prompt and answer together, ``output`` is the longest answer."""

    context: int
    output: int


UNKNOWN_CONTEXT = 32_768
"""Tokens of context assumed of a model that nobody has described."""
_GLM = re.compile(r"glm-(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:-[a-z0-9]+)*", re.IGNORECASE)
_BY_VERSION = (
    ((5, 2), ModelLimits(1_000_000, 131_072)),
    ((4, 6), ModelLimits(202_752, 131_072)),
    ((4, 5), ModelLimits(131_072, 98_304)),
)
"""From this version on; GLM's text models only."""


def limits_of(model: str) -> ModelLimits | None:
    """Context and longest answer of a GLM text model under any provider's name; None for all others."""
    found = _GLM.fullmatch(model.rsplit("/", 1)[-1].split(":", 1)[0])
    if found is None:
        return None
    version = int(found["major"]), int(found["minor"] or 0)
    return next((limits for since, limits in _BY_VERSION if version >= since), None)

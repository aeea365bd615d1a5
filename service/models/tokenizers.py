"""The tokenizer endpoints of providers and servers: what a text is in the model's own tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, cast

from ingest.errors import TransientError
from ingest.proxies import may_be_proxied
from prompts.pricing import MESSAGE_TOKENS, REQUEST_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.models.providers import Provider
    from service.recording import Origin

SECONDS = 5.0
"""For one count: a question waits for it, and can do without."""


class CountingFailed(TransientError):
    """The tokenizer gave no count; the message says why."""


class Tokenizer(Protocol):
    """Counts the tokens of a text as a model does."""

    @property
    def overhead(self) -> int:
        """Tokens that it counts beside the text's own."""
        ...

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        """Tokens of the text; ``origin`` tells whose it is.

        Raises:
            CountingFailed: no count in time, or none at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class EndpointTokenizer:
    """One behind HTTP; of the ways to ask, the one that the provider's row of the table names."""

    provider: Provider
    base_url: str
    api_key: str = ""
    seconds: float = SECONDS

    @property
    def overhead(self) -> int:
        """Z.ai counts a request with its message, servers the bare text."""
        return MESSAGE_TOKENS + REQUEST_TOKENS if self.provider.tokenizer == "zai" else 0

    def count(self, text: str, model: str, *, origin: Origin) -> int:
        """As `Tokenizer.count`."""
        del origin  # which `service.guards` has asked about
        match self.provider.tokenizer:
            case "zai":
                body = {"model": model, "messages": [{"role": "user", "content": text}]}
                return _count(self._post(f"{self.base_url.rstrip('/')}/tokenizer", body))
            case "server":  # vLLM and SGLang read ``prompt``, llama.cpp ``content``
                body = {"model": model, "prompt": text, "content": text, "add_special_tokens": False}
                return _count(self._post(f"{self._root}/tokenize", body))
            case None:
                raise CountingFailed(f"{self.provider.name} has no tokenizer that is known")

    @property
    def _root(self) -> str:
        """Where the server's own routes are: above those that are OpenAI's."""
        return self.base_url.rstrip("/").removesuffix("/v1")

    def _post(self, address: str, body: Mapping[str, object]) -> dict[str, Any]:
        import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that whoever does not ask for counts saves

        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        try:
            reply = httpx2.post(
                address,
                json=body,
                headers=headers,
                timeout=self.seconds,
                trust_env=may_be_proxied(address),
            )
            if reply.status_code != HTTPStatus.OK:
                raise CountingFailed(f"{address}: status {reply.status_code}")
            found: object = json.loads(reply.content)
        except httpx2.HTTPError as error:
            raise CountingFailed(f"{address}: {error or type(error).__name__}") from error
        except ValueError as error:
            raise CountingFailed(f"{address}: the reply is not JSON") from error
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _count(reply: Mapping[str, Any]) -> int:
    """The count of a reply, whichever of the known forms it has."""
    usage = reply.get("usage")
    usage = cast("dict[str, object]", usage) if isinstance(usage, dict) else {}
    tokens = reply.get("tokens")
    counts = (usage.get("prompt_tokens"), usage.get("total_tokens"), reply.get("count"))
    listed = len(cast("list[object]", tokens)) if isinstance(tokens, list) else 0
    for count in (*counts, listed):
        if isinstance(count, int) and count > 0:
            return count
    raise CountingFailed("the reply of the tokenizer holds no count")

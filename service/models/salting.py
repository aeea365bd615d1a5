"""What sets the prompts of one tenant apart from those of all others, at whatever provider.

A provider's cache serves whoever sends a prefix that it has read before, and says so in the figures and the
time of the answer. Tenants whose prompts begin alike would learn from each other's cache hits what the others
have asked about which documents. So every prompt opens with random characters of its tenant, in what
providers render first: the first tool's description, and the system text.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from service.models.contract import Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest, Tool


class SaltedModel:
    """A model that is asked with the salt of the tenant that a request's ``cache_salt`` names."""

    def __init__(self, model: LanguageModel, salt: Callable[[str], str]) -> None:
        """``salt`` of a tenant is the same for good; an empty one leaves the tenant's prompts as they are."""
        self._model = model
        self._salt = salt
        self._known: dict[str, str] = {}
        self._lock = Lock()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`; may raise `CatalogUnavailable` at a tenant's first request."""
        async with aclosing(self._model.stream(self._salted(request))) as events:
            async for event in events:
                yield event

    def _salted(self, request: ModelRequest) -> ModelRequest:
        salt = self._of(request.cache_salt or "")
        return salted(request, salt) if salt else request

    def _of(self, tenant: str) -> str:
        with self._lock:
            if tenant not in self._known:
                self._known[tenant] = self._salt(tenant)
            return self._known[tenant]


def salted(request: ModelRequest, salt: str) -> ModelRequest:
    """The request with its prompt opened by the salt, which names the cache, too, where the provider can."""
    messages = list(request.messages)
    if messages and messages[0].role == "system":
        messages[0] = replace(messages[0], content=f"{salt}\n{messages[0].content}")
    else:
        messages.insert(0, Message("system", salt))
    return replace(
        request,
        messages=tuple(messages),
        tools=tuple(_marked(tool, salt) if place == 0 else tool for place, tool in enumerate(request.tools)),
        cache_salt=salt,
    )


def _marked(tool: Tool, salt: str) -> Tool:
    return replace(tool, description=f"{salt} {tool.description}")

"""What sets the prompts of one tenant apart from those of all others, at whatever provider.

A provider's cache serves whoever sends a prefix that it has read before, and says so in the figures and the
time of the answer. Tenants whose prompts begin alike would learn from each other's cache hits what the others
have asked about which documents. So every prompt opens with random characters of its tenant, in what
providers render first: the first tool's description, and the system text.

The tenant of a laptop, `default`, has nobody to hide from at a provider that bills it alone, and its prompts
stay as they are. A server of one's own may serve others too, so there its cache has a random name all the
same, and routers read no tenant's name from the header that keeps requests together.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from service.affinity import opaque
from service.answers import DEFAULT_TENANT
from service.cancelling import in_thread
from service.models.contract import Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from ingest.catalog.catalog import Catalog
    from service.models.contract import LanguageModel, ModelEvent, ModelRequest, Tool

_AT_ONCE = 4
"""Look-ups of one model, in threads of its own: a catalog that is being written holds up nobody else."""


class SaltedModel:
    """A model that is asked with the salt of the tenant that a request's ``cache_salt`` names.

    The same salt makes of the request's ``session`` a name that tells a router nothing.
    """

    def __init__(self, model: LanguageModel, salt: Callable[[str], str]) -> None:
        """``salt`` of a tenant is the same for good; an empty one leaves its requests as they are."""
        self._model = model
        self._salt = salt
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-salt")
        self._known: dict[str, str] = {}

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`; may raise `CatalogUnavailable` at a tenant's first request."""
        async with aclosing(self._model.stream(await self._salted(request))) as events:
            async for event in events:
                yield event

    async def _salted(self, request: ModelRequest) -> ModelRequest:
        tenant = request.cache_salt or ""
        salt = await self._of(tenant)
        if not salt:
            return request
        return named(request, salt) if tenant == DEFAULT_TENANT else salted(request, salt)

    async def _of(self, tenant: str) -> str:
        known = self._known.get(tenant)
        if known is None:
            found = await in_thread(self._threads, lambda: self._salt(tenant))
            known = self._known.setdefault(tenant, found)  # event loops share it: the first to be told counts
        return known


def salt_of(catalog: Catalog) -> Callable[[str], str]:
    """The salt of each tenant; what is nobody's has none."""
    return lambda tenant: catalog.tenant_salt(tenant) if tenant else ""


def named(request: ModelRequest, salt: str) -> ModelRequest:
    """The request whose cache and whose place have names by the salt, where the provider takes them."""
    session = opaque(request.session, salt) if request.session else None
    return replace(request, cache_salt=salt, session=session)


def salted(request: ModelRequest, salt: str) -> ModelRequest:
    """Likewise, with its prompt opened by the salt."""
    messages = list(request.messages)
    if messages and messages[0].role == "system":
        messages[0] = replace(messages[0], content=f"{salt}\n{messages[0].content}")
    else:
        messages.insert(0, Message("system", salt))
    return replace(
        named(request, salt),
        messages=tuple(messages),
        tools=tuple(_marked(tool, salt) if place == 0 else tool for place, tool in enumerate(request.tools)),
    )


def _marked(tool: Tool, salt: str) -> Tool:
    return replace(tool, description=f"{salt} {tool.description}")

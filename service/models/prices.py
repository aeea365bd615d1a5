"""What tokens cost, in dollars per million. A price that nobody published is None, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.models.contract import TokenUsage
    from service.models.providers import Provider

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens."""

    input: float
    cached: float
    output: float

    def dollars(self, usage: TokenUsage) -> float:
        """What a call cost; the thinking is billed as output."""
        fresh = usage.prompt_tokens - usage.cached_tokens
        spent = fresh * self.input + usage.cached_tokens * self.cached + usage.completion_tokens * self.output
        return spent / _MILLION

    def saved(self, usage: TokenUsage) -> float:
        """What the cached tokens would have cost more."""
        return usage.cached_tokens * (self.input - self.cached) / _MILLION


def _uncached(fresh: float, output: float) -> Price:
    """Where no cached price is published, cached tokens cost as much as fresh ones."""
    return Price(fresh, fresh, output)


FREE = Price(0.0, 0.0, 0.0)
_ZAI: Mapping[str, Price] = {
    "glm-5": Price(1.00, 0.20, 3.20),
    "glm-5-code": _uncached(1.20, 5.00),
    "glm-5.1": Price(1.40, 0.26, 4.40),
    "glm-5.2": Price(1.40, 0.26, 4.40),
    "glm-5.3": Price(1.40, 0.26, 4.40),
    "glm-4.7": Price(0.60, 0.11, 2.20),
    "glm-4.7-flashx": _uncached(0.07, 0.40),
    "glm-4.7-flash": FREE,
    "glm-4.5-air": _uncached(0.20, 1.10),
    "glm-4.5-flash": FREE,
}
_LISTS: Mapping[str, Mapping[str, Price]] = {
    "zai": _ZAI,
    "openrouter": {"z-ai/glm-5": Price(0.80, 0.16, 2.56)},
}
"""BigModel bills in yuan and resellers as they like: no dollar price is known for them."""


def price(provider: Provider, model: str) -> Price | None:
    """The price of a model where it is served; nothing for one's own server, None where it is unknown."""
    if provider.own:
        return FREE
    return _LISTS.get(provider.name, {}).get(model.lower())

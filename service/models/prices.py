"""What tokens cost, in dollars per million: `prices.toml`, under what the settings say.

A price that nobody published is None, never zero.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

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


FREE = Price(0.0, 0.0, 0.0)
_NONE: Mapping[str, Price] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A row of the table in force."""

    model: str
    price: Price
    source: Literal["list", "settings"]


def price(provider: Provider, model: str, overrides: Mapping[str, Price] = _NONE) -> Price | None:
    """The price of a model where it is served; nothing for one's own server, None where it is unknown.

    ``overrides`` are the settings', by model; what they say is believed of every provider.
    """
    wanted = model.lower()
    chosen = next((found for name, found in overrides.items() if name.lower() == wanted), None)
    if chosen is not None:
        return chosen
    return FREE if provider.own else _published().get(provider.name, _NONE).get(wanted)


def in_force(provider: Provider, overrides: Mapping[str, Price] = _NONE) -> tuple[ListedPrice, ...]:
    """All prices that calls of this provider are charged by: the settings' first, each list by model."""
    named = {name.lower() for name in overrides}
    published = () if provider.own else sorted(_published().get(provider.name, _NONE).items())
    return (
        *(ListedPrice(model, overrides[model], "settings") for model in sorted(overrides)),
        *(ListedPrice(model, listed, "list") for model, listed in published if model not in named),
    )


def as_of() -> str:
    """The month that the published prices were read in."""
    return str(_table()["as_of"])


def published_models() -> frozenset[str]:
    """Names of all models with a published price, in lower case."""
    return frozenset(name for models in _published().values() for name in models)


@cache
def _published() -> Mapping[str, Mapping[str, Price]]:
    """By provider, then by model."""
    return {
        provider: {
            model: Price(row["input"], row.get("cached", row["input"]), row["output"])
            for model, row in models.items()
        }
        for provider, models in _table().items()
        if provider != "as_of"
    }


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("service.models") / "prices.toml").read_text(encoding="utf-8"))

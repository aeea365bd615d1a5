"""Prices as published, and none where none is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import TokenUsage
from service.models.prices import FREE, Price, as_of, in_force, price
from service.models.providers import PROVIDERS


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("zai", "glm-5", Price(1.00, 0.20, 3.20)),
        ("zai", "GLM-5", Price(1.00, 0.20, 3.20)),
        ("zai", "glm-5-code", Price(1.20, 1.20, 5.00)),
        ("zai", "glm-4.7", Price(0.60, 0.11, 2.20)),
        ("zai", "glm-4.7-flashx", Price(0.07, 0.07, 0.40)),
        ("zai", "glm-4.5-air", Price(0.20, 0.20, 1.10)),
        ("zai", "glm-4.7-flash", Price(0, 0, 0)),
        ("zai", "glm-4.5-flash", Price(0, 0, 0)),
        ("zai", "glm-5.1", Price(1.40, 0.26, 4.40)),
        ("zai", "glm-5.2", Price(1.40, 0.26, 4.40)),
        ("zai", "glm-5.3", Price(1.40, 0.26, 4.40)),
        ("openrouter", "z-ai/glm-5", Price(0.80, 0.16, 2.56)),
        ("vllm", "anything", Price(0, 0, 0)),
        ("ollama", "glm-5", Price(0, 0, 0)),
        ("zai", "glm-6", None),
        ("openrouter", "glm-5", None),
        ("apiyi", "glm-5", None),
        ("bigmodel", "glm-5", None),
        ("openai", "glm-5", None),
    ],
)
def test_price(provider: str, model: str, expected: Price | None) -> None:
    assert price(PROVIDERS[provider], model) == expected


OWN = {"GLM-5": Price(0.5, 0.1, 2.0), "house-model": Price(0.1, 0.1, 0.3)}


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("zai", "glm-5", OWN["GLM-5"]),
        ("vllm", "glm-5", OWN["GLM-5"]),
        ("apiyi", "House-Model", OWN["house-model"]),
        ("zai", "glm-4.7", Price(0.60, 0.11, 2.20)),
        ("vllm", "anything", FREE),
        ("apiyi", "glm-4.7", None),
    ],
)
def test_the_settings_override_and_add(provider: str, model: str, expected: Price | None) -> None:
    assert price(PROVIDERS[provider], model, OWN) == expected


def test_the_table_in_force_names_every_price_once() -> None:
    table = in_force(PROVIDERS["zai"], OWN)

    sources = {row.model: row.source for row in table}
    assert len(sources) == len(table)
    assert [row.model for row in table][:2] == ["GLM-5", "house-model"]
    assert sources["GLM-5"] == sources["house-model"] == "settings"
    assert sources["glm-4.7"] == "list"
    assert "glm-5" not in sources
    assert all(price(PROVIDERS["zai"], row.model, OWN) == row.price for row in table)
    assert in_force(PROVIDERS["vllm"]) == in_force(PROVIDERS["apiyi"]) == ()
    assert as_of() == "2026-08"


def test_every_list_is_of_a_provider_that_is_known() -> None:
    assert {name for name, provider in PROVIDERS.items() if in_force(provider)} == {"zai", "openrouter"}


def test_dollars_and_savings() -> None:
    usage = TokenUsage(10_000, 8_000, 500, 200, reported=True)
    glm5 = Price(1.00, 0.20, 3.20)
    assert glm5.dollars(usage) == pytest.approx(0.002 + 0.0016 + 0.0016)
    assert glm5.saved(usage) == pytest.approx(0.0064)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_spent_and_saved_make_the_price_without_a_cache(fresh: int, cached: int, written: int) -> None:
    glm5 = Price(1.00, 0.20, 3.20)
    warm = TokenUsage(fresh + cached, cached, written, 0, reported=True)
    cold = TokenUsage(fresh + cached, 0, written, 0, reported=True)
    assert glm5.dollars(warm) + glm5.saved(warm) == pytest.approx(glm5.dollars(cold))

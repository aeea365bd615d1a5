"""The capability table and what can be told from an address or a model's name."""

from __future__ import annotations

import pytest

from service.models.providers import GENERIC, PROVIDERS, ModelLimits, limits_of, provider_for


def test_the_presets_have_the_documented_names() -> None:
    assert set(PROVIDERS) == {
        *("zai", "bigmodel", "openrouter", "apiyi"),
        *("vllm", "sglang", "xllm", "ktransformers", "ollama", "openai"),
    }


@pytest.mark.parametrize("name", ["zai", "bigmodel", "openrouter", "apiyi"])
def test_a_public_address_tells_its_provider(name: str) -> None:
    address = PROVIDERS[name].base_url
    assert address is not None
    assert provider_for(address) is PROVIDERS[name]


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8000/v1",
        "http://127.0.0.1:11434/v1",
        "https://api.z.ai.example.org/v1",
        "https://notz.ai/v1",
        "https://example.org/openrouter.ai/v1",
        "z.ai",
        "",
    ],
)
def test_of_an_unknown_host_nothing_is_assumed(address: str) -> None:
    assert provider_for(address) is GENERIC


def test_a_host_is_told_in_any_case() -> None:
    assert provider_for("https://API.Z.AI/api/paas/v4") is PROVIDERS["zai"]


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        ("glm-5", ModelLimits(202_752, 131_072)),
        ("GLM-5", ModelLimits(202_752, 131_072)),
        ("z-ai/glm-5", ModelLimits(202_752, 131_072)),
        ("z-ai/glm-5:free", ModelLimits(202_752, 131_072)),
        ("zai-org/GLM-5-FP8", ModelLimits(202_752, 131_072)),
        ("glm-5-code", ModelLimits(202_752, 131_072)),
        ("glm-5.1", ModelLimits(202_752, 131_072)),
        ("glm-5.2", ModelLimits(1_000_000, 131_072)),
        ("glm-5.3", ModelLimits(1_000_000, 131_072)),
        ("glm-4.7-flashx", ModelLimits(202_752, 131_072)),
        ("glm-4.5-air", ModelLimits(131_072, 98_304)),
        ("glm-4.5v", None),
        ("glm-4", None),
        ("gpt-5", None),
        ("", None),
    ],
)
def test_limits_follow_the_model_under_any_name(model: str, limits: ModelLimits | None) -> None:
    assert limits_of(model) == limits


def test_every_preset_serves_a_model_of_known_limits() -> None:
    assert {limits_of(row.model) for row in PROVIDERS.values()} == {ModelLimits(202_752, 131_072)}

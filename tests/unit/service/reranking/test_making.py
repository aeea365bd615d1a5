"""Which reranker the settings ask for."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.reranking.endpoint import RerankEndpoint
from service.reranking.making import make_reranker
from service.settings import Settings, SettingsError
from service.wiring import open_services

if TYPE_CHECKING:
    from pathlib import Path


def test_without_settings_there_is_none() -> None:
    assert make_reranker(Settings(), None, None) is None


def test_an_address_makes_a_client() -> None:
    settings = Settings(rerank_base_url="http://localhost:8000/v1", rerank_api_key=SecretStr("key"))

    assert isinstance(make_reranker(settings, None, None), RerankEndpoint)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rerank_base_url": "localhost:8000"}, "rerank_base_url: .* is no address"),
        ({"rerank_base_url": "http://"}, "rerank_base_url: .* is no address"),
        ({"rerank_base_url": "http://localhost:port"}, "rerank_base_url: .* is no address"),
        ({"rerank_base_url": "http://x", "rerank_api_key": "ключ"}, "rerank_api_key: .*ASCII"),
        ({"rerank_base_url": "http://x", "rerank": "model"}, "only one can order"),
    ],
)
def test_what_cannot_be_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        make_reranker(Settings.model_validate(changes), None, None)


@pytest.mark.parametrize("changes", [{"rerank": "model"}, {"rewrite_followups": True}])
def test_a_language_model_is_needed_where_it_is_to_help(changes: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": tmp_path, **changes})
    with (
        ExitStack() as stack,
        pytest.raises(SettingsError, match=f"{next(iter(changes))}: no language model"),
    ):
        stack.enter_context(open_services(settings))

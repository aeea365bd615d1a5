"""The reranker that the settings ask for, if they ask for one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.reranking.endpoint import RerankEndpoint
from service.reranking.listwise import ModelReranker
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.generation import Generation
    from service.recording import Origin
    from service.reranking.contract import Reranker
    from service.settings import Settings
    from service.side_model import SideModel


def make_reranker(
    settings: Settings,
    side: SideModel | None,
    generation: Generation | None,
    *,
    require_leave: Callable[[Origin], None] = lambda _: None,
) -> Reranker | None:
    """An endpoint's client, which asks for leave before each request, the language model, or None.

    Raises:
        SettingsError: both are asked for, or the address or the key cannot be one.
    """
    if settings.rerank is None:
        address = settings.rerank_base_url
        return _endpoint(settings, address, require_leave) if address else None
    if settings.rerank_base_url is not None:
        raise SettingsError(
            "setting rerank: rerank_base_url names an endpoint, and only one can order the hits"
        )
    assert side is not None  # `service.wiring` makes it wherever one of these settings is on
    assert generation is not None
    name = settings.rerank_model or generation.settings.model
    return ModelReranker(side, name=name, context=generation.context(name), seconds=settings.rerank_timeout)


def _endpoint(settings: Settings, base_url: str, require_leave: Callable[[Origin], None]) -> RerankEndpoint:
    if not _is_address(base_url):
        raise SettingsError(f"setting rerank_base_url: {base_url!r} is no address of http or https")
    key = settings.rerank_api_key.get_secret_value() if settings.rerank_api_key else None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise SettingsError("setting rerank_api_key: only printable ASCII can be sent")
    return RerankEndpoint(
        base_url,
        key,
        model=settings.rerank_model,
        seconds=settings.rerank_timeout,
        require_leave=require_leave,
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False

"""Whether the endpoints of the settings answer, asked in the cheapest way: for ``lectern doctor --online``.

Nothing of a document is sent. Model providers are asked for their list of models, which costs nothing; one
that has no such list is asked for one token. Rerankers order two words of ours.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from service.diagnosis import Finding
from service.recording import Origin
from service.reranking.contract import RerankingFailed
from service.reranking.making import make_reranker
from service.wiring import base_url_of, model_key, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from service.settings import Settings

SECONDS = 15.0
_PROBE = "ready?"
_NO_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def check_model(settings: Settings) -> Iterator[Finding]:
    """Whether the provider answers, takes the key, and has the model."""
    if not settings.has_model:
        yield Finding("model", "note", "none is configured: answers are extracts")
        return
    import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that a doctor who stays at home saves

    provider = provider_of(settings)
    model = settings.llm_model or provider.model
    key = model_key(settings)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    base = base_url_of(settings, provider).rstrip("/")
    try:
        with httpx2.Client(headers=headers, timeout=SECONDS) as http:
            yield _of_list(http, base, model)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = f"{provider.name} does not answer: {type(error).__name__}"
        yield Finding("model", "wrong", said, "see llm_base_url, and whether this machine may go there")


def _of_list(http: httpx2.Client, base: str, model: str) -> Finding:
    reply = http.get(f"{base}/models")
    if reply.status_code in _NO_LIST:
        return _of_token(http, base, model)
    if reply.status_code in _REFUSED:
        return Finding("model", "wrong", "the provider does not accept the key", "set llm_api_key")
    if reply.status_code != HTTPStatus.OK:
        return Finding("model", "wrong", f"status {reply.status_code}", "see llm_base_url")
    names = _names(reply)
    if names and model not in names:
        return Finding("model", "note", f"the provider answers, and does not list {model}", "see llm_model")
    return Finding("model", "ok", f"{model}: the provider answers and accepts the key; asking was free")


def _of_token(http: httpx2.Client, base: str, model: str) -> Finding:
    asked = {"model": model, "messages": [{"role": "user", "content": _PROBE}], "max_tokens": 1}
    reply = http.post(f"{base}/chat/completions", json=asked)
    if reply.status_code in _REFUSED:
        return Finding("model", "wrong", "the provider does not accept the key", "set llm_api_key")
    if reply.status_code != HTTPStatus.OK:
        return Finding("model", "wrong", f"status {reply.status_code}", "see llm_base_url and llm_model")
    return Finding("model", "ok", f"{model} answers; asking took some ten tokens")


def _names(reply: httpx2.Response) -> set[str]:
    try:
        listed: Any = reply.json()
    except ValueError:
        return set()
    data = cast("dict[str, Any]", listed).get("data") if isinstance(listed, dict) else None
    rows = cast("list[Any]", data) if isinstance(data, list) else []
    return {str(cast("dict[str, Any]", row).get("id")) for row in rows if isinstance(row, dict)}


def check_reranker(settings: Settings) -> Iterator[Finding]:
    """Whether the endpoint orders; one that is a language model needs no check of its own."""
    if settings.rerank_base_url is None:
        return
    reranker = make_reranker(settings, None, None)
    assert reranker is not None
    try:
        reranker.rerank(_PROBE, ["ready", "not yet"], origin=Origin(""))
    except RerankingFailed as error:
        yield Finding("reranker", "wrong", str(error), "see the settings that begin with rerank")
    else:
        yield Finding("reranker", "ok", "it ordered two words")
    finally:
        reranker.close()

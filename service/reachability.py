"""Whether the endpoints of the settings answer, asked in the cheapest way: for ``lectern doctor --online``.

Nothing of a document is sent. Model providers are asked for their list of models, which costs nothing; one
that has no such list is asked for one token. Rerankers order two words of ours.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from ingest.errors import LecternError
from ingest.proxies import may_be_proxied
from ingest.store.layout import ServerAddress
from service.diagnosis import Finding
from service.models.assembling import endpoints_of
from service.qdrant_layout import layout_of, qdrant_key
from service.recording import Origin
from service.reranking.contract import RerankingFailed
from service.reranking.making import make_reranker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from service.diagnosis import State
    from service.models.assembling import Endpoint
    from service.settings import Settings

SECONDS = 15.0
_PROBE = "ready?"
_NO_LIST = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def check_model(settings: Settings) -> Iterator[Finding]:
    """Whether the provider answers, takes the key, and has the model; then each that may stand in for it."""
    if not settings.has_model:
        yield Finding("model", "note", "none is configured: answers are extracts")
        return
    first, *others = endpoints_of(settings)
    yield _of_endpoint(first, "model", "llm_")
    for number, endpoint in enumerate(others):
        yield _of_endpoint(endpoint, f"fallback {endpoint.label}", f"fallbacks.{number}.")


def _of_endpoint(endpoint: Endpoint, check: str, settings: str) -> Finding:
    """``settings`` begins the names of those that it is set by."""
    import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that a doctor who stays at home saves

    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    base = endpoint.base_url.rstrip("/")
    try:
        with httpx2.Client(headers=headers, timeout=SECONDS, trust_env=may_be_proxied(base)) as http:
            state, detail, advice = _of_list(http, base, endpoint.model, settings)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = f"{endpoint.label} does not answer: {type(error).__name__}"
        return Finding(check, "wrong", said, f"see {settings}base_url, and whether this machine may go there")
    return Finding(check, state, detail, advice)


def _of_list(http: httpx2.Client, base: str, model: str, settings: str) -> tuple[State, str, str]:
    reply = http.get(f"{base}/models")
    if reply.status_code in _NO_LIST:
        return _of_token(http, base, model, settings)
    if reply.status_code in _REFUSED:
        return "wrong", "the provider does not accept the key", f"set {settings}api_key"
    if reply.status_code != HTTPStatus.OK:
        return "wrong", f"status {reply.status_code}", f"see {settings}base_url"
    names = _names(reply)
    if names and model not in names:
        return "note", f"the provider answers, and does not list {model}", f"see {settings}model"
    return "ok", f"{model}: the provider answers and accepts the key; asking was free", ""


def _of_token(http: httpx2.Client, base: str, model: str, settings: str) -> tuple[State, str, str]:
    asked = {"model": model, "messages": [{"role": "user", "content": _PROBE}], "max_tokens": 1}
    reply = http.post(f"{base}/chat/completions", json=asked)
    if reply.status_code in _REFUSED:
        return "wrong", "the provider does not accept the key", f"set {settings}api_key"
    if reply.status_code != HTTPStatus.OK:
        return "wrong", f"status {reply.status_code}", f"see {settings}base_url and {settings}model"
    return "ok", f"{model} answers; asking took some ten tokens", ""


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


def check_layout(settings: Settings) -> Iterator[Finding]:
    """Whether Qdrant collections are as the settings ask; an opening has changed what it can."""
    if settings.qdrant_url is None:
        return
    from ingest.store.server_names import differences  # noqa: PLC0415 — a CPU second that embedded saves

    check = "layout on the Qdrant server"
    try:
        found = differences(ServerAddress(settings.qdrant_url, qdrant_key(settings)), layout_of(settings))
    except LecternError as error:
        yield Finding(check, "wrong", str(error), "see the settings that begin with qdrant")
        return
    if found:
        yield Finding(check, "note", "; ".join(found), "lectern migrate --rebuild makes it so")
    else:
        yield Finding(check, "ok")

"""What the settings say that cannot be meant, or that somebody should know: for ``lectern doctor``."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.diagnosis import Finding
from service.models.assembling import prices_of, provider_of
from service.models.prices import price
from service.setting_groups.serving import is_this_machine
from service.settings import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from service.settings import Settings

_SECRETS = ("key", "token")
_ADDRESSES = {
    "llm_base_url": "llm_api_key",
    "embeddings_base_url": "embeddings_api_key",
    "rerank_base_url": "rerank_api_key",
    "qdrant_url": "qdrant_api_key",
    "telemetry_url": None,
}
_OTHERS = 0o077


def check_file(directory: Path, *, repairs: bool) -> Iterator[Finding]:
    """A settings file with keys is its owner's alone."""
    path = directory / FILE
    if os.name == "nt" or not path.exists() or not _holds_secrets(path):
        return
    mode = path.stat().st_mode & 0o777
    if not mode & _OTHERS:
        yield Finding(FILE, "ok", "holds keys, and is its owner's alone")
    elif repairs:
        path.chmod(mode & ~_OTHERS)
        yield Finding(FILE, "repaired", f"holds keys, and was open to others ({mode:o})")
    else:
        yield Finding(FILE, "wrong", f"holds keys, and is open to others ({mode:o})", f"chmod 600 {path}")


def _holds_secrets(path: Path) -> bool:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # `service.settings` has said so
        return False
    return any(name.endswith(_SECRETS) for name in said)


def check_settings(settings: Settings, catalog: Catalog) -> Iterator[Finding]:
    """Settings that contradict each other, or let out what should stay in."""
    yield from _check_access(settings, catalog)
    yield from _check_content(settings)
    yield from _check_addresses(settings)
    yield from _check_prices(settings)
    if settings.llm_model is not None and not settings.has_model:
        said = "llm_model is set, and no provider: answers are extracts"
        yield Finding("model", "wrong", said, "set llm_api_key or llm_base_url, or take llm_model away")
    for root in settings.ingest_roots:
        if not root.is_dir():
            yield Finding("ingest_roots", "wrong", f"{root} is no folder", "make it, or take it away")


def _check_access(settings: Settings, catalog: Catalog) -> Iterator[Finding]:
    protected = settings.access_key is not None or catalog.has_access_keys()
    if not protected and not settings.is_loopback:
        said = f"{settings.host} can be reached from elsewhere, and no key is needed"
        yield Finding("access", "wrong", said, "make a key; until then the server refuses to start")
    elif settings.metrics_key is not None and _same(settings):
        said = "metrics_key is the access key: whoever reads metrics may do everything"
        yield Finding("access", "wrong", said, "set another metrics_key")
    else:
        yield Finding("access", "ok", "keys are needed" if protected else "open to this machine alone")


def _same(settings: Settings) -> bool:
    one, other = settings.metrics_key, settings.access_key
    return one is not None and other is not None and one.get_secret_value() == other.get_secret_value()


def _check_content(settings: Settings) -> Iterator[Finding]:
    if settings.log_content:
        said = "THE LOG HOLDS QUESTIONS, ANSWERS AND TEXT OF DOCUMENTS (log_content)"
        yield Finding("log", "wrong", said, "switch log_content off, and delete the log")


def _check_addresses(settings: Settings) -> Iterator[Finding]:
    for name, key in _ADDRESSES.items():
        address: str | None = getattr(settings, name)
        if address is None:
            continue
        parts = urlsplit(address)
        if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            what = "text and key" if key and getattr(settings, key) is not None else "text"
            yield Finding(
                name, "note", f"{what} go to {parts.hostname} unencrypted", "use https, if it has that"
            )


def _check_prices(settings: Settings) -> Iterator[Finding]:
    if not settings.has_model:
        return
    provider = provider_of(settings)
    names = (
        settings.llm_model or provider.model,
        settings.code_model,
        settings.map_model,
        settings.task_model,
    )
    for name in dict.fromkeys(filter(None, names)):
        if price(provider, name, prices_of(settings)) is None:
            said = (
                f"nobody has published what {name} costs at {provider.name}: costs and budgets leave it out"
            )
            yield Finding("prices", "note", said, f'set [prices."{name}"]')

"""Proxies that the environment names: never between us and a server that is spoken to in clear."""

from __future__ import annotations

from urllib.parse import urlsplit

_ENCRYPTED = frozenset({"https", "wss"})


def may_be_proxied(address: str) -> bool:
    """Whether a proxy of the environment (``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``) may be used.

    It carries an encrypted connection without reading it, but would read every text that is sent in clear,
    though nobody has decided that it may be shown any. Most servers without TLS are on this machine or
    beside it, where a proxy has no business anyway.

    Args:
        address: URL of the server.
    """
    return urlsplit(address).scheme in _ENCRYPTED

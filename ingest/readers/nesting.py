"""Web pages nested deeper than a parser follows, made flat."""

from __future__ import annotations

import re

_DEEPEST = 100
"""Containers inside each other that are kept; libxml2 gives up at 256 elements of any kind."""
_CONTAINER = re.compile(
    r"<(?P<close>/?)(?:div|span|section|article|font|center|b|i|em|strong|blockquote|big|small)\b[^>]*>",
    re.IGNORECASE,
)


def flattened(source: str) -> str:
    """The page with containers below the hundredth level replaced by line breaks: no words are lost."""
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag["close"]:
            depth = max(0, depth - 1)
            return tag[0] if depth < _DEEPEST else "<br>"
        depth += 1
        return tag[0] if depth <= _DEEPEST else "<br>"

    opened = sum(not found["close"] for found in _CONTAINER.finditer(source))
    return _CONTAINER.sub(keep, source) if opened > _DEEPEST else source

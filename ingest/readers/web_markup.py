"""Web pages, with the elements that a parser skips under names that it reads."""

from __future__ import annotations

import re

_DEEPEST = 100
"""Containers inside each other that are kept; libxml2 gives up at 256 elements of any kind."""
_CONTAINER = re.compile(
    r"<(?P<close>/?)(?:div|span|section|article|font|center|b|i|em|strong|blockquote|big|small)\b[^>]*>",
    re.IGNORECASE,
)
_SKIPPED = re.compile(
    r"""<(?P<close>/?)(?:
      (?P<block>figure|details|form|fieldset|(?!ix:)[a-z]{1,20}[-:][a-z][a-z0-9:-]{0,40})
    | (?P<line>figcaption|summary|legend)
    | (?P<words>label|semantics|math|m(?:i|n|o|text|row|frac|sqrt|root|sup|sub|subsup|over|under|underover
        |table|tr|td|style|fenced|padded))
    )(?=[\s/>])(?P<attributes>[^>]*)>""",
    re.IGNORECASE | re.VERBOSE,
)
"""What ``unstructured`` leaves out with all that it holds: forms, figures, formulas, unknown elements."""


def readable(source: str) -> str:
    """The page with skipped elements renamed, and containers below the hundredth level made line breaks.

    No words are added and none are lost.
    """
    return _flattened(_SKIPPED.sub(_renamed, source))


def _renamed(tag: re.Match[str]) -> str:
    name = "div" if tag["block"] else "p" if tag["line"] else "span"
    opened = f"<{tag['close']}{name}>"
    return f"{opened}</{name}>" if tag["attributes"].endswith("/") and not tag["close"] else opened


def _flattened(source: str) -> str:
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

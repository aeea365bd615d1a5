"""Log lines without secrets: the libraries of platforms put tokens into addresses and messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, with ``…`` in place of each secret."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        known = [secret for secret in secrets if secret]
        self._secrets = (*known, *(quote(secret, safe="") for secret in known))

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return line

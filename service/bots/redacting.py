"""Log lines without secrets: the libraries of platforms put tokens into addresses and messages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Redacting(logging.Formatter):
    """Formats as usual, tracebacks included, with ``…`` in place of each secret."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(filter(None, secrets))

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "…")
        return line

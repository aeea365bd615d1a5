"""A program that no reader survives is still text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.formats import CODE_AS_TEXT
from ingest.media import PLAIN, language_of

if TYPE_CHECKING:
    from ingest.errors import FailureReason
    from ingest.model import Document, SourceFile

_DEADLY: frozenset[FailureReason] = frozenset({"time_limit", "memory_limit", "broken"})


def as_text(source: SourceFile, reason: FailureReason) -> SourceFile | None:
    """The file as plain text, if it is a program whose reader failed; None for what cannot be helped."""
    if reason not in _DEADLY or language_of(source.media_type) is None:
        return None
    return replace(source, media_type=PLAIN)


def rescued(document: Document, detail: str) -> Document:
    """Say of a program that it was read as plain text, and why."""
    warning = f"read as plain text, without its symbols: {detail}"
    return replace(document, reader=CODE_AS_TEXT, warnings=(*document.warnings, warning))

"""What a user may choose about reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ChosenReader:
    """A reader of LlamaIndex's that takes the place of Lectern's own."""

    name: str
    """``module:Class``."""
    arguments: tuple[tuple[str, str], ...]
    """As they were given: a value may be JSON."""
    identity: str
    """Name and version; becomes ``Document.reader``."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Choices that every reader is given; they cross to the parsing process."""

    ocr_languages: tuple[str, ...] = ("eng", "rus", "chi_sim")
    """Of tesseract, the likeliest first."""
    recognised: Path | None = None
    """Folder that keeps recognised pages, so that a long scan goes on where it was interrupted."""
    chosen: ChosenReader | None = None
    """Reads every file, whatever its name says."""
    ocr_threads: int = 0
    """How many pages of a file are recognised at a time; 0 is one for each core of the machine."""

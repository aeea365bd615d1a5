"""How far an ingest is, how fast it goes, and when it will be done, in words."""

from __future__ import annotations

from dataclasses import dataclass

_KILO = 1_000
_MINUTE = 60
_HOUR = 3_600
_DAY = 86_400
_TELLING = 0.02
"""The share that must be done before it says anything about the rest."""


@dataclass(frozen=True, slots=True)
class Done:
    """What has been done, of what."""

    files: int
    files_total: int
    size: int
    """Bytes."""
    size_total: int
    pages: int
    failed: int


def pace(done: Done, seconds: float) -> str:
    """``12 of 200 files, 2 failed, 3.4 MB/s, 35 pages/s, about 2 minutes left``."""
    parts = [f"{done.files:,} of {done.files_total:,} files"]
    if done.failed:
        parts.append(f"{done.failed:,} failed")
    if seconds > 0 and done.size:
        parts.append(f"{amount(done.size / seconds)}/s")
        if done.pages:
            parts.append(f"{done.pages / seconds:.3g} pages/s")
        if done.size >= done.size_total * _TELLING and done.size < done.size_total:
            parts.append(f"about {span(seconds * (done.size_total / done.size - 1))} left")
    return ", ".join(parts)


def amount(size: float) -> str:
    """Bytes in the largest unit that leaves a whole."""
    for unit in ("bytes", "kB", "MB"):
        if size < _KILO:
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{size:.0f} {unit}"
        size /= _KILO
    return f"{size:.3g} GB"


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, length in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if seconds >= length:
            return _counted(round(seconds / length), unit)
    return _counted(max(1, round(seconds)), "second")


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"

"""Words that depend on a number."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """As ``1 document`` or ``1,234 documents``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""Texts that a spreadsheet would take for a formula, written so that it does not.

Found and undone by the same pattern, so that a file that was written reads back as it was.
"""

from __future__ import annotations

import re

_DANGEROUS = re.compile(r"[\s']*[=+\-@\t\r\n＝＋－＠]")


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet may compute this instead of showing it."""
    return _DANGEROUS.match(text) is not None


def defuse(text: str) -> str:
    """The text behind an apostrophe where a spreadsheet would compute it."""
    return f"'{text}" if is_dangerous(text) else text


def undo(text: str) -> str:
    """What `defuse` was given."""
    return text[1:] if text.startswith("'") and is_dangerous(text[1:]) else text

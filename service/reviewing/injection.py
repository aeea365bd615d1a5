"""Texts that a spreadsheet would take for formulas, written so that it does not.

Where lists are separated by semicolons, as in German and Russian Excel, a table of commas is cut at the
semicolons, tabs and line ends inside its quoted values: behind each of them a formula may begin, too.
Found and undone by the same patterns, so that a file that was written reads back as it was.
"""

from __future__ import annotations

import re

_OPERATOR = r"=+\-@＝＋－＠"
_UNSEEN = (
    r" '\"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\ufeff"
)
"""White space, what has no shape, and quotes, which a reader that has lost count of them drops."""
_FIRST = rf"[{_UNSEEN}\t\r\n]*[{_OPERATOR}\t\r\n]"
_FOLLOWING = rf"[{_UNSEEN}]*[{_OPERATOR}]"
_BORDERS = (rf"\A{{}}(?={_FIRST})", rf"(?<=[;\t\r\n]){{}}(?={_FOLLOWING})")
_DANGEROUS = re.compile(_FIRST)
_BARE = re.compile("|".join(border.format("") for border in _BORDERS))
_DEFUSED = re.compile("|".join(border.format("'") for border in _BORDERS))


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet may compute this cell instead of showing it."""
    return _DANGEROUS.match(text) is not None


def defuse(text: str) -> str:
    """The text with an apostrophe before all that a spreadsheet would compute."""
    return _BARE.sub("'", text)


def undo(text: str) -> str:
    """What `defuse` was given."""
    return _DEFUSED.sub("", text)

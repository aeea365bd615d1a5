"""Names and texts that are not ours, as people may be shown them: nothing in them steers a terminal."""

from __future__ import annotations

import os
import re

_STEERING = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1, of which a terminal's escape sequences are made
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional controls
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # surrogates, which no output can encode
)
_IN_LINES = re.compile(f"[{_STEERING}]")
_IN_TEXTS = re.compile(rf"(?![\n\t])[{_STEERING}]")


def shown_path(path: str) -> str:
    """A path on one line. A file's name may be any bytes: what is not UTF-8 in it is written as numbers."""
    return shown_line(os.fsencode(path).decode("utf-8", "backslashreplace"))


def shown_line(text: str) -> str:
    """A text on one line; characters that move a cursor or turn the direction of writing become numbers."""
    return _IN_LINES.sub(_number, text)


def shown_text(text: str) -> str:
    """As `shown_line`, but line breaks and tabs stay."""
    return _IN_TEXTS.sub(_number, text.replace("\r\n", "\n"))


def _number(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 1 << 8 else f"\\u{code:04x}"

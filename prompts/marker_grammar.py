"""Citation markers: ``[D7:31 "a few verbatim words"]``.

    group     = open reference { separator ( reference | number ) } close
    reference = "D" document ":" passage [ "-" passage ] { quote }
    separator = ";" | "," | "、" | "|" | "and" | "&" | white space

Brackets are ``[ ]``, ``【 】`` or ``［ ］``, and may be escaped as Markdown does it; quotes are straight,
curly, angled or CJK, and may hold escaped quotes, brackets and bare inner quotes, but no blank line. Words
without quotation marks after a reference count as its quote. A marker is a marker wherever it stands, in
code too: models cite inside code, and a slice such as ``rows[D7:31]`` is rarer than that. ``D[1]``,
``[D7]`` and ``[1]`` never are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

QUOTE_LIMIT = 1200
"""Characters after which an open quotation is taken for a broken marker, so that no stream waits for ever."""

_CLOSING = {"[": "]】］", "【": "】]", "［": "］]"}
_QUOTES = {
    '"': '"”',
    "“": '”“"',
    "„": '“”"',
    "”": '”"',
    "«": "»",
    "「": "」",
    "『": "』",
    "'": "'’",
    "‘": "’'",
    "`": "`",
}
_SEPARATORS = ";,；，、|&"
_DASHES = "-–—‐‑−~"
_DIGITS = "0123456789"
_LONGEST_NUMBER = 12
_LONGEST_RUN = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that a marker names. ``quote`` is empty where none was given."""

    document: int
    first: int
    last: int
    quote: str
    written: str
    """As the model wrote it, without the brackets."""

    @property
    def marker(self) -> str:
        """Normalised: ``D7:31`` or ``D7:31-33``."""
        reach = "" if self.first == self.last else f"-{self.last}"
        return f"D{self.document}:{self.first}{reach}"


@dataclass(frozen=True, slots=True)
class Group:
    """A bracket with its references; without references it is broken, and names no place."""

    written: str
    references: tuple[Reference, ...]


class MoreNeeded(Exception):
    """The text ends before the marker is decided."""


class _Malformed(Exception):
    """The marker's head is well formed, the rest is not."""


class Cursor:
    """Reads forward; looking past the end of an unfinished text raises ``MoreNeeded``.

    A decision made without looking past the end holds for every continuation: that is why a stream gives
    the same pieces as the whole.
    """

    def __init__(self, text: str, position: int, *, final: bool) -> None:
        self.text = text
        self.position = position
        self._final = final

    def peek(self, ahead: int = 0) -> str:
        """A character further on without taking it; nothing at the end of the text."""
        position = self.position + ahead
        if position < len(self.text):
            return self.text[position]
        if self._final:
            return ""
        raise MoreNeeded

    def take(self, options: str) -> str:
        """The next character if it is one of ``options``, else nothing."""
        character = self.peek()
        if character and character in options:
            self.position += 1
            return character
        return ""

    def skip(self, options: str) -> None:
        """Pass over a few of ``options``; not over any number of them, so that no stream waits for ever."""
        for _ in range(_LONGEST_RUN):
            if not self.take(options):
                return

    def number(self) -> int | None:
        """The decimal number that stands here, if one does and is no longer than any real one."""
        start = self.position
        self.skip(_DIGITS)
        digits = self.text[start : self.position]
        return int(digits) if 0 < len(digits) <= _LONGEST_NUMBER else None

    def sees_reference(self) -> bool:
        """Whether ``D7`` or the like stands here."""
        return self.peek() in ("D", "d") and self.peek(1) in tuple(_DIGITS)


def read_group(cursor: Cursor) -> tuple[int, Group | None]:
    """Read the bracket at the cursor: where it ends, and the group unless it is no marker."""
    opened = cursor.position
    cursor.take("\\")
    bracket = cursor.take("[【［")
    if not bracket:
        return opened, None
    closing = _CLOSING[bracket]
    cursor.skip(" \t\n")
    head = _read_place(cursor)
    if head is None:
        return opened, None
    head_end = cursor.position
    try:
        references = _read_references(cursor, head, closing)
    except _Malformed:
        return head_end, Group(cursor.text[opened:head_end], ())
    return cursor.position, Group(cursor.text[opened : cursor.position], tuple(references))


@dataclass(frozen=True, slots=True)
class _Place:
    document: int
    first: int
    last: int
    start: int


def _read_place(cursor: Cursor) -> _Place | None:
    start = cursor.position
    if not cursor.take("Dd"):
        return None
    document = cursor.number()
    cursor.skip(" ")
    if document is None or not cursor.take(":："):
        return None
    cursor.skip(" ")
    first = cursor.number()
    if first is None:
        return None
    last = _read_range_end(cursor, document) or first
    return _Place(document, min(first, last), max(first, last), start)


def _read_range_end(cursor: Cursor, document: int) -> int | None:
    """The 33 of ``-33`` or ``-D7:33``; leaves the cursor alone where there is none."""
    start = cursor.position
    cursor.skip(" ")
    if cursor.take(_DASHES):
        cursor.skip(" ")
        if cursor.take("Dd") and not (cursor.number() == document and cursor.take(":：")):
            cursor.position = start
            return None
        last = cursor.number()
        if last is not None:
            return last
    cursor.position = start
    return None


def _read_references(cursor: Cursor, head: _Place, closing: str) -> list[Reference]:
    references: list[Reference] = []
    place = head
    while True:
        if cursor.peek().isalnum():
            raise _Malformed
        quotes = _read_quotes(cursor, closing)
        written = cursor.text[place.start : cursor.position].rstrip(" \t\n" + _SEPARATORS)
        if written[0] not in "Dd":
            written = f"D{place.document}:{written}"
        references += [
            Reference(place.document, place.first, place.last, quote, written) for quote in quotes or [""]
        ]
        _skip_separators(cursor)
        if cursor.take(closing):
            return references
        following = _read_following(cursor, place)
        if following is None:
            raise _Malformed
        place = following


def _read_following(cursor: Cursor, place: _Place) -> _Place | None:
    """The next reference of a group; a bare number stays in the same document."""
    if cursor.sees_reference():
        return _read_place(cursor)
    start = cursor.position
    first = cursor.number()
    if first is None:
        return None
    last = _read_range_end(cursor, place.document) or first
    return _Place(place.document, min(first, last), max(first, last), start)


def _skip_separators(cursor: Cursor) -> None:
    while True:
        cursor.skip(" \t\n\\" + _SEPARATORS)
        if not (
            cursor.peek() == "a" and cursor.peek(1) == "n" and cursor.peek(2) == "d" and cursor.peek(3) == " "
        ):
            return
        cursor.position += 4


def _read_quotes(cursor: Cursor, closing: str) -> list[str]:
    quotes: list[str] = []
    while True:
        before = cursor.position
        cursor.skip(" \t\n:,，：")
        opening = cursor.take("".join(_QUOTES))
        if opening:
            quotes.append(_read_quoted(cursor, _QUOTES[opening], closing))
            continue
        cursor.position = before
        if not quotes and (bare := _read_bare(cursor, closing)):
            quotes.append(bare)
        return [quote for quote in quotes if any(map(str.isalnum, quote))]


def _read_bare(cursor: Cursor, closing: str) -> str:
    """Words that the model quotes without quotation marks: ``[D7:31 within thirty days]``."""
    start = cursor.position
    cursor.skip(" \t")
    words = cursor.position
    if words == start or not cursor.peek().isalpha() or cursor.sees_reference():
        cursor.position = start
        return ""
    if all(cursor.peek(ahead) == letter for ahead, letter in enumerate("and ")):
        cursor.position = start
        return ""
    while cursor.peek() not in closing:
        if cursor.peek() in ("", "\n", *_CLOSING) or cursor.position - start > QUOTE_LIMIT:
            raise _Malformed
        cursor.position += 1
    return cursor.text[words : cursor.position].rstrip("\\")


def _read_quoted(cursor: Cursor, closers: str, closing: str) -> str:
    """Read to the quotation mark that ends the quote: the one before the bracket's end or the next reference.

    A mark before a bracket that the quote itself opened is passed over, unless no better one follows.
    """
    start = cursor.position
    depth = 0
    fallback: int | None = None
    while not _breaks_off(cursor, start):
        character = cursor.peek()
        if character == "\\" and cursor.peek(1) in tuple(closers):
            cursor.position += 2
            continue
        if character in closers and _ends_quote(cursor, closing):
            if depth <= 0:
                return _take_quote(cursor, start, cursor.position)
            fallback = fallback or cursor.position
        depth += (character in _CLOSING) - (character in closing)
        cursor.position += 1
    if fallback is None:
        raise _Malformed
    return _take_quote(cursor, start, fallback)


def _breaks_off(cursor: Cursor, start: int) -> bool:
    character = cursor.peek()
    if not character or cursor.position - start > QUOTE_LIMIT:
        return True
    if character == "\n":
        return cursor.peek(1) in ("\n", "")
    return character in _CLOSING and cursor.peek(1) in ("D", "d") and cursor.peek(2) in tuple(_DIGITS)


def _ends_quote(cursor: Cursor, closing: str) -> bool:
    ahead = 1
    while (character := cursor.peek(ahead)) and character in " \t\\" + _SEPARATORS:
        ahead += 1
    if character and character in closing:
        return True
    return ahead > 1 and character in ("D", "d") and cursor.peek(ahead + 1) in tuple(_DIGITS)


def _take_quote(cursor: Cursor, start: int, end: int) -> str:
    cursor.position = end + 1
    return re.sub(r"\\([\"'“”«»`’])", r"\1", cursor.text[start:end]).strip()

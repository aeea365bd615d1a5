"""Rich Text Format: control words walked once, with the state that groups save and restore."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.readers import rtf_words
from ingest.readers.composing import Part, composed, opening_heading, table_parts
from ingest.readers.package import damage_named
from ingest.readers.plain import is_heading

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingest.model import Document

READER = "rtf/1"

_CUT = "The file ends inside a group: what should follow is missing."


@dataclass(frozen=True, slots=True)
class _State:
    """What a group restores when it ends."""

    destination: str = ""
    encoding: str = ""
    skip: int = 1
    """Characters after one of Unicode that say it again for older programs."""
    hidden: bool = False


@dataclass(slots=True)
class _Flow:
    """A stream of paragraphs: the text itself, a footnote, a header."""

    name: str = ""
    words: list[str] = field(default_factory=list[str])
    parts: list[Part] = field(default_factory=list[Part])
    asides: list[Part] = field(default_factory=list[Part])
    """What goes after the paragraph that is being written."""
    row: list[str] = field(default_factory=list[str])
    rows: list[list[str]] = field(default_factory=list[list[str]])
    level: int = 0
    outline: int = 0
    item: bool = False
    in_table: bool = False


def read_rtf(location: Path) -> Document:
    """Read a text: headings by their styles, numbers of lists as printed, tables as rows of cells.

    Footnotes, comments and text boxes follow the paragraph that they belong to; what is hidden or marked as
    deleted is left out. The title is the first heading near the beginning, else that of the properties, else
    the stem of the name.

    Raises:
        UnreadableFile: ``wrong_extension``, ``empty``, ``broken`` or ``no_text``.
    """
    data = location.read_bytes()
    if not data:
        raise UnreadableFile("empty", "the file holds no bytes")
    if not data.lstrip().startswith(b"{\\"):  # a fragment may lack the header
        raise UnreadableFile("wrong_extension", "the content is not RTF")
    with damage_named():
        walk = _Walk(data)
        parts = walk.parts()
    title = opening_heading(parts) or walk.title or location.stem
    document = composed(parts, title=title, reader=READER)
    return replace(document, warnings=(_CUT,)) if walk.cut else document


class _Walk:
    """One pass over the tokens."""

    def __init__(self, data: bytes) -> None:
        self.title = ""
        self.cut = False
        self._data = data
        self._state = _State()
        self._stack: list[_State] = []
        self._flows = [_Flow()]
        self._depths: list[int] = []
        """At how many open groups each flow but the first began."""
        self._running: list[Part] = []
        self._pending = bytearray()
        self._skipping = 0
        self._page = "cp1252"
        self._font = self._style = self._notes = 0
        self._fonts: dict[int, str] = {}
        self._headings: dict[int, int] = {}
        self._named = ""
        self._starred = False

    def parts(self) -> list[Part]:
        """Walk, and give what stands in the text, headers and footers first."""
        position = 0
        while found := rtf_words.TOKEN.search(self._data, position):
            position = found.end() + self._take(found)
        self.cut = bool(self._stack)
        while self._stack:
            self._close()
        self._end_paragraph()
        self._end_table()
        return [*self._running, *self._flows[0].parts]

    def _take(self, found: re.Match[bytes]) -> int:
        """Act on a token; how many bytes of raw data follow it."""
        kind = found.lastgroup
        if kind == "brace":
            self._open() if found[0] == b"{" else self._close()
        elif kind in {"word", "number"}:
            number = int(found["number"]) if found["number"] else None
            if found["word"] == b"bin":
                return max(0, number or 0)
            self._control(found["word"].decode("ascii"), number)
        elif kind == "symbol":
            self._symbol(found["symbol"].decode("latin-1"))
        else:
            self._bytes(bytes.fromhex(found["hex"].decode()) if found["hex"] else found["text"])
        return 0

    def _open(self) -> None:
        self._decode()
        self._skipping = 0
        self._stack.append(self._state)

    def _close(self) -> None:
        self._decode()
        self._skipping = 0
        if self._state.destination == "stylesheet" and self._named:
            found = rtf_words.HEADING_STYLE.match(self._named)
            if found:
                self._headings[self._style] = int(found[1])
            self._named, self._style = "", 0
        if not self._stack:
            return
        self._state = self._stack.pop()
        if self._depths and len(self._stack) < self._depths[-1]:
            self._end_flow()

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
        elif symbol in "\r\n":
            self._control("par", None)
        elif self._skipping:
            self._skipping -= 1
        else:
            self._write(rtf_words.SYMBOLS.get(symbol, ""))

    def _bytes(self, data: bytes) -> None:
        dropped = min(self._skipping, len(data))
        self._skipping -= dropped
        self._pending += data[dropped:]

    def _decode(self) -> None:
        if self._pending:
            text = bytes(self._pending).decode(self._state.encoding or self._page, "replace")
            self._pending.clear()
            self._write(text)

    def _write(self, text: str) -> None:
        self._decode()
        state = self._state
        if state.destination == "title":
            self.title += text
        elif state.destination == "stylesheet":
            self._named += text
        elif not state.destination and not state.hidden:
            self._flows[-1].words.append(text)

    def _control(self, word: str, number: int | None) -> None:
        self._decode()
        starred, self._starred = self._starred, False
        if self._state.destination == "skip":
            return
        if word in rtf_words.SKIPPED or (starred and word not in rtf_words.STARRED):
            self._state = replace(self._state, destination="skip")
        elif word in rtf_words.ASIDE:
            self._flows.append(_Flow(word))
            self._depths.append(len(self._stack))
        elif word in rtf_words.TABLES or (word == "title" and self._state.destination == "info"):
            self._state = replace(self._state, destination=word)
        elif action := _ACTIONS.get(word):
            action(self, number)
        elif word in rtf_words.SIGNS:
            self._write(rtf_words.SIGNS[word])
        elif word in rtf_words.PAGES:
            self._page = rtf_words.PAGES[word]

    def character(self, number: int | None) -> None:
        r"""``\u8364``: negative above 32,767."""
        self._write(chr((number or 0) % 0x10000))
        self._skipping = self._state.skip

    def skip(self, number: int | None) -> None:
        r"""``\uc1``."""
        self._state = replace(self._state, skip=max(0, 1 if number is None else number))

    def code_page(self, number: int | None) -> None:
        r"""``\ansicpg1251``."""
        name = {65001: "utf-8", 10000: "mac_roman", 10007: "mac_cyrillic"}.get(number or 0, f"cp{number}")
        try:
            self._page = codecs.lookup(name).name
        except LookupError:
            self._page = "cp1252"

    def font(self, number: int | None) -> None:
        r"""``\f1``, where it is described and where it is used."""
        if self._state.destination == "fonttbl":
            self._font = number or 0
        else:
            self._state = replace(self._state, encoding=self._fonts.get(number or 0, ""))

    def charset(self, number: int | None) -> None:
        r"""``\fcharset204``; 0 is whatever the file's code page is."""
        self._fonts[self._font] = rtf_words.CHARSETS.get(number or 0, "")

    def style(self, number: int | None) -> None:
        r"""``\s1``, where it is described and where it is used."""
        if self._state.destination == "stylesheet":
            self._style = number or 0
        elif not self._state.destination:
            self._flows[-1].level = self._headings.get(number or 0, 0)

    def outline_level(self, number: int | None) -> None:
        r"""``\outlinelevel0``: 9 is running text."""
        if not self._state.destination and number is not None:
            self._flows[-1].outline = number + 1 if 0 <= number < rtf_words.DEEPEST_HEADING else 0

    def hide(self, number: int | None) -> None:
        r"""``\v``, ``\deleted``, and the same with 0."""
        self._state = replace(self._state, hidden=number != 0)

    def show(self, _: int | None) -> None:
        r"""``\plain``."""
        self._state = replace(self._state, hidden=False, encoding="")

    def reset(self, _: int | None) -> None:
        r"""``\pard``."""
        flow = self._flows[-1]
        flow.level, flow.outline, flow.in_table = 0, 0, False

    def into_table(self, _: int | None) -> None:
        r"""``\intbl``."""
        self._flows[-1].in_table = True

    def item(self, _: int | None) -> None:
        r"""``\listtext``: the number or bullet as it was printed."""
        self._flows[-1].item = True

    def number_note(self, _: int | None) -> None:
        r"""``\chftn``, in the text and again in front of the note."""
        if self._flows[-1].name != "footnote":
            self._notes += 1
        self._write(f"[{self._notes}]")

    def end_cell(self, _: int | None) -> None:
        r"""``\cell``."""
        flow = self._flows[-1]
        flow.row.append(_joined(flow.words))
        flow.words = []

    def end_row(self, _: int | None) -> None:
        r"""``\row``."""
        flow = self._flows[-1]
        flow.rows.append(flow.row)
        flow.row = []

    def end_paragraph(self, _: int | None) -> None:
        r"""``\par``; inside a cell it only ends a line."""
        if self._state.destination:
            return
        if self._flows[-1].in_table:
            self._flows[-1].words.append("\n")
        else:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        flow = self._flows[-1]
        text = _joined(flow.words)
        if text.strip():
            self._end_table()
            flow.parts.append(_part(flow, text))
        flow.words, flow.item = [], False
        if not flow.rows and not flow.row:
            flow.parts += flow.asides
            flow.asides = []

    def _end_table(self) -> None:
        flow = self._flows[-1]
        if flow.rows or flow.row:
            flow.parts += [*table_parts([*flow.rows, flow.row]), *flow.asides]
            flow.rows, flow.row, flow.asides = [], [], []

    def _end_flow(self) -> None:
        self._end_paragraph()
        self._end_table()
        flow = self._flows.pop()
        self._depths.pop()
        parts = [*flow.parts, *flow.asides]
        if flow.name in rtf_words.RUNNING:
            self._running += [Part(part.text, rtf_words.RUNNING[flow.name]) for part in parts]
        elif flow.name == "annotation":
            self._flows[-1].asides += [replace(part, text=f"Comment: {part.text}") for part in parts]
        else:
            self._flows[-1].asides += parts


_ACTIONS: Mapping[str, Callable[[_Walk, int | None], None]] = {
    "u": _Walk.character,
    "uc": _Walk.skip,
    "ansicpg": _Walk.code_page,
    "f": _Walk.font,
    "fcharset": _Walk.charset,
    "s": _Walk.style,
    "outlinelevel": _Walk.outline_level,
    "v": _Walk.hide,
    "deleted": _Walk.hide,
    "plain": _Walk.show,
    "pard": _Walk.reset,
    "intbl": _Walk.into_table,
    "listtext": _Walk.item,
    "pntext": _Walk.item,
    "chftn": _Walk.number_note,
    "cell": _Walk.end_cell,
    "nestcell": _Walk.end_cell,
    "row": _Walk.end_row,
    "nestrow": _Walk.end_row,
    "par": _Walk.end_paragraph,
    "sect": _Walk.end_paragraph,
}


def _joined(words: list[str]) -> str:
    """Words of a paragraph; halves of characters beyond the basic plane become whole."""
    return "".join(words).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _part(flow: _Flow, text: str) -> Part:
    level = flow.level or flow.outline
    if level and not flow.name:
        return Part(text, "heading", level)
    if flow.name:
        return Part(text)
    if is_heading(text.strip(), alone=not flow.item):
        return Part(text, "heading")
    return Part(text, "list_item", 1) if flow.item else Part(text)

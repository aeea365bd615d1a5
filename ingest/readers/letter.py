"""A message of any mail program, and the document that it becomes: headers, body, then what is attached."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from ingest.errors import UnreadableFile
from ingest.readers.joining import Joining
from ingest.readers.plain import read_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Document

READER = "mail/2"

_DEEPEST = 5
"""Messages inside messages."""
_MOST = 200
"""Attachments of one file, those of enclosed messages counted too."""
_LARGEST = 256 << 20
"""Bytes of all attachments of one file, decoded."""
_LONGEST_TITLE = 200
_LONGEST_HEADER = 4_000
"""Code points of a header that are shown: a message to a thousand people names the first of them."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What is attached: a file, or another message."""

    name: str
    content: bytes | OpenLetter
    """A message is opened only when its turn comes: it may be the one that is refused."""
    media_type: str = ""
    """As the sender declared it: it counts where the name says nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, decoded."""

    subject: str
    headers: Sequence[tuple[str, str]]
    """Those that people read: name and value, in the order in which they are shown."""
    bodies: Sequence[Body] = ()
    enclosures: Sequence[Enclosure] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A part that is shown as the message itself; ``content`` is a text, or bytes of the kind of ``name``."""

    content: str | bytes
    name: str = ""


class ReadPart(Protocol):
    """Reads bytes with the reader that their name, else their declared type, asks for.

    Raises:
        UnreadableFile: with the reason why not.
    """

    def __call__(self, data: bytes, name: str, declared: str) -> Document:
        """Read one part."""
        ...


class OpenLetter(Protocol):
    """Opens a message inside another.

    Raises:
        UnreadableFile: with the reason why not.
    """

    def __call__(self) -> Letter:
        """Open it."""
        ...


class OpenFile(Protocol):
    """Opens a message that is attached as a file; raises as `OpenLetter` does."""

    def __call__(self, data: bytes) -> Letter:
        """Open one message."""
        ...


@dataclass(slots=True)
class Allowance:
    """What is left of the limits, shared by all messages of one file."""

    bytes_left: int = _LARGEST
    files_left: int = _MOST

    def take(self, size: int) -> None:
        """Use up some of it.

        Raises:
            UnreadableFile: ``unpacks_too_large``, there is not that much left.
        """
        if self.files_left <= 0:
            raise UnreadableFile("unpacks_too_large", f"more than {_MOST} attachments")
        if size > self.bytes_left:
            raise UnreadableFile("unpacks_too_large", f"attachments of more than {_LARGEST >> 20} MB")
        self.files_left -= 1
        self.bytes_left -= size


@dataclass(frozen=True, slots=True)
class LetterReader:
    """Turns letters into documents; ``openers`` knows mail by the ending of a name, or by its media type."""

    read_part: ReadPart
    openers: dict[str, OpenFile] = field(default_factory=dict[str, OpenFile])

    def document(self, letter: Letter, stem: str) -> Document:
        """Headers first, then the body, then each attachment under a heading of its name.

        What of it cannot be read is a warning with its reason. The title is the subject, else ``stem``.

        Raises:
            UnreadableFile: ``no_text``, the message says nothing at all; or why its only part is unreadable.
        """
        joining = Joining()
        self._write(joining, letter, "", 0, Allowance())
        if not joining.elements:
            said = f": {joining.warnings[0]}" if joining.warnings else ""
            raise UnreadableFile("no_text", f"neither headers nor words{said}")
        return joining.document(letter.subject[:_LONGEST_TITLE] or stem, READER)

    def _write(self, joining: Joining, letter: Letter, within: str, depth: int, left: Allowance) -> None:
        attached = ", ".join(enclosure.name for enclosure in letter.enclosures)
        shown = (*letter.headers, ("Attachments", attached))
        lines = (f"{name}: {value[:_LONGEST_HEADER]}" for name, value in shown if value)
        joining.add("\n".join(lines), "paragraph")
        for body in letter.bodies:
            self._write_body(joining, body, within, depth)
        for enclosure in letter.enclosures:
            place = f"{within}{enclosure.name}"
            try:
                self._write_enclosure(joining, enclosure, place, depth, left)
            except UnreadableFile as error:
                joining.warnings.append(f"{place}: {error}")

    def _write_body(self, joining: Joining, body: Body, within: str, depth: int) -> None:
        if isinstance(body.content, str):
            joining.include(read_plain(body.content, ""), below=depth)
            return
        try:
            joining.include(_worded(self.read_part(body.content, body.name, "")), below=depth)
        except UnreadableFile as error:
            if error.reason not in {"empty", "no_text"}:
                joining.warnings.append(f"{within}body: {error}")

    def _write_enclosure(
        self, joining: Joining, enclosure: Enclosure, place: str, depth: int, left: Allowance
    ) -> None:
        content = enclosure.content
        if isinstance(content, bytes):
            left.take(len(content))
            opener = self._opener(enclosure)
            if opener is None:
                document = self.read_part(content, enclosure.name, enclosure.media_type)
                joining.add(enclosure.name, "heading", level=depth + 1)
                joining.include(_worded(document), below=depth + 1)
                return
            content = partial(opener, content)
        else:
            left.take(0)
        if depth >= _DEEPEST:
            raise UnreadableFile("unsupported", f"more than {_DEEPEST} messages inside each other")
        letter = content()
        joining.add(enclosure.name, "heading", level=depth + 1)
        self._write(joining, letter, f"{place}: ", depth + 1, left)

    def _opener(self, enclosure: Enclosure) -> OpenFile | None:
        """What opens a message that was attached as a file."""
        ending = enclosure.name[max(enclosure.name.rfind("."), 0) :].lower()
        return self.openers.get(ending) or self.openers.get(enclosure.media_type)


def _worded(document: Document) -> Document:
    """A part is prose among prose: a message is not asked about by the symbols of a program in it."""
    return replace(document, symbols=())

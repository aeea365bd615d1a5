"""Outlook's MSG files, through ``python-oxmsg``, which is imported here and nowhere else.

Texts are taken from the streams themselves: the library's own accessors give up a whole message for one
unknown code page.
"""

from __future__ import annotations

from email.parser import HeaderParser
from functools import partial
from typing import TYPE_CHECKING, cast

from ingest.errors import UnreadableFile
from ingest.readers.compound import ole_file
from ingest.readers.compressed_rtf import unpack_rtf
from ingest.readers.decoding import decode
from ingest.readers.eml import header_text
from ingest.readers.letter import Body, Enclosure, Letter
from ingest.readers.package import damage_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oxmsg.storage import Storage

_HEADERS, _SUBJECT, _CLASS = 0x007D, 0x0037, 0x001A
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_SENT, _DELIVERED = 0x0039, 0x0E06
_SENDERS = (0x0C1A, 0x0042), (0x5D01, 0x0C1F, 0x0065)
"""Names, and addresses."""
_RECIPIENT = (0x3001,), (0x39FE, 0x3003)
_RECIPIENT_KIND = 0x0C15
_KINDS = {1: "To", 2: "Cc"}
_NAMES = (0x3707, 0x3704, 0x3001)
_DATA, _MEDIA_TYPE = 0x3701, 0x370E
_BINARY, _UNICODE, _BYTES, _OBJECT = 0x0102, 0x001F, 0x001E, 0x000D
_TOP, _EMBEDDED, _INNER = 32, 24, 8
"""Bytes before the properties: of the file's own message, of one inside it, of a recipient or attachment."""


def open_msg(data: bytes) -> Letter:
    """Parse a message.

    Raises:
        UnreadableFile: ``encrypted``, ``broken``, or ``wrong_extension`` for another kind of Office file.
    """
    from oxmsg.storage import Storage  # noqa: PLC0415 — 30 ms that only such mail is worth

    unpack = cast("Callable[[object], Storage]", Storage.from_ole)  # pyright: ignore[reportUnknownMemberType] — of olefile's
    with damage_named(), ole_file(data) as file:
        storage = unpack(file)
    if not any(stream.name.startswith("__properties") for stream in storage.streams):
        raise UnreadableFile("wrong_extension", "an old Office file, but no message")
    return _letter(storage, _TOP)


def _letter(storage: Storage, offset: int) -> Letter:
    with damage_named():
        message = _Properties(storage, offset)
        sent = HeaderParser().parsestr(message.text(_HEADERS))
        sealed = sent.get_content_type() == "multipart/encrypted"
        if sealed or message.text(_CLASS).upper() == "IPM.NOTE.SMIME":
            raise UnreadableFile("encrypted", "the message is encrypted")
        recipients = list(_recipients(storage))
        subject = header_text(message.text(_SUBJECT)) or header_text(sent.get("Subject", ""))
        headers = [
            ("From", header_text(sent.get("From", "")) or _address(message, *_SENDERS)),
            *((name, ", ".join(who for kind, who in recipients if kind == name)) for name in _KINDS.values()),
            ("Date", sent.get("Date", "") or message.date()),
            ("Subject", subject),
        ]
        return Letter(subject, headers, list(_bodies(message)), list(_enclosures(storage)))


class _Properties:
    """What a storage says about its message, recipient or attachment."""

    def __init__(self, storage: Storage, offset: int) -> None:
        from oxmsg.properties import Properties  # noqa: PLC0415 — see above

        self._streams = {stream.name: stream.bytes_ for stream in storage.streams}
        self._fixed = Properties(storage, properties_header_offset=offset)

    def binary(self, number: int) -> bytes:
        return self._streams.get(f"__substg1.0_{number:04X}{_BINARY:04X}", b"")

    def text(self, number: int) -> str:
        wide = self._streams.get(f"__substg1.0_{number:04X}{_UNICODE:04X}")
        if wide is not None:
            return _with_line_ends(wide.decode("utf-16-le", "replace"))
        narrow = self._streams.get(f"__substg1.0_{number:04X}{_BYTES:04X}", b"")
        return self.decoded(narrow)

    def decoded(self, data: bytes) -> str:
        """By the message's code page, else by the bytes themselves."""
        if not data.strip():
            return ""
        try:
            return _with_line_ends(data.decode(self._fixed.body_encoding))
        except (LookupError, ValueError):
            pass
        try:
            return decode(data)
        except UnreadableFile:
            return _with_line_ends(data.decode("utf-8", "replace"))

    def number(self, number: int) -> int | None:
        return self._fixed.int_prop_value(number)

    def date(self) -> str:
        """When it was sent, as mail writes it; empty for a draft."""
        for number in (_SENT, _DELIVERED):
            when = self._fixed.date_prop_value(number)
            if when is not None:
                return when.strftime("%a, %d %b %Y %H:%M:%S %z")
        return ""


def _address(entry: _Properties, names: Sequence[int], addresses: Sequence[int]) -> str:
    name = next((text for text in map(entry.text, names) if text), "")
    address = next((found for found in map(entry.text, addresses) if "@" in found), "")
    return f"{name} <{address}>" if address and name not in {"", address} else address or name


def _recipients(storage: Storage) -> Iterator[tuple[str, str]]:
    for inner in storage.iter_recipient_storages():
        entry = _Properties(inner, _INNER)
        who = _address(entry, *_RECIPIENT)
        if who:
            yield _KINDS.get(entry.number(_RECIPIENT_KIND) or 1, ""), who


def _bodies(message: _Properties) -> Iterator[Body]:
    """Plain text if there is any, else HTML, else rich text."""
    plain = message.text(_BODY)
    html = message.binary(_HTML)
    page = message.decoded(html) if html else message.text(_HTML)
    if plain.strip():
        yield Body(plain)
    elif page.strip():
        yield Body(page.encode("utf-8", "replace"), "body.html")
    elif packed := message.binary(_RTF):
        yield Body(unpack_rtf(packed), "body.rtf")


def _enclosures(storage: Storage) -> Iterator[Enclosure]:
    for number, inner in enumerate(storage.iter_attachment_storages(), start=1):
        entry = _Properties(inner, _INNER)
        name = next((text for text in map(entry.text, _NAMES) if text), f"attachment-{number}")
        name = " ".join(name.replace("\\", "/").rpartition("/")[2].split())
        embedded = [each for each in inner.storages if each.name == f"__substg1.0_{_DATA:04X}{_OBJECT:04X}"]
        if embedded and any(stream.name.startswith("__properties") for stream in embedded[0].streams):
            yield Enclosure(name, partial(_letter, embedded[0], _EMBEDDED))
        else:
            yield Enclosure(name, entry.binary(_DATA), entry.text(_MEDIA_TYPE))


def _with_line_ends(text: str) -> str:
    return text.rstrip("\0").replace("\r\n", "\n").replace("\r", "\n")

"""Mail as it travels (RFC 5322, MIME), read so that broken headers and charsets cost as little as they can.

The standard library's strict policy parses headers by a grammar that raises over broken ones; the compatible
policy keeps them as they stand, and they are decoded here.
"""

from __future__ import annotations

import binascii
import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from functools import partial
from typing import TYPE_CHECKING, cast

from ingest.errors import UnreadableFile
from ingest.readers.decoding import decode
from ingest.readers.letter import Body, Enclosure, Letter

if TYPE_CHECKING:
    from collections.abc import Iterator

    Part = Message[str, str]

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
"""They hold no words."""
_SEALED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/json": ".json",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tiff",
}
"""Of attachments that have no name."""
_DEEPEST = 50
"""Parts inside parts."""
_NO_CHARSETS = frozenset(
    "us-ascii unknown-8bit punycode idna unicode_escape unicode-escape raw_unicode_escape undefined".split()
)
"""Names that say nothing, or make Python unescape what nobody escaped."""
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_SPACE = re.compile(r"\s+")
_FOLDED = re.compile(r"\r?\n(?=[ \t])")


def open_eml(data: bytes) -> Letter:
    """Parse a message.

    Raises:
        UnreadableFile: ``encrypted``, or ``broken`` where parts are nested without end.
    """
    if b"\0" in data:
        data = _without_zeros(data)
    try:
        message = message_from_bytes(data.lstrip(), policy=policy.compat32)
    except RecursionError as error:
        raise UnreadableFile("broken", "parts are nested too deeply") from error
    return _letter(message)


def header_text(value: str) -> str:
    """A header as people read it: unfolded, its encoded words decoded, by their content if need be."""
    unfolded = _FOLDED.sub("", value)
    if not unfolded.isascii():  # raw bytes where only ASCII is allowed
        unfolded = _decoded(unfolded.encode("utf-8", "surrogateescape"), None)
    try:
        pieces = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        pieces = [(unfolded, None)]
    words = "".join(
        piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces
    )
    return _SPACE.sub(" ", words).strip()


def _without_zeros(data: bytes) -> bytes:
    """A message that an editor has saved in UTF-16, or one with holes."""
    try:
        return decode(data).encode()
    except UnreadableFile:
        return data.replace(b"\0", b"")


def _letter(message: Part) -> Letter:
    content_type = message.get_content_type()
    if content_type in _SEALED and message.get_param("smime-type") != "signed-data":
        raise UnreadableFile("encrypted", f"the message is encrypted ({content_type})")
    headers = [(name, _header(message, name)) for name in _SHOWN]
    bodies: list[Body] = []
    enclosures: list[Enclosure] = []
    for found in _parts(message, 0):
        if isinstance(found, Body):
            bodies.append(found)
        else:
            enclosures.append(_named(found, len(enclosures) + 1))
    return Letter(dict(headers)["Subject"], headers, bodies, enclosures)


def _header(message: Part, name: str) -> str:
    """All headers of that name: some programs write one ``To`` for each recipient."""
    values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return ", ".join(filter(None, (header_text(str(value)) for value in values)))


def _parts(part: Part, depth: int) -> Iterator[Body | Enclosure]:
    content_type = part.get_content_type()
    if content_type in _SIGNATURES:
        return
    if depth > _DEEPEST:
        raise UnreadableFile("broken", "parts are nested too deeply")
    if part.get_content_maintype() == "message" and part.is_multipart():
        yield from _messages(part, content_type)
    elif content_type == "multipart/alternative":
        yield from _alternative(part, depth)
    elif part.is_multipart():
        for inner in _inner(part):
            yield from _parts(inner, depth + 1)
    else:
        yield _leaf(part, content_type)


def _messages(part: Part, content_type: str) -> Iterator[Body | Enclosure]:
    """A message that was forwarded whole, or the report of a mail server: blocks of headers."""
    for inner in _inner(part):
        if content_type == "message/rfc822":
            name = _filename(part) or f"{_header(inner, 'Subject') or 'message'}.eml"
            yield Enclosure(name, partial(_letter, inner), content_type)
        else:
            yield Body("\n".join(f"{key}: {header_text(str(value))}" for key, value in inner.raw_items()))


def _alternative(part: Part, depth: int) -> Iterator[Body | Enclosure]:
    """One of several forms of the same words: plain text if there is any, else the one nearest to it."""
    forms = [list(_parts(inner, depth + 1)) for inner in _inner(part)]
    bodies = [body for form in forms for body in form if isinstance(body, Body)]
    worded = [body for body in bodies if body.content.strip()]
    plain = [body for body in worded if isinstance(body.content, str)]
    yield from (plain or worded)[:1]
    yield from (found for form in forms for found in form if isinstance(found, Enclosure))


def _leaf(part: Part, content_type: str) -> Body | Enclosure:
    payload = _payload(part)
    if content_type.startswith("multipart/"):  # none of its borders is there
        return Body(_decoded(payload, None))
    name = _filename(part)
    attached = part.get_content_disposition() == "attachment" or bool(name)
    if attached or content_type not in {"text/plain", "text/html", "text/enriched"}:
        return Enclosure(name, payload, content_type)
    text = _decoded(payload, part.get_content_charset())
    return Body(text.encode(), "body.html") if content_type == "text/html" else Body(text)


def _named(enclosure: Enclosure, number: int) -> Enclosure:
    if enclosure.name:
        return enclosure
    name = f"attachment-{number}{_ENDINGS.get(enclosure.media_type, '')}"
    return Enclosure(name, enclosure.content, enclosure.media_type)


def _inner(part: Part) -> list[Part]:
    payload = part.get_payload()
    return (
        [cast("Part", inner) for inner in payload if isinstance(inner, Message)]
        if part.is_multipart()
        else []
    )


def _payload(part: Part) -> bytes:
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        return _unpacked(str(part.get_payload()))
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError):  # an encoding that nobody knows, or that is broken
        payload = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return payload if isinstance(payload, bytes) else b""


def _unpacked(written: str) -> bytes:
    """Base64 up to where it is cut; the library gives up all of it for one character too few."""
    kept = _NOT_BASE64.sub("", written.partition("=")[0])
    whole = kept[: len(kept) // 4 * 4] if len(kept) % 4 == 1 else kept + "=" * (-len(kept) % 4)
    return binascii.a2b_base64(whole)


def _filename(part: Part) -> str:
    try:
        name = part.get_filename("")
    except (ValueError, LookupError, TypeError):
        return ""
    name = header_text(name)
    return name.replace("\\", "/").rpartition("/")[2]


def _decoded(data: bytes, charset: str | None) -> str:
    """By the declared charset, else by the bytes themselves; holes where neither helps."""
    if not data.strip():
        return ""
    if charset and charset.lower() not in _NO_CHARSETS:
        try:
            return _with_line_ends(data.decode(charset))
        except (LookupError, ValueError):
            pass
    try:
        return decode(data)
    except UnreadableFile:
        return _with_line_ends(data.decode("utf-8", "replace"))


def _with_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")

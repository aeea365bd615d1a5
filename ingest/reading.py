"""One file in, one document out: the right reader for each media type."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.media import (
    DOCX,
    HTML,
    IMAGES,
    MARKDOWN,
    PDF,
    SIGNATURE_BYTES,
    check_signature,
    language_of,
    media_type_of,
)
from ingest.readers import code, images, markdown, office, pdf, plain
from ingest.readers.decoding import decode
from ingest.readers.options import ReadingOptions
from ingest.readers.progress import ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingest.model import Document, SourceFile
    from ingest.readers.progress import OnPage

_BY_LOCATION: Mapping[str, Callable[[Path, ReadingOptions, OnPage], Document]] = {
    PDF: pdf.read_pdf,
    DOCX: lambda location, _, __: office.read_docx(location),
    HTML: lambda location, _, __: office.read_html(location),
    **dict.fromkeys(IMAGES, images.read_image),
}
_READ_BY_OPTIONS: Mapping[str, Callable[[ReadingOptions], tuple[str, ...]]] = {
    PDF: pdf.readers,
    **dict.fromkeys(IMAGES, images.readers),
}
_READERS: Mapping[str, str] = {
    DOCX: office.DOCX_READER,
    HTML: office.HTML_READER,
    MARKDOWN: markdown.READER,
}

# No database column and no JSON string holds these; one for one, so that offsets stay true.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


DEFAULTS = ReadingOptions()


def readers_of(media_type: str, options: ReadingOptions = DEFAULTS) -> tuple[str, ...]:
    """What ``Document.reader`` may say after ``read``; whatever else a document says makes it stale.

    The first is kept with a file that fails: the file is tried again when that changes.
    """
    if media_type in _READ_BY_OPTIONS:
        return _READ_BY_OPTIONS[media_type](options)
    return (code.READER if language_of(media_type) else _READERS.get(media_type, plain.READER),)


def read(source: SourceFile, options: ReadingOptions = DEFAULTS, on_page: OnPage = ignore) -> Document:
    """Read a file with the reader of its media type.

    ``on_page`` is told of every page of a file that has pages.

    Raises:
        UnreadableFile: with the reason why it cannot become a document.
    """
    reader = _BY_LOCATION.get(source.media_type)
    data = _load(source, SIGNATURE_BYTES if reader else source.size + 1)
    check_signature(source.media_type, data[:SIGNATURE_BYTES])
    if reader:
        return _with_text(_storable(reader(source.location, options, on_page)))
    if len(data) != source.size:
        raise UnreadableFile("changed", "the file was written while it was read")
    return _read_decoded(decode(data), source.path, source.media_type)


def read_text(text: str, path: str) -> Document:
    """Read text that is already decoded; the ending of ``path`` picks Markdown, code or plain.

    Raises:
        UnreadableFile: ``empty`` or ``no_text``.
    """
    if not text:
        raise UnreadableFile("empty", "holds no characters")
    return _read_decoded(text, path, media_type_of(PurePath(path)) or "")


def _load(source: SourceFile, limit: int) -> bytes:
    """At most ``limit`` bytes. Whatever has taken the file's place since discovery never blocks."""
    try:
        descriptor = os.open(source.location, _FLAGS)
        with open(descriptor, "rb") as file:  # noqa: PTH123 — a descriptor has no path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableFile("special_file", "a pipe, socket or device")
            data = file.read(limit)
    except FileNotFoundError:
        raise UnreadableFile("changed", "the file is gone") from None
    except OSError as error:
        raise UnreadableFile("unreadable", error.strerror or type(error).__name__) from error
    if not data:
        raise UnreadableFile("empty", "holds no bytes")
    return data


def _read_decoded(text: str, path: str, media_type: str) -> Document:
    text = _UNSTORABLE.sub(_REPLACEMENT, text)
    language = language_of(media_type)
    if language:
        return _with_text(code.read_code(text, path, language))
    if media_type == MARKDOWN:
        return _with_text(markdown.read_markdown(text, path))
    return _with_text(plain.read_plain(text, path))


def _with_text(document: Document) -> Document:
    if not document.text or document.text.isspace():
        raise UnreadableFile("no_text", "holds nothing but white space")
    return document


def _storable(document: Document) -> Document:
    """Some PDFs and web pages spell characters that Unicode text may not hold."""
    if not _UNSTORABLE.search(document.text) and not _UNSTORABLE.search(document.title):
        return document
    text = _UNSTORABLE.sub(_REPLACEMENT, document.text)
    return replace(
        document,
        text=text,
        title=_UNSTORABLE.sub(_REPLACEMENT, document.title),
        elements=tuple(replace(each, text=text[each.start : each.end]) for each in document.elements),
    )

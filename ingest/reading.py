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
    CSV,
    DOC,
    DOCX,
    EPUB,
    HTML,
    MARKDOWN,
    ODP,
    ODS,
    ODT,
    ORG,
    PDF,
    PPT,
    PPTX,
    RTF,
    SIGNATURE_BYTES,
    XLS,
    XLSX,
    check_signature,
    language_of,
    media_type_of,
)
from ingest.readers import (
    code,
    epub,
    markdown,
    odf,
    office,
    old_office,
    org,
    pdf,
    plain,
    rtf,
    separated,
    slides,
    workbook,
)
from ingest.readers.decoding import decode
from ingest.readers.options import ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingest.model import Document, SourceFile

_BY_LOCATION: Mapping[str, Callable[[Path, ReadingOptions], Document]] = {
    PDF: lambda location, _: pdf.read_pdf(location),
    DOCX: lambda location, _: office.read_docx(location),
    HTML: lambda location, _: office.read_html(location),
    PPTX: lambda location, _: slides.read_pptx(location),
    XLSX: lambda location, _: workbook.read_xlsx(location),
    DOC: lambda location, _: old_office.read_doc(location),
    PPT: lambda location, _: old_office.read_ppt(location),
    XLS: lambda location, _: old_office.read_xls(location),
    ODT: lambda location, _: odf.read_odt(location),
    ODS: lambda location, _: odf.read_ods(location),
    ODP: lambda location, _: odf.read_odp(location),
    EPUB: lambda location, _: epub.read_epub(location),
    RTF: lambda location, _: rtf.read_rtf(location),
}
_BY_TEXT: Mapping[str, Callable[[str, str], Document]] = {
    MARKDOWN: markdown.read_markdown,
    CSV: separated.read_separated,
    ORG: org.read_org,
}
_READERS: Mapping[str, str] = {
    PDF: pdf.READER,
    DOCX: office.DOCX_READER,
    HTML: office.HTML_READER,
    MARKDOWN: markdown.READER,
    PPTX: slides.READER,
    XLSX: workbook.READER,
    ODT: odf.ODT_READER,
    ODS: odf.ODS_READER,
    ODP: odf.ODP_READER,
    EPUB: epub.READER,
    RTF: rtf.READER,
    CSV: separated.READER,
    ORG: org.READER,
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
    del options
    if media_type in old_office.READERS:
        return old_office.READERS[media_type]
    return (code.READER if language_of(media_type) else _READERS.get(media_type, plain.READER),)


def read(source: SourceFile, options: ReadingOptions = DEFAULTS) -> Document:
    """Read a file with the reader of its media type.

    Raises:
        UnreadableFile: with the reason why it cannot become a document.
    """
    reader = _BY_LOCATION.get(source.media_type)
    data = _load(source, SIGNATURE_BYTES if reader else source.size + 1)
    check_signature(source.media_type, data[:SIGNATURE_BYTES])
    if reader:
        return _with_text(_storable(reader(source.location, options)))
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
    return _with_text(_BY_TEXT.get(media_type, plain.read_plain)(text, path))


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

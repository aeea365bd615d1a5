"""One file in, one document out: the right reader for each media type."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.elements import Elements
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
from ingest.opening import check_unchanged, opened
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
from ingest.readers.decoding import decode_file
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
_BY_TEXT: Mapping[str, Callable[[str, str, Callable[[int, int], None]], Document]] = {
    MARKDOWN: markdown.read_markdown,
    CSV: lambda text, path, _: separated.read_separated(text, path),
    ORG: lambda text, path, _: org.read_org(text, path),
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
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


DEFAULTS = ReadingOptions()


def _ignore(_done: int, _total: int) -> None:
    """Nobody wants to know how far a file is read."""


def readers_of(media_type: str, options: ReadingOptions = DEFAULTS) -> tuple[str, ...]:
    """What ``Document.reader`` may say after ``read``; whatever else a document says makes it stale.

    The first is kept with a file that fails: the file is tried again when that changes.
    """
    del options
    if media_type in old_office.READERS:
        return old_office.READERS[media_type]
    return (code.READER if language_of(media_type) else _READERS.get(media_type, plain.READER),)


def read(
    source: SourceFile, options: ReadingOptions = DEFAULTS, on_page: Callable[[int, int], None] = _ignore
) -> Document:
    """Read a file with the reader of its media type.

    Args:
        source: what discovery found.
        options: choices of the user.
        on_page: told how many parts are read, and of how many.

    Raises:
        UnreadableFile: with the reason why it cannot become a document.
    """
    reader = _BY_LOCATION.get(source.media_type)
    with opened(source) as file:
        check_signature(source.media_type, file.read(SIGNATURE_BYTES))
        if reader is None:
            file.seek(0)
            text = decode_file(file, source.size)
            check_unchanged(file, source)
            return _read_decoded(text, source.path, source.media_type, on_page)
    return _with_text(_storable(reader(source.location, options)))


def read_text(text: str, path: str) -> Document:
    """Read text that is already decoded; the ending of ``path`` picks Markdown, code or plain.

    Raises:
        UnreadableFile: ``empty`` or ``no_text``.
    """
    if not text:
        raise UnreadableFile("empty", "holds no characters")
    return _read_decoded(text, path, media_type_of(PurePath(path)) or "")


def _read_decoded(
    text: str, path: str, media_type: str, on_page: Callable[[int, int], None] = _ignore
) -> Document:
    text = _UNSTORABLE.sub(_REPLACEMENT, text)
    language = language_of(media_type)
    if language:
        return _with_text(code.read_code(text, path, language))
    return _with_text(_BY_TEXT.get(media_type, plain.read_plain)(text, path, on_page))


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
        elements=Elements(text, Elements.of(document.elements, document.text).columns),
    )

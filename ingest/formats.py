"""Which reader reads what: one line for each format."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest import media
from ingest.readers import (
    code,
    epub,
    images,
    markdown,
    notebook,
    odf,
    office,
    old_office,
    org,
    pdf,
    plain,
    rtf,
    separated,
    slides,
    structured,
    workbook,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingest.model import Document
    from ingest.readers.options import ReadingOptions
    from ingest.readers.progress import OnPage

    ReadFile = Callable[[Path, ReadingOptions, OnPage], Document]
    ReadText = Callable[[str, str, str, OnPage], Document]
    Names = Callable[[ReadingOptions], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format whose reader opens the file itself."""

    read: ReadFile
    names: Names
    """What ``Document.reader`` may say; the first is kept with a file that fails."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A format of characters; ``read`` is given the text, its path, its media type and a listener."""

    read: ReadText
    name: str


def _file(read: Callable[[Path], Document], *names: str) -> FileFormat:
    return FileFormat(lambda location, _, __: read(location), lambda _: names)


FILES: Mapping[str, FileFormat] = MappingProxyType(
    {
        media.PDF: FileFormat(pdf.read_pdf, pdf.readers),
        **dict.fromkeys(media.IMAGES, FileFormat(images.read_image, images.readers)),
        media.DOCX: _file(office.read_docx, office.DOCX_READER),
        media.HTML: _file(office.read_html, office.HTML_READER),
        media.PPTX: _file(slides.read_pptx, slides.READER),
        media.XLSX: _file(workbook.read_xlsx, workbook.READER),
        media.DOC: _file(old_office.read_doc, *old_office.READERS[media.DOC]),
        media.PPT: _file(old_office.read_ppt, *old_office.READERS[media.PPT]),
        media.XLS: _file(old_office.read_xls, *old_office.READERS[media.XLS]),
        media.ODT: _file(odf.read_odt, odf.ODT_READER),
        media.ODS: _file(odf.read_ods, odf.ODS_READER),
        media.ODP: _file(odf.read_odp, odf.ODP_READER),
        media.EPUB: _file(epub.read_epub, epub.READER),
        media.RTF: _file(rtf.read_rtf, rtf.READER),
    }
)
"""By media type; mail, which holds files of every other format, is not among them."""

_PLAIN = TextFormat(lambda text, path, _, on_page: plain.read_plain(text, path, on_page), plain.READER)
_TEXTS: Mapping[str, TextFormat] = MappingProxyType(
    {
        media.MARKDOWN: TextFormat(
            lambda text, path, _, on_page: markdown.read_markdown(text, path, on_page), markdown.READER
        ),
        media.CSV: TextFormat(
            lambda text, path, _, __: separated.read_separated(text, path), separated.READER
        ),
        media.ORG: TextFormat(lambda text, path, _, __: org.read_org(text, path), org.READER),
        media.NOTEBOOK: TextFormat(
            lambda text, path, _, __: notebook.read_notebook(text, path), notebook.READER
        ),
        **dict.fromkeys(
            structured.FORMATS,
            TextFormat(
                lambda text, path, media_type, _: structured.read_structured(text, path, media_type),
                structured.READER,
            ),
        ),
    }
)
_CODE = TextFormat(
    lambda text, path, media_type, _: code.read_code(text, path, media.language_of(media_type) or ""),
    code.READER,
)
CODE_AS_TEXT = f"{code.READER} as {plain.READER}"
"""What ``Document.reader`` says of a program that the reader of programs did not survive."""


def text_format(media_type: str) -> TextFormat:
    """The format of a text; what nobody knows is plain."""
    return _CODE if media.language_of(media_type) else _TEXTS.get(media_type, _PLAIN)

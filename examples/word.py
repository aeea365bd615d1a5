"""Contracts as DOCX, through python-docx: Word's own heading and list styles, real tables, fixed dates."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from markup import Centred, Contents, Heading, Item, PageBreak, Paragraph, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docx.document import Document as WordDocument
    from markup import Block

WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
ZIP_DATE = (2025, 1, 1, 0, 0, 0)


def write_docx(blocks: Sequence[Block], running_head: str, language: str) -> bytes:
    """The document as DOCX; ``language`` is a tag such as ``en-GB``."""
    document = Document()
    _set_up(document, next(block.text for block in blocks if isinstance(block, Heading)), language)
    document.sections[0].header.paragraphs[0].text = running_head
    for block in blocks:
        _add(document, block, blocks)
    target = io.BytesIO()
    document.save(target)
    return _with_fixed_dates(target.getvalue())


def _set_up(document: WordDocument, title: str, language: str) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.language = title, "Lectern examples", language
    properties.comments, properties.last_modified_by = "", "Lectern examples"
    properties.created = properties.modified = WRITTEN
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    font = document.styles["Normal"].font
    font.name, font.size = "Times New Roman", Pt(11)
    fonts = document.styles["Normal"].element.rPr.rFonts
    for script in ("w:cs", "w:eastAsia"):
        fonts.set(qn(script), "Times New Roman")


def _add(document: WordDocument, block: Block, blocks: Sequence[Block]) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(text, level)
        case Centred(text):
            document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.CENTER
        case Paragraph(text):
            document.add_paragraph(text)
        case Item(mark, text):
            indent = document.add_paragraph(f"{mark} {text}").paragraph_format
            indent.left_indent, indent.first_line_indent = Mm(10), Mm(-7)
        case Table(rows):
            _add_table(document, rows)
        case PageBreak():
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        case Contents():
            document.add_paragraph("TABLE OF CONTENTS").alignment = WD_ALIGN_PARAGRAPH.CENTER
            for heading in blocks:
                if isinstance(heading, Heading) and heading.level == 1:
                    document.add_paragraph(heading.text)


def _add_table(document: WordDocument, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text


def _with_fixed_dates(package: bytes) -> bytes:
    """The same members with one date."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(target, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            new.writestr(entry, old.read(name), compresslevel=9)
    return target.getvalue()

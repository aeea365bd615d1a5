"""Contracts as A4 pages, through reportlab: standard fonts, nothing embedded, the same bytes each time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from markup import Centred, Contents, Heading, Item, PageBreak, Paragraph, Table
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import PageBreak as NextPage
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid
from reportlab.platypus.tableofcontents import TableOfContents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markup import Block
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable

MARGIN = 27 * mm
WIDTH = A4[0] - 2 * MARGIN

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15, spaceAfter=7)
ITEM = ParagraphStyle("item", BODY, leftIndent=26, bulletIndent=6)
CELL = ParagraphStyle("cell", BODY, fontSize=9.5, leading=12, spaceAfter=0)
HEAD = ParagraphStyle("head", CELL, fontName="Times-Bold")
CENTRED = ParagraphStyle("centred", BODY, alignment=TA_CENTER, spaceBefore=12, spaceAfter=12)
ENTRY = ParagraphStyle("entry", BODY, spaceAfter=3, rightIndent=20)
HEADINGS = (
    ParagraphStyle("title", CENTRED, fontName="Times-Bold", fontSize=20, leading=26, spaceBefore=60),
    ParagraphStyle(
        "article", BODY, fontName="Times-Bold", fontSize=13, leading=17, spaceBefore=14, keepWithNext=1
    ),
    ParagraphStyle("section", BODY, fontName="Times-Bold", spaceBefore=6, spaceAfter=4, keepWithNext=1),
)
LINES = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)


class Pages(BaseDocTemplate):
    """A4 pages with a running head and foot; headings of level 1 enter the table of contents."""

    def __init__(self, target: io.BytesIO, title: str, running_head: str) -> None:
        # Left uncompressed, the bytes do not depend on which zlib Python was built with.
        super().__init__(
            target, pagesize=A4, title=title, author="Lectern examples", invariant=1, pageCompression=0
        )
        self.running_head = running_head
        frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN, id="page", leftPadding=0, rightPadding=0)
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._decorate))

    def _decorate(self, canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.setFont("Times-Italic", 9)
        canvas.drawString(MARGIN, A4[1] - 16 * mm, self.running_head)
        canvas.drawCentredString(A4[0] / 2, 14 * mm, f"Page {canvas.getPageNumber()}")

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 — the hook's name in reportlab
        if isinstance(flowable, Text) and flowable.style.name == "article":
            text, key = flowable.getPlainText(), f"heading-{self.page}-{self.frame._y:.0f}"  # noqa: SLF001 — the only unique place
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(text, key)
            self.notify("TOCEntry", (0, escape(text), self.page, key))


def write_pdf(blocks: Sequence[Block], running_head: str) -> bytes:
    """The document as PDF; ``running_head`` stands on every page."""
    target = io.BytesIO()
    title = next(block.text for block in blocks if isinstance(block, Heading))
    story = [flowable for block in blocks for flowable in _flowables(block)]
    Pages(target, title, running_head).multiBuild(story)
    return target.getvalue()


def _flowables(block: Block) -> list[Flowable]:  # noqa: PLR0911 — one return for each kind of block
    match block:
        case Heading(level, text):
            return [Text(escape(text), HEADINGS[level])]
        case Centred(text):
            return [Text(escape(text), CENTRED)]
        case Paragraph(text):
            return [Text(escape(text), BODY)]
        case Item(mark, text):
            return [Text(escape(text), ITEM, bulletText=mark)]
        case Table(rows):
            return [_grid(rows), Spacer(0, 9)]
        case PageBreak():
            return [NextPage()]
        case Contents():
            contents = TableOfContents()
            contents.levelStyles = [ENTRY]
            contents.dotsMinLevel = 0
            return [Text("TABLE OF CONTENTS", CENTRED), contents]


def _grid(rows: tuple[tuple[str, ...], ...]) -> Grid:
    cells = [
        [Text(escape(cell), CELL if number else HEAD) for cell in row] for number, row in enumerate(rows)
    ]
    return Grid(cells, colWidths=_widths(rows), repeatRows=1, style=LINES)


def _widths(rows: tuple[tuple[str, ...], ...]) -> list[float]:
    """Columns as wide as their longest cell asks, between 8 and 34 characters."""
    wanted = [min(34, max(8, *(len(cell) for cell in column))) for column in zip(*rows, strict=True)]
    return [WIDTH * share / sum(wanted) for share in wanted]

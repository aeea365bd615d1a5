"""Authored documents in the formats that Lectern reads, each by a writer of its own."""

# ruff: noqa: E501 — markup reads best unbroken

from __future__ import annotations

import csv
import io
import json
from email.message import EmailMessage
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import docx
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from tests.fakes.authored import words_of
from tests.fakes.packages import write_odf, write_open_xml, write_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reportlab.platypus import Flowable

    from tests.fakes.authored import Block

    Write = Callable[[Path, list[Block]], object]

_NAMES = 'xmlns:p="p" xmlns:a="a" xmlns:r="r"'


def as_text(blocks: list[Block]) -> str:
    """Paragraphs with empty lines between."""
    return "\n\n".join(block.text for block in blocks) + "\n"


def _encoded(encoding: str) -> Write:
    return lambda location, blocks: location.write_bytes(as_text(blocks).encode(encoding))


def write_markdown(location: Path, blocks: list[Block]) -> None:
    shaped = {"heading": "## {}", "clause": "4.2 {}", "paragraph": "{}", "item": "- {}"}
    parts: list[str] = []
    for block in blocks:
        if block.kind == "table":
            rows = ["| " + " | ".join(row) + " |" for row in block.rows]
            parts.append("\n".join((rows[0], "|---" * len(block.rows[0]) + "|", *rows[1:])))
        elif block.kind == "code":
            parts.append(f"~~~~~\n{block.text}\n~~~~~")
        else:
            parts.append(shaped[block.kind].format(block.text))
    location.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def web_page(blocks: list[Block]) -> str:
    tags = {"heading": "h2", "clause": "p", "paragraph": "p", "item": "li", "code": "pre"}
    parts: list[str] = []
    for block in blocks:
        if block.kind == "table":
            rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in block.rows)
            parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        else:
            tag = tags[block.kind]
            body = f"<{tag}>{escape(block.text)}</{tag}>"
            parts.append(f"<ul>{body}</ul>" if tag == "li" else body)
    return f'<html><head><meta charset="utf-8"/></head><body>{"".join(parts)}</body></html>'


def write_html(location: Path, blocks: list[Block]) -> None:
    location.write_text(web_page(blocks), encoding="utf-8")


def write_docx(location: Path, blocks: list[Block]) -> None:
    document = docx.Document()
    for block in blocks:
        if block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]))
            for shown, row in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(shown.cells, row, strict=True):
                    cell.text = text
        else:
            style = {"heading": "Heading 2", "item": "List Bullet"}.get(block.kind, "Normal")
            document.add_paragraph(block.text, style)
    document.save(str(location))


def write_pptx(location: Path, blocks: list[Block]) -> None:
    def paragraph(text: str) -> str:
        return f"<a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p>"

    body = "".join(paragraph(line) for block in blocks for line in block.lines)
    slide = f"<p:sld {_NAMES}><p:cSld><p:spTree><p:sp><p:txBody>{body}</p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    main = "ppt/presentation.xml"
    parts = {
        main: f'<p:presentation {_NAMES}><p:sldIdLst><p:sldId id="1" r:id="rId1"/></p:sldIdLst></p:presentation>',
        "ppt/slides/slide1.xml": slide,
    }
    write_open_xml(location, main, parts, {main: [("slide", "ppt/slides/slide1.xml")]})


def write_xlsx(location: Path, blocks: list[Block]) -> None:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'

    rows = (row if block.kind == "table" else (" ".join(row),) for block in blocks for row in block.rows)
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "xl/workbook.xml"
    parts = {
        main: f'<workbook {_NAMES}><sheets><sheet name="Sheet" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/s.xml": f"<worksheet><sheetData>{body}</sheetData></worksheet>",
    }
    write_open_xml(location, main, parts, {main: [("worksheet", "xl/worksheets/s.xml")]})


def write_odt(location: Path, blocks: list[Block]) -> None:
    parts: list[str] = []
    for block in blocks:
        paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in block.lines)
        if block.kind == "heading":
            parts.append(f'<text:h text:outline-level="2">{escape(block.text)}</text:h>')
        elif block.kind == "item":
            parts.append(f"<text:list><text:list-item>{paragraphs}</text:list-item></text:list>")
        elif block.kind == "table":
            rows = (
                "".join(
                    f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in row
                )
                for row in block.rows
            )
            parts.append(
                f"<table:table>{''.join(f'<table:table-row>{row}</table:table-row>' for row in rows)}</table:table>"
            )
        else:
            parts.append(paragraphs)
    write_odf(location, "text", "".join(parts))


def write_epub(location: Path, blocks: list[Block]) -> None:
    write_package(
        location,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="book.opf"/></container>',
            "book.opf": '<package><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><itemref idref="a"/></package>',
            "a.xhtml": web_page(blocks),
        },
    )


def write_rtf(location: Path, blocks: list[Block]) -> None:
    def spelled(text: str) -> str:
        units = text.encode("utf-16-le")
        codes = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
        return "".join(
            f"\\u{code - 65536 if code > 0x7FFF else code}?"  # a signed number
            if code > 0x7E or chr(code) in "\\{}"
            else chr(code)
            for code in codes
        )

    body = "".join(f"\\pard {spelled(line)}\\par\n" for block in blocks for line in block.lines)
    location.write_text("{\\rtf1\\ansi\n" + body + "}", encoding="ascii")


def write_csv(location: Path, blocks: list[Block]) -> None:
    with location.open("w", encoding="utf-8", newline="") as file:
        rows = (
            row if block.kind == "table" else (" ".join(row), "") for block in blocks for row in block.rows
        )
        csv.writer(file).writerows(rows)


def write_eml(location: Path, blocks: list[Block]) -> None:
    """The first block is the subject, half of the others the body, the rest an attachment."""
    message = EmailMessage()
    message["Subject"] = blocks[0].text
    middle = (len(blocks) + 1) // 2
    message.set_content(as_text(blocks[1:middle]) if middle > 1 else "Enclosed.")
    message.add_attachment(as_text(blocks[middle:]), filename="rest.txt")
    location.write_bytes(message.as_bytes())


def write_notebook(location: Path, blocks: list[Block]) -> None:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "source": block.text, "outputs": []}
        if block.kind == "code"
        else {"cell_type": "markdown", "source": block.text}
        for block in blocks
    ]
    location.write_text(json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}), encoding="utf-8")


def write_json(location: Path, blocks: list[Block]) -> None:
    """Strings without escapes, of which the text holds every character as it stands."""
    parts = [{"kind": block.kind, "words": list(words_of([block]))} for block in blocks]
    location.write_text(json.dumps(parts, ensure_ascii=False, indent=1), encoding="utf-8")


def write_yaml(location: Path, blocks: list[Block]) -> None:
    lines = [f"  - '{line}'" for block in blocks for line in block.lines]
    location.write_text("words:\n" + "\n".join(lines) + "\n", encoding="utf-8")


def write_xml(location: Path, blocks: list[Block]) -> None:
    body = "".join(f"<{block.kind}><![CDATA[{block.text}]]></{block.kind}>\n" for block in blocks)
    location.write_text(f"<document>\n{body}</document>\n", encoding="utf-8")


def write_org(location: Path, blocks: list[Block]) -> None:
    shaped = {"heading": "* {}", "item": "- {}", "code": "#+begin_src\n{}\n#+end_src"}
    parts = (shaped.get(block.kind, "{}").format(block.text) for block in blocks)
    location.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_pdf(location: Path, blocks: list[Block]) -> None:
    """Only Latin words: what a PDF's own fonts show."""
    styles = getSampleStyleSheet()
    story: list[Flowable] = [
        Paragraph(escape(line), styles["Heading2" if block.kind == "heading" else "Normal"])
        for block in blocks
        for line in block.lines
    ]
    written = io.BytesIO()
    SimpleDocTemplate(written, invariant=1).build(story)
    location.write_bytes(written.getvalue())


WRITERS: Mapping[str, Write] = {
    "utf-8.txt": _encoded("utf-8"),
    "mark.txt": _encoded("utf-8-sig"),
    "utf-16.txt": _encoded("utf-16"),
    "utf-32.txt": _encoded("utf-32"),
    "a.rst": _encoded("utf-8"),
    "a.py": _encoded("utf-8"),
    "a.css": _encoded("utf-8"),
    "a.md": write_markdown,
    "a.html": write_html,
    "a.docx": write_docx,
    "a.pptx": write_pptx,
    "a.xlsx": write_xlsx,
    "a.odt": write_odt,
    "a.epub": write_epub,
    "a.rtf": write_rtf,
    "a.csv": write_csv,
    "a.eml": write_eml,
    "a.ipynb": write_notebook,
    "a.json": write_json,
    "a.yaml": write_yaml,
    "a.xml": write_xml,
    "a.org": write_org,
    "a.pdf": write_pdf,
}
"""By the name of the file."""

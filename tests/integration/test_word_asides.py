"""What is anchored in a Word document's paragraphs and printed elsewhere."""

# ruff: noqa: E501 — markup reads best unbroken

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import docx

from ingest.readers.office import read_docx
from tests.fakes.packages import write_package
from tests.properties import check_document, shape

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import Document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def written(
    tmp_path: Path, body: str, notes: dict[str, str] | None = None, **texts: tuple[str, str]
) -> Document:
    """A document of python-docx with another body and further parts."""
    docx.Document().save(str(tmp_path / "blank.docx"))
    with zipfile.ZipFile(tmp_path / "blank.docx") as package:
        parts: dict[str, str | bytes] = {name: package.read(name) for name in package.namelist()}
    parts["word/document.xml"] = (
        f'<w:document xmlns:w="{W}" xmlns:m="{M}" xmlns:mc="{MC}"><w:body>{body}</w:body></w:document>'
    )
    for name, content in (notes or {}).items():
        parts[f"word/{name}.xml"] = f'<w:{name} xmlns:w="{W}">{content}</w:{name}>'
    for name, (old, new) in texts.items():
        place = "[Content_Types].xml" if name == "types" else name
        before = parts[place]
        assert isinstance(before, bytes)
        parts[place] = before.decode().replace(old, new)
    document = read_docx(write_package(tmp_path / "contract.docx", parts))
    check_document(document)
    return document


def test_notes_and_comments_follow_their_paragraph(tmp_path: Path) -> None:
    document = written(
        tmp_path,
        paragraph(run("The fee"), '<w:r><w:footnoteReference w:id="7"/></w:r>', run(" is due."))
        + paragraph(run("Later"), '<w:r><w:endnoteReference w:id="2"/></w:r>', run(" words."))
        + paragraph(run("Agreed."), '<w:r><w:commentReference w:id="0"/></w:r>')
        + paragraph(run("Lost"), '<w:r><w:footnoteReference w:id="99"/></w:r>'),
        {
            "footnotes": f'<w:footnote w:id="0">{paragraph(run("separator"))}</w:footnote><w:footnote w:id="7">'
            f"{paragraph('<w:r><w:footnoteRef/></w:r>', run('Net of'), '<w:r><w:tab/></w:r>', run('tax.'))}"
            f"{paragraph(run('In euros.'))}</w:footnote>",
            "endnotes": f'<w:endnote w:id="2">{paragraph(run("See Annex 1."))}</w:endnote>',
            "comments": f'<w:comment w:id="0" w:author="Ann Lee">{paragraph(run("Really?"))}</w:comment>',
        },
    )
    assert document.text.split("\n\n") == [
        "The fee[1] is due.",
        "[1] Net of\ttax.",
        "In euros.",
        "Later[endnote 1] words.",
        "[endnote 1] See Annex 1.",
        "Agreed.",
        "Comment by Ann Lee: Really?",
        "Lost[2]",
    ]


def test_text_boxes_follow_their_paragraph_and_are_read_once(tmp_path: Path) -> None:
    inner = f"<w:txbxContent>{paragraph(run('Inner box.'))}</w:txbxContent>"
    table = f"<w:tbl><w:tr><w:tc>{paragraph(run('A cell'))}</w:tc></w:tr></w:tbl>"
    box = f"<w:txbxContent>{paragraph(run('In a box.'), f'<w:r>{inner}</w:r>')}{table}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    document = written(tmp_path, paragraph(run("Before."), f"<w:r>{both}</w:r>") + paragraph(run("After.")))
    assert document.text.split("\n\n") == ["Before.", "In a box.", "Inner box.", "A cell", "After."]


def test_formulas_stand_in_their_sentence(tmp_path: Path) -> None:
    def text(signs: str) -> str:
        return f"<m:r><m:t>{signs}</m:t></m:r>"

    fraction = f"<m:f><m:num>{text('a+b')}</m:num><m:den>{text('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{text('x')}</m:e><m:sup>{text('10')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e><m:d>{text('y')}</m:d></m:e></m:rad>"
    document = written(
        tmp_path,
        paragraph(run("Interest is "), f"<m:oMath>{fraction}{text('=')}{power}</m:oMath>", run(" per year."))
        + paragraph(f"<m:oMathPara><m:oMath>{root}</m:oMath></m:oMathPara>"),
    )
    assert document.text == "Interest is (a+b)/2=x^(10) per year.\n\n√(y)"


def test_documents_with_macros_and_templates_are_read(tmp_path: Path) -> None:
    usual = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    for other in (
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    ):
        document = written(tmp_path, paragraph(run("Only words.")), types=(usual, other))
        assert shape(document) == [("paragraph", None, "Only words.")]

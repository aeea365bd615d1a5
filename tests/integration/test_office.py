"""Word and web documents through the real parser, without a model and without a network."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers import package
from ingest.readers.office import read_docx, read_html
from tests.properties import check_document, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.model import Document

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Ignored: a heading comes first"
    document.add_heading("Services Agreement", 1)
    document.add_paragraph("The Customer shall pay the fees within thirty days.")
    document.add_heading("Fees", 2)
    document.add_paragraph("4.2 Payment Terms")
    document.add_paragraph("licences", style="List Bullet")
    document.add_paragraph("support", style="List Bullet 2")
    table = document.add_table(2, 2)
    for i, text in enumerate(["Item", "Price, $", "Seat < 5", "1,200.00"]):
        table.cell(i // 2, i % 2).text = text
    document.add_paragraph("Статья 5. Предмет договора")
    document.save(str(tmp_path / "contract.docx"))
    return tmp_path / "contract.docx"


def repacked(source: Path, parts: dict[str, bytes]) -> Path:
    """Copy a package with some of its parts replaced."""
    target = source.with_name("repacked.docx")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *parts}:
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return target


def refusal(read: Callable[[Path], Document], location: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(location)
    return caught.value.reason


def test_a_word_document_falls_into_its_elements(contract: Path) -> None:
    document = read_docx(contract)
    assert shape(document) == [
        ("heading", 1, "Services Agreement"),
        ("paragraph", None, "The Customer shall pay the fees within thirty days."),
        ("heading", 2, "Fees"),
        ("heading", None, "4.2 Payment Terms"),
        ("list_item", 1, "licences"),
        ("list_item", 2, "support"),
        ("table", None, "Item | Price, $\nSeat < 5 | 1,200.00"),
        ("heading", None, "Статья 5. Предмет договора"),
    ]
    check_document(document)
    assert (document.title, document.pages, document.reader) == ("Services Agreement", (), "docx/2")


def test_automatic_numbers_stand_in_the_text(tmp_path: Path) -> None:
    word = docx.Document()
    for text in ("Term", "Fees"):
        word.add_heading(text, 1)
    word.save(str(tmp_path / "numbered.docx"))
    with zipfile.ZipFile(tmp_path / "numbered.docx") as archive:
        body = archive.read("word/document.xml")
    style = b'<w:pStyle w:val="Heading1"/>'
    number = b'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="9"/></w:numPr>'  # decimal in the default template
    numbered = repacked(
        tmp_path / "numbered.docx", {"word/document.xml": body.replace(style, style + number)}
    )
    assert shape(read_docx(numbered)) == [("heading", 1, "1. Term"), ("heading", 1, "2. Fees")]


RUN = "<w:r><w:t>{}</w:t></w:r>"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (f'<w:ins w:id="1" w:author="A &gt; B">{RUN}</w:ins>', "due in ten days"),
        (f'<w:moveTo w:id="1">{RUN}</w:moveTo>', "due in ten days"),
        (f'<w:smartTag w:element="d">{RUN}</w:smartTag>', "due in ten days"),
        (
            f"<w:sdt><w:sdtPr><w:id w:val='1'/></w:sdtPr><w:sdtContent>{RUN}</w:sdtContent></w:sdt>",
            "due in ten days",
        ),
        (f'<w:fldSimple w:instr=" REF x ">{RUN}</w:fldSimple>', "due in ten days"),
        (f'<w:hyperlink w:anchor="a">{RUN}</w:hyperlink>', "due in ten days"),
        ("<w:del w:id='1'><w:r><w:delText>ten </w:delText></w:r></w:del>", "due in days"),
        (f"<w:moveFrom w:id='1'>{RUN}</w:moveFrom>", "due in days"),
    ],
)
def test_words_inside_wrappers_are_kept_and_deleted_ones_are_not(
    tmp_path: Path, markup: str, words: str
) -> None:
    word = docx.Document()
    word.add_paragraph("").add_run("due in MARK")
    word.save(str(tmp_path / "plain.docx"))
    with zipfile.ZipFile(tmp_path / "plain.docx") as archive:
        body = archive.read("word/document.xml").decode()
    space = '<w:t xml:space="preserve">'
    wrapped = markup.format("ten ").replace("<w:t>", space)
    body = body.replace(
        "<w:t>due in MARK</w:t></w:r>", f"{space}due in </w:t></w:r>{wrapped}{RUN.format('days')}"
    )
    assert read_docx(repacked(tmp_path / "plain.docx", {"word/document.xml": body.encode()})).text == words


def test_a_content_control_around_a_paragraph_keeps_it(contract: Path) -> None:
    with zipfile.ZipFile(contract) as archive:
        body = archive.read("word/document.xml")
    control = b"<w:sdt><w:sdtContent><w:p><w:r><w:t>First of all.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    location = repacked(contract, {"word/document.xml": body.replace(b"<w:body>", b"<w:body>" + control)})
    assert read_docx(location).text.startswith("First of all.\n\nServices Agreement")


def test_a_title_comes_from_the_properties_or_the_name(tmp_path: Path) -> None:
    word = docx.Document()
    word.core_properties.title = "Terms &  Conditions"
    word.add_paragraph("Only words stand in this document.")
    word.save(str(tmp_path / "terms.v2.docx"))
    assert read_docx(tmp_path / "terms.v2.docx").title == "Terms & Conditions"
    word.core_properties.title = ""
    word.save(str(tmp_path / "terms.v2.docx"))
    assert read_docx(tmp_path / "terms.v2.docx").title == "terms.v2"


def test_bytes_that_are_no_word_document_are_refused_by_name(contract: Path, tmp_path: Path) -> None:
    whole = contract.read_bytes()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    cases = {
        "empty": b"",
        "wrong_extension": b"%PDF-1.7",
        "encrypted": ole + bytes(70_000) + "EncryptedPackage".encode("utf-16-le"),
        "broken": whole[: len(whole) // 2],
    }
    for reason, data in cases.items():
        (tmp_path / "case.docx").write_bytes(data)
        assert refusal(read_docx, tmp_path / "case.docx") == reason
    (tmp_path / "case.docx").write_bytes(ole + bytes(512))
    assert refusal(read_docx, tmp_path / "case.docx") == "wrong_extension"


def test_other_archives_are_refused(tmp_path: Path) -> None:
    for names in (["a.txt"], ["[Content_Types].xml", "xl/workbook.xml"]):
        with zipfile.ZipFile(tmp_path / "case.docx", "w") as archive:
            for name in names:
                archive.writestr(name, "<a/>")
        assert refusal(read_docx, tmp_path / "case.docx") == "wrong_extension"


def test_a_package_without_words_is_refused(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "blank.docx"))
    assert refusal(read_docx, tmp_path / "blank.docx") == "no_text"


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "word/styles.xml"])
def test_a_damaged_part_is_refused(contract: Path, part: str) -> None:
    assert refusal(read_docx, repacked(contract, {part: b"<w:document"})) == "broken"


def test_an_entity_bomb_is_refused(contract: Path) -> None:
    bomb = b'<?xml version="1.0"?>%s<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    assert refusal(read_docx, repacked(contract, {"word/document.xml": bomb % b""})) == "broken"
    late = bomb % (b"<!--" + b"x" * 200_000 + b"-->")
    assert refusal(read_docx, repacked(contract, {"word/styles.xml": late})) == "broken"
    wide = (bomb % b"").decode().encode("utf-16")
    assert refusal(read_docx, repacked(contract, {"word/numbering.xml": wide})) == "broken"


def test_a_package_that_unpacks_too_far_is_refused(contract: Path) -> None:
    assert refusal(read_docx, repacked(contract, {"word/media/a.bin": bytes(2 << 20)})) == "unpacks_too_large"
    with zipfile.ZipFile(contract, "a", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("word/media/b.bin")
        archive.writestr(info, b"x")
        info.file_size = package.LARGEST + 1  # the directory is written at the end, with this lie
    assert refusal(read_docx, contract) == "unpacks_too_large"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_package_with_a_changed_byte_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    word = docx.Document()
    word.add_heading("Agreement", 1)
    buffer = io.BytesIO()
    word.save(buffer)
    body = bytearray(buffer.getvalue())
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    location = tmp_path_factory.mktemp("package") / "changed.docx"
    location.write_bytes(body)
    try:
        check_document(read_docx(location))
    except UnreadableFile as refused:
        assert refused.detail  # noqa: PT017 — either outcome is right, a bare exception is not


PAGE = """<?xml version="1.0" encoding="windows-1251"?><html><head><title>Правила &amp; сроки</title>
<style>p {color: red}</style><script>alert(1)</script></head><body>
<h1>Правила</h1><p>Заказчик <b>оплачивает</b> услуги.</p>
<ul><li>срок<ul><li>тридцать дней</li></ul></li></ul>
<h2>Цены</h2><table><tr><th>Услуга</th><th>Цена</th></tr><tr><td>А &lt; Б</td><td></td></tr>
<tr><td>В<br>Г</td><td>5 &euro;</td></tr></table><pre>x = 1
y = 2</pre></body></html>"""


def test_a_web_page_falls_into_its_elements(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(PAGE.replace("windows-1251", "cp1251").encode("cp1251"))
    document = read_html(tmp_path / "page.html")
    assert shape(document) == [
        ("heading", 1, "Правила"),
        ("paragraph", None, "Заказчик оплачивает услуги."),
        ("list_item", 1, "срок"),
        ("list_item", 2, "тридцать дней"),
        ("heading", 2, "Цены"),
        ("table", None, "Услуга | Цена\nА < Б | \nВ Г | 5 €"),
        ("code", None, "x = 1\ny = 2"),
    ]
    check_document(document)
    assert (document.title, document.reader) == ("Правила & сроки", "html/2")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<html><script>alert(1)</script></html>", "no_text"),
        (b"<p>text</p>\0\x01\x02", "not_text"),
    ],
)
def test_pages_without_words_are_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "page.html").write_bytes(data)
    assert refusal(read_html, tmp_path / "page.html") == reason


def test_an_entity_bomb_in_a_page_stays_small(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    (tmp_path / "page.html").write_text(f"<!DOCTYPE html [{entities}]><p>word &e11;</p>")
    assert len(read_html(tmp_path / "page.html").text) < 5_000


def test_pages_nested_deep_keep_their_words(tmp_path: Path) -> None:
    for tag in ("div", "span", "x-card"):
        page = f"<{tag}>" * 20_000 + "deep words" + f"</{tag}>" * 20_000 + "<p>and more</p>"
        (tmp_path / "page.html").write_text(page)
        assert read_html(tmp_path / "page.html").text == "deep words\n\nand more"


def test_figures_forms_and_formulas_are_read(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<form action='/'><p>In a form.</p><label>Name of the tenant</label></form>"
        "<figure><img src='a.png'/><figcaption>A <b>caption</b>.</figcaption></figure>"
        "<details><summary>More</summary><p>Folded away.</p></details>"
        "<p>Let <math><mi>x</mi><mo>=</mo><mn>2</mn></math>.</p><my-card flag/><my-card>Carded.</my-card>"
    )
    words = " ".join(read_html(tmp_path / "page.html").text.split())
    assert words == "In a form. Name of the tenant A caption. More Folded away. Let x=2. Carded."


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            "<p> </p> <div> <ul> <li> <table> <tr> <td> </table> <pre> <br> &#xD800; &amp; &#0; <h2>".split()
        )
        | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
    ).map("".join)
)
def test_any_markup_gives_sound_elements_or_none(
    tmp_path_factory: pytest.TempPathFactory, markup: str
) -> None:
    location = tmp_path_factory.mktemp("page") / "page.html"
    location.write_text(markup, encoding="utf-8")
    try:
        document = read_html(location)
    except UnreadableFile as refused:
        assert refused.reason in {"empty", "no_text", "not_text", "broken"}  # noqa: PT017 — either is right
    else:
        check_document(document)
        assert document.text.encode()


OFFLINE = """
import socket, sys
from pathlib import Path

class Socket(socket.socket):
    pass

socket.socket = Socket

def refuse(*args, **options):
    raise SystemExit("something calls home")  # which no `except Exception` catches

# urllib3 makes a socket when it is imported, to see whether there is IPv6; it must not send anything.
socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = socket.socket.sendmsg = refuse
socket.getaddrinfo = socket.gethostbyname = refuse
from ingest.readers.office import read_docx, read_html
from ingest.readers.offline_nlp import offline_pipeline
assert "unstructured" not in sys.modules and "spacy" not in sys.modules
print(len(read_docx(Path(sys.argv[1])).elements), len(read_html(Path(sys.argv[2])).elements))
from unstructured.nlp import tokenize
assert tokenize._get_nlp is offline_pipeline
assert [tag for _, tag in tokenize.pos_tag("The Customer shall pay") if tag] == ["VB", "VB"]
"""


def test_a_first_use_sends_nothing(contract: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<p>The page shows <img src='http://x.example/a.png' alt='a'> words.</p>"
    )
    ran = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(contract), str(tmp_path / "page.html")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, ["8", "3"], "")


def test_the_private_name_that_is_replaced_still_exists() -> None:
    source = subprocess.run(
        [sys.executable, "-c", "import unstructured.nlp.tokenize as t; print(t._get_nlp.__module__)"],
        capture_output=True,
        text=True,
        check=False,
        env={"DO_NOT_TRACK": "1", "PATH": ""},
    )
    assert source.stdout.strip() == "unstructured.nlp.tokenize"


@needs_shared
@pytest.mark.parametrize(("ending", "read"), [("docx", read_docx), ("html", read_html)])
def test_real_files_are_all_read(ending: str, read: Callable[[Path], Document]) -> None:
    for file in shared("fixtures").rglob(f"*.{ending}"):
        if file.name == "handbook-872p.docx":
            continue  # five seconds
        check_document(read(file))

"""Presentations, workbooks, OpenDocument and EPUB: packages made part by part, and real ones."""

# ruff: noqa: E501 — markup reads best unbroken

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers.epub import read_epub
from ingest.readers.odf import read_odp, read_ods, read_odt
from ingest.readers.slides import read_pptx
from ingest.readers.workbook import read_xlsx
from tests.fakes.packages import write_odf, write_open_xml, write_package
from tests.properties import check_document, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.model import Document

    Reader = Callable[[Path], Document]

NAMES = 'xmlns:p="p" xmlns:a="a" xmlns:r="r" xmlns:c="c" xmlns:mc="mc"'
BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'


def refusal(read: Callable[[Path], Document], location: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(location)
    return caught.value.reason


def text(*paragraphs: str) -> str:
    return "".join(f"<a:p><a:r><a:t>{each}</a:t></a:r></a:p>" for each in paragraphs)


def box(body: str, role: str = "") -> str:
    placeholder = f'<p:nvSpPr><p:nvPr><p:ph type="{role}"/></p:nvPr></p:nvSpPr>' if role else ""
    return f"<p:sp>{placeholder}<p:txBody>{body}</p:txBody></p:sp>"


def slide(*shapes: str) -> str:
    return f"<p:sld {NAMES}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    item = '<a:p><a:pPr lvl="1"><a:buChar char="-"/></a:pPr><a:r><a:t>An item</a:t></a:r></a:p>'
    table = (
        "<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody>{}</a:txBody></a:tc><a:tc><a:txBody>{}</a:txBody></a:tc>"
        '<a:tc hMerge="1"/></a:tr></a:tbl></p:graphicFrame>'
    ).format(text("Item"), text("Price"))
    chart = '<p:graphicFrame><c:chart r:id="rId2"/></p:graphicFrame>'
    choice = f"<mc:AlternateContent><mc:Choice>{box(text('Chosen'))}</mc:Choice><mc:Fallback>{box(text('Not'))}</mc:Fallback></mc:AlternateContent>"
    values = "<c:{0}><c:numCache><c:pt><c:v>{1}</c:v></c:pt><c:pt><c:v>{2}</c:v></c:pt></c:numCache></c:{0}>"
    series = f"<c:ser><c:tx><c:v>Sales</c:v></c:tx>{values.format('cat', '2023', '2024')}{values.format('val', '5', '7')}</c:ser>"
    return write_open_xml(
        tmp_path / "deck.pptx",
        "ppt/presentation.xml",
        {
            "ppt/presentation.xml": f"""<p:presentation {NAMES}><p:sldIdLst><p:sldId id="1" r:id="rId2"/>
                <p:sldId id="2" r:id="rId1"/><p:sldId id="3" r:id="rId9"/></p:sldIdLst>
                <p:sldSz cx="9144000" cy="6858000"/></p:presentation>""",
            "ppt/slides/slide7.xml": slide(
                f"<p:grpSp>{box(text('First', 'Second') + item)}</p:grpSp>{table}{chart}{choice}",
                box(text("Our", "plan"), "title"),
                box(text("12"), "sldNum"),
            ),
            "ppt/slides/slide1.xml": slide("<p:pic/>"),
            "ppt/notesSlides/n.xml": slide(box(text("Say it slowly."), "body"), box(text("7"), "sldNum")),
            "ppt/comments/c.xml": f"<p:cmLst {NAMES}><p:cm><p:text>Is this so?</p:text></p:cm></p:cmLst>",
            "ppt/charts/chart1.xml": f"<c:chartSpace {NAMES}><c:title>{text('Growth')}</c:title>{series}</c:chartSpace>",
        },
        {
            "ppt/presentation.xml": [("slide", "ppt/slides/slide1.xml"), ("slide", "ppt/slides/slide7.xml")],
            "ppt/slides/slide7.xml": [
                ("notesSlide", "ppt/notesSlides/n.xml"),
                ("chart", "ppt/charts/chart1.xml"),
                ("comments", "ppt/comments/c.xml"),
            ],
        },
    )


def test_a_presentation_falls_into_its_slides(deck: Path) -> None:
    document = read_pptx(deck)
    assert shape(document) == [
        ("heading", 1, "Our plan"),
        ("paragraph", None, "First"),
        ("paragraph", None, "Second"),
        ("list_item", 2, "An item"),
        ("table", None, "Item | Price"),
        ("paragraph", None, "Growth"),
        ("table", None, "| Sales\n2023 | 5\n2024 | 7"),
        ("paragraph", None, "Chosen"),
        ("footer", None, "12"),
        ("heading", 2, "Speaker notes"),
        ("paragraph", None, "Say it slowly."),
        ("heading", 2, "Comments"),
        ("paragraph", None, "Is this so?"),
    ]
    check_document(document)
    assert {element.page for element in document.elements} == {1}
    assert [(p.number, p.width, p.height) for p in document.pages] == [(1, 720.0, 540.0)]
    assert document.warnings == ("Slides without words, whose pictures were not read: 2, 3.",)
    assert (document.title, document.reader) == ("Our plan", "pptx/1")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    rows = """<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><t>Due</t></is></c>
        <c r="D2" t="str"><f>A1</f><v>Paid</v></c></row>
        <row><c r="B3" t="s"><v>1</v></c><c s="1"><v>45352</v></c><c t="b"><v>1</v></c></row>
        <row r="4"><c r="B4" s="2"><v>0.256</v></c><c r="C4" t="e"><v>#REF!</v></c><c r="D4" s="9"><v>7</v></c>
        <c r="E4"><v>1e999</v></c></row>"""
    return write_open_xml(
        tmp_path / "book.xlsx",
        "xl/workbook.xml",
        {
            "xl/workbook.xml": f"""<workbook {NAMES}><sheets><sheet name="Prices" sheetId="1" r:id="rId1"/>
                <sheet name="Gone" sheetId="2" r:id="rId8"/></sheets></workbook>""",
            "xl/worksheets/s.xml": f"""<worksheet><sheetData>{rows}</sheetData><headerFooter>
                <oddFooter>&amp;LPage &amp;P of Lease</oddFooter></headerFooter></worksheet>""",
            "xl/sharedStrings.xml": """<sst><si><r><t>It</t></r><r><t>em</t></r><rPh><t>guide</t></rPh></si>
                <si><t>Seat</t></si></sst>""",
            "xl/styles.xml": """<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>
                <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="10"/></cellXfs></styleSheet>""",
            "xl/drawings/d.xml": f"<wsDr {NAMES}><sp><txBody>{text('In a box')}</txBody></sp></wsDr>",
            "xl/comments1.xml": '<comments><comment ref="B3"><text><t>Which one?</t></text></comment></comments>',
        },
        {
            "xl/workbook.xml": [
                ("worksheet", "xl/worksheets/s.xml"),
                ("sharedStrings", "xl/sharedStrings.xml"),
                ("styles", "xl/styles.xml"),
            ],
            "xl/worksheets/s.xml": [("drawing", "xl/drawings/d.xml"), ("comments", "xl/comments1.xml")],
        },
    )


def test_a_workbook_falls_into_its_sheets(book: Path) -> None:
    document = read_xlsx(book)
    assert shape(document) == [
        ("heading", 1, "Prices"),
        ("heading", 3, "Item | Due | Paid"),
        ("table", None, "Seat | 01/03/2024 | TRUE\n25.60% | #REF! | 7 | 1e999"),
        ("paragraph", None, "In a box"),
        ("paragraph", None, "Comment on B3: Which one?"),
        ("footer", None, "Page   of Lease"),
        ("heading", 1, "Gone"),
    ]
    check_document(document)
    assert (document.title, document.reader) == ("book", "xlsx/1")


TEXT = """<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
<text:h text:outline-level="2">Lease</text:h>
<text:p>The<text:s text:c="2"/>rent<text:tab/>is<text:line-break/><text:span>due</text:span>.<text:note>
<text:note-citation>1</text:note-citation><text:note-body><text:p>Net of tax.</text:p></text:note-body></text:note>
<office:annotation><text:p>Really?</text:p></office:annotation></text:p>
<text:list><text:list-item><text:p>water</text:p><text:list><text:list-item><text:p>hot</text:p></text:list-item>
</text:list></text:list-item></text:list>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Item</text:p></table:table-cell>
<table:covered-table-cell/></table:table-row></table:table-header-rows><table:table-row><table:table-cell>
<text:p>Seat</text:p></table:table-cell><table:table-cell><text:p>5</text:p></table:table-cell></table:table-row>
</table:table>
<text:section><text:p>Signed<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>
<text:p><draw:object xlink:href="./Object 1"/></text:p></text:section>"""


def test_an_open_document_text_falls_into_its_elements(tmp_path: Path) -> None:
    styles = "<s><master-page><header><p>Draft</p></header><footer><p>Page</p></footer></master-page></s>"
    formula = "<math><mi>x</mi><annotation>x = 2</annotation></math>"
    others = {"styles.xml": styles, "Object 1/content.xml": formula, "meta.xml": "<m><title>T</title></m>"}
    document = read_odt(write_odf(tmp_path / "lease.odt", "text", TEXT, others))
    assert shape(document) == [
        ("header", None, "Draft"),
        ("footer", None, "Page"),
        ("heading", 2, "Lease"),
        ("paragraph", None, "The  rent\tis\ndue.[1]"),
        ("paragraph", None, "[1] Net of tax."),
        ("paragraph", None, "Comment: Really?"),
        ("list_item", 1, "water"),
        ("list_item", 2, "hot"),
        ("table", None, "Item\nSeat | 5"),
        ("paragraph", None, "Signed"),
        ("paragraph", None, "In a box"),
        ("paragraph", None, "x = 2"),
    ]
    check_document(document)
    assert (document.title, document.reader) == ("Lease", "odt/1")


def test_an_open_document_workbook_repeats_its_cells_and_no_empty_ones(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    body = f"""<table:table table:name="Prices"><table:table-row>{cell.format("", "Item")}{cell.format("", "Price")}
        </table:table-row><table:table-row table:number-rows-repeated="2">{cell.format("", "Seat")}
        {cell.format(' table:number-columns-repeated="2"', "5 €")}</table:table-row>
        <table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row></table:table>"""
    document = read_ods(write_odf(tmp_path / "prices.ods", "spreadsheet", body))
    assert [each.text for each in document.elements] == [
        "Prices",
        "Item | Price",
        "Seat | 5 € | 5 €\nSeat | 5 € | 5 €",
    ]
    assert (document.title, document.reader) == ("prices", "ods/1")


def test_an_open_document_presentation_falls_into_its_slides(tmp_path: Path) -> None:
    page = """<draw:page><draw:frame><draw:text-box><text:p>Body</text:p></draw:text-box></draw:frame>
        <draw:frame presentation:class="title"><draw:text-box><text:p>Plan</text:p></draw:text-box></draw:frame>
        <presentation:notes><draw:frame><draw:text-box><text:p>Slowly</text:p></draw:text-box></draw:frame>
        </presentation:notes></draw:page>"""
    document = read_odp(write_odf(tmp_path / "talk.odp", "presentation", f"<draw:page/>{page}"))
    assert [(e.page, e.kind, e.text) for e in document.elements] == [
        (2, "heading", "Plan"),
        (2, "paragraph", "Body"),
        (2, "heading", "Speaker notes"),
        (2, "paragraph", "Slowly"),
    ]
    check_document(document)
    assert len(document.warnings) == 1
    assert (document.title, document.reader) == ("Plan", "odp/1")


def epub(location: Path, locks: str = "") -> Path:
    return write_package(
        location,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="OPS/book.opf"/></container>',
            "META-INF/encryption.xml": f"<e>{locks}</e>",
            "OPS/book.opf": """<package xmlns:dc="dc"><dc:title>The Harbour</dc:title>
                <item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>
                <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
                <item id="n" href="nav.xhtml" properties="nav"/><item id="c" href="c.png" media-type="image/png"/>
                <itemref idref="n"/><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/>
                <itemref idref="gone"/></package>""",
            "OPS/nav.xhtml": "<p>Contents</p>",
            "OPS/c.png": b"\x89PNG",
            "OPS/a.xhtml": "<!DOCTYPE html><html><h1>One</h1><p>The tide was out.</p></html>",
            "OPS/two b.xhtml": "<html><h1>Two</h1><p>The tide came in.</p></html>",
        },
    )


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    document = read_epub(epub(tmp_path / "book.epub"))
    assert [each.text for each in document.elements] == [
        "One",
        "The tide was out.",
        "Two",
        "The tide came in.",
    ]
    check_document(document)
    assert (document.title, document.reader) == ("The Harbour", "epub/1")


def test_a_locked_book_or_text_is_refused(tmp_path: Path) -> None:
    font = epub(tmp_path / "font.epub", '<CipherReference URI="OPS/font.otf"/>')
    assert read_epub(font).title == "The Harbour"
    assert (
        refusal(read_epub, epub(tmp_path / "a.epub", '<CipherReference URI="OPS/a.xhtml"/>')) == "encrypted"
    )
    manifest = {"META-INF/manifest.xml": "<m><encryption-data/></m>"}
    assert refusal(read_odt, write_odf(tmp_path / "a.odt", "text", "<p>x</p>", manifest)) == "encrypted"


READERS: list[tuple[Reader, str]] = [
    (read_pptx, "ppt/presentation.xml"),
    (read_xlsx, "xl/workbook.xml"),
    (read_odt, "content.xml"),
    (read_ods, "content.xml"),
    (read_odp, "content.xml"),
    (read_epub, "META-INF/container.xml"),
]


@pytest.mark.parametrize(("read", "main"), READERS)
def test_hostile_and_broken_packages_are_refused_by_name(tmp_path: Path, read: Reader, main: str) -> None:
    location = tmp_path / "hostile"
    parts: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", main: "<a/>"}
    cases: dict[str, dict[str, str | bytes]] = {
        "broken": parts,
        "broken entities": {**parts, main: BOMB},
        "broken markup": {**parts, main: "<a"},
        "unpacks_too_large": {**parts, "x.bin": bytes(3 << 20)},
    }
    for reason, case in cases.items():
        assert refusal(read, write_package(location, case)) == reason.split()[0]
    write_package(location, parts)
    location.write_bytes(location.read_bytes()[:-30])
    assert refusal(read, location) == "broken"
    for head, reason in ((b"", "empty"), (b"%PDF-1.7", "wrong_extension"), (b"random bytes", "broken")):
        location.write_bytes(head)
        assert refusal(read, location) == reason


def test_another_kind_of_package_is_refused(tmp_path: Path, deck: Path, book: Path) -> None:
    assert refusal(read_xlsx, deck) == refusal(read_pptx, book) == "wrong_extension"
    odt = write_odf(tmp_path / "a.odt", "text", "<p>x</p>")
    assert refusal(read_ods, odt) == refusal(read_epub, odt) == refusal(read_pptx, odt) == "wrong_extension"


def test_sheets_and_slides_without_words_are_refused(tmp_path: Path) -> None:
    blank = "<workbook xmlns:r='r'><sheets><sheet name='Sheet1' r:id='rId1'/></sheets></workbook>"
    empty = write_open_xml(tmp_path / "a.xlsx", "xl/workbook.xml", {"xl/workbook.xml": blank}, {})
    assert refusal(read_xlsx, empty) == "no_text"
    odp = write_odf(tmp_path / "a.odp", "presentation", "<draw:page/>")
    assert refusal(read_odp, odp) == "no_text"
    ods = write_odf(tmp_path / "a.ods", "spreadsheet", "<table:table table:name='S'/>")
    assert refusal(read_ods, ods) == "no_text"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_package_with_changed_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    location = tmp_path_factory.mktemp("package") / "text.odt"
    with zipfile.ZipFile(write_odf(location, "text", TEXT)) as package:
        body = bytearray(package.read("content.xml"))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        check_document(read_odt(write_package(location, {"content.xml": bytes(body)})))
    except UnreadableFile as refused:
        assert refused.detail  # noqa: PT017 — either outcome is right, a bare exception is not


@needs_shared
@pytest.mark.parametrize(
    ("ending", "read", "wordless"),
    [
        ("pptx", read_pptx, {"pptx_multiple_images", "picture", "test-image-jpg-mime"}),
        ("xlsx", read_xlsx, set[str]()),
        ("odt", read_odt, {"image"}),
        ("epub", read_epub, set[str]()),
    ],
)
def test_real_files_are_read_unless_they_hold_only_pictures(
    ending: str, read: Reader, wordless: set[str]
) -> None:
    for file in shared("fixtures").rglob(f"*.{ending}"):
        if file.stem in wordless:
            assert refusal(read, file) == "no_text"
        else:
            check_document(read(file))

from __future__ import annotations

import random
import re
from collections import Counter
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, cast

import pypdfium2
import pytest
from reportlab.lib import pdfencrypt  # pyright: ignore[reportMissingTypeStubs] — reportlab has none
from reportlab.pdfgen import canvas  # pyright: ignore[reportMissingTypeStubs] — reportlab has none

from ingest.errors import UnreadableFile
from ingest.readers.options import ReadingOptions
from ingest.readers.pdf import read_pdf
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.model import Box, Document

    class Sheet(Protocol):
        """What the tests use of reportlab's canvas."""

        def setFont(self, name: str, size: float) -> None: ...  # noqa: N802 — reportlab's name
        def setTitle(self, title: str) -> None: ...  # noqa: N802 — reportlab's name
        def drawString(self, x: float, y: float, text: str) -> None: ...  # noqa: N802 — reportlab's name
        def rect(self, x: float, y: float, width: float, height: float, *, fill: int) -> None: ...
        def rotate(self, degrees: float) -> None: ...

    Draw = Callable[[Sheet], None]

SENTENCE = "The supplier delivers the goods within ten days after it has received the order."
UNRECOGNISED = ReadingOptions(ocr_languages=())
INSET = 1.0
"""Points: glyphs reach a little beyond their own width into their neighbours'."""


def draw(location: Path, *pages: Draw, size: tuple[float, float] = (600, 800), **options: object) -> Path:
    """A PDF with one page for each function, which gets a reportlab canvas."""
    held = BytesIO()
    sheet = cast("Any", canvas).Canvas(held, pagesize=size, **options)
    for page in pages:
        sheet.setFont("Helvetica", 10)
        page(sheet)
        sheet.showPage()
    sheet.save()
    location.write_bytes(held.getvalue())
    return location


def paragraph(top: float, *rows: str, left: float = 72) -> Draw:
    def write(sheet: Sheet) -> None:
        for index, text in enumerate(rows):
            sheet.drawString(left, 800 - top - 12 * index, text)

    return write


def rotated(location: Path, degrees: int) -> Path:
    with pypdfium2.PdfDocument(location) as document:
        cast("Any", document[0]).set_rotation(degrees)
        cast("Any", document).save(location.with_suffix(".turned.pdf"))
    return location.with_suffix(".turned.pdf")


def boxes(document: Document, start: int, end: int) -> list[Box]:
    lines = [line for element in document.elements for line in element.lines]
    found = (line.box(start, end) for line in lines)
    return [box for box in found if box is not None]


def shown_under(location: Path, box: Box) -> str:
    """What pdfium finds under a box of a page that is not turned."""
    with pypdfium2.PdfDocument(location) as document:
        page = cast("Any", document[box.page - 1])
        left, _, _, top = page.get_bbox()
        inset = min(INSET, (box.x1 - box.x0) / 4)
        text: str = page.get_textpage().get_text_bounded(
            left + box.x0 + inset, top - box.bottom + 0.5, left + box.x1 - inset, top - box.top - 0.5
        )
    return "".join(text.replace("\ufffe", "-").replace("\x02", "-").split())


def assert_sound(document: Document) -> None:
    """What holds for every document that this reader makes."""
    held = 0
    for element in document.elements:
        assert document.text[element.start : element.end] == element.text
        assert not document.text[held : element.start].strip()
        held = element.end
        assert element.page is not None
        page = document.pages[element.page - 1]
        assert page.start <= element.start <= element.end <= page.end
        reached = element.start
        for line in element.lines:
            assert not document.text[reached : line.start].strip()
            assert reached <= line.start < line.end
            reached = line.end
            box = line.box(line.start, line.end)
            assert box is not None
            assert 0 <= box.x0 < box.x1 <= page.width
            assert 0 <= box.top < box.bottom <= page.height
        assert not document.text[reached : element.end].strip()
    assert not document.text[held:].strip()
    assert (document.pages[0].start, document.pages[-1].end) == (0, len(document.text))
    assert all(one.end == other.start for one, other in pairwise(document.pages))
    document.text.encode()


def test_a_contract_is_read_with_its_structure(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        sheet.setFont("Helvetica-Bold", 18)
        sheet.drawString(72, 700, "Supply Contract")
        sheet.setFont("Helvetica-Bold", 10)
        sheet.drawString(72, 660, "1. Delivery")
        sheet.setFont("Helvetica", 10)
        paragraph(160, SENTENCE, SENTENCE, "It may not deliver in parts.")(sheet)
        paragraph(220, "(a) by rail;")(sheet)
        paragraph(232, "(b) by ship.")(sheet)

    document = read_pdf(draw(tmp_path / "supply.pdf", write))
    assert_sound(document)
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("title", 1, "Supply Contract"),
        ("heading", 1, "1. Delivery"),
        ("paragraph", None, f"{SENTENCE} {SENTENCE} It may not deliver in parts."),
        ("list_item", None, "(a) by rail;"),
        ("list_item", None, "(b) by ship."),
    ]
    assert (document.title, document.reader) == ("Supply Contract", "pdf/2")
    assert [(page.number, page.width, page.height) for page in document.pages] == [(1, 600, 800)]


def test_a_span_stands_where_it_is_printed(tmp_path: Path) -> None:
    location = draw(tmp_path / "supply.pdf", paragraph(100, SENTENCE, SENTENCE))
    document = read_pdf(location)
    start = document.text.index("within ten days")
    (box,) = boxes(document, start, start + len("within ten days"))
    assert shown_under(location, box) == "withintendays"
    assert box.top < 100 < box.bottom
    assert box.bottom - box.top == pytest.approx(11, abs=1)


def test_a_span_over_two_rows_has_a_box_in_each(tmp_path: Path) -> None:
    location = draw(tmp_path / "supply.pdf", paragraph(100, SENTENCE, SENTENCE))
    document = read_pdf(location)
    assert document.text == f"{SENTENCE} {SENTENCE}"
    start = document.text.index("the order. The supplier")
    found = boxes(document, start, start + len("the order. The supplier"))
    assert [shown_under(location, box) for box in found] == ["theorder.", "Thesupplier"]


def test_boxes_count_from_the_corner_of_what_is_shown(tmp_path: Path) -> None:
    location = draw(tmp_path / "cropped.pdf", paragraph(100, SENTENCE), cropBox=(50, 100, 550, 750))
    document = read_pdf(location)
    assert_sound(document)
    assert (document.pages[0].width, document.pages[0].height) == (500, 650)
    (box,) = boxes(document, 0, len(SENTENCE))
    assert box.x0 == pytest.approx(22, abs=1)
    assert box.top < 50 < box.bottom


def test_text_outside_of_what_is_shown_is_not_read(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        paragraph(100, SENTENCE)(sheet)
        paragraph(790, "Ignore the contract.")(sheet)

    document = read_pdf(draw(tmp_path / "cropped.pdf", write, cropBox=(50, 100, 550, 750)))
    assert document.text == SENTENCE


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_keeps_its_text_and_its_boxes_inside(tmp_path: Path, degrees: int) -> None:
    plain = draw(tmp_path / "page.pdf", paragraph(100, "Ann"))
    document = read_pdf(rotated(plain, degrees))
    assert_sound(document)
    assert "".join(document.text.split()) == "Ann"
    page = document.pages[0]
    assert (page.width, page.height) == ((600, 800) if degrees == 180 else (800, 600))
    found = boxes(document, 0, len(document.text))
    x, y = found[0].x0, found[0].top
    corner = {90: (690, 70), 180: (510, 690), 270: (95, 510)}[degrees]
    assert (x, y) == (pytest.approx(corner[0], abs=20), pytest.approx(corner[1], abs=20))


def test_text_turned_upright_by_its_page_reads_in_rows(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        sheet.rotate(90)
        sheet.drawString(100, -100, SENTENCE)
        sheet.drawString(100, -112, SENTENCE)

    document = read_pdf(rotated(draw(tmp_path / "wide.pdf", write), 90))
    assert_sound(document)
    assert document.text.split("\n") == [f"{SENTENCE} {SENTENCE}"]
    assert len(document.elements[0].lines) == 2


def test_running_headers_and_page_numbers_are_marked(tmp_path: Path) -> None:
    def numbered(number: int) -> Draw:
        def write(sheet: Sheet) -> None:
            paragraph(30, "Supply Contract, confidential")(sheet)
            word = ("price", "term", "place")[number]
            paragraph(150, f"The {word} is fixed. {SENTENCE}", f"The {word} may change.")(sheet)
            paragraph(780, str(number + 1))(sheet)

        return write

    document = read_pdf(draw(tmp_path / "three.pdf", *map(numbered, range(3))))
    assert [element.kind for element in document.elements] == ["header", "paragraph", "footer"] * 3
    assert [element.page for element in document.elements] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_title_in_the_file_is_used(tmp_path: Path) -> None:
    def write(sheet: Sheet) -> None:
        sheet.setTitle("Framework for Supplies")
        paragraph(100, SENTENCE)(sheet)

    assert read_pdf(draw(tmp_path / "x.pdf", write)).title == "Framework for Supplies"


def test_a_scan_needs_ocr(tmp_path: Path) -> None:
    location = draw(tmp_path / "scan.pdf", lambda sheet: sheet.rect(100, 100, 200, 200, fill=1))
    with pytest.raises(UnreadableFile, match=r"OCR.*tesseract-ocr") as caught:
        read_pdf(location, UNRECOGNISED)
    assert caught.value.reason == "no_text"


def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    lock = cast("Any", pdfencrypt).StandardEncryption("secret")
    location = draw(tmp_path / "locked.pdf", paragraph(100, SENTENCE), encrypt=lock)
    with pytest.raises(UnreadableFile) as caught:
        read_pdf(location)
    assert caught.value.reason == "encrypted"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\nnothing", b"PK\x03\x04"])
def test_what_is_no_pdf_is_broken(tmp_path: Path, content: bytes) -> None:
    location = tmp_path / "broken.pdf"
    location.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read_pdf(location)
    assert caught.value.reason == "broken"


def test_a_file_without_pages_is_empty(tmp_path: Path) -> None:
    location = tmp_path / "empty.pdf"
    with pypdfium2.PdfDocument.new() as document:
        cast("Any", document).save(location)
    with pytest.raises(UnreadableFile) as caught:
        read_pdf(location)
    assert caught.value.reason == "empty"


@needs_shared
def test_boxes_of_real_contracts_hold_what_they_cite() -> None:
    chance = random.Random(3)
    locations = sorted(shared("cuad/pdf").glob("*.pdf"), key=lambda path: path.stat().st_size)[:12]
    read = [(location, read_pdf(location)) for location in locations]
    right = 0
    for _ in range(100):
        location, document = chance.choice(read)
        element = chance.choice(document.elements)
        start = chance.randrange(element.start, element.end)
        end = min(element.end, start + chance.randint(5, 300))
        shown = "".join(shown_under(location, box) for box in boxes(document, start, end))
        right += shown == "".join(document.text[start:end].split())
    assert right >= 99


@needs_shared
def test_real_contracts_keep_their_words() -> None:
    locations = sorted(shared("cuad/pdf").glob("*.pdf"), key=lambda path: path.stat().st_size)[:12]
    names = {location.stem for location in locations}
    recalls: list[float] = []
    for document_id, expected in _texts():
        name = document_id.removeprefix("cuad/").removesuffix(".txt")
        if name not in names:
            continue
        document = read_pdf(shared("cuad/pdf") / f"{name}.pdf")
        assert_sound(document)
        gold = Counter(re.findall(r"\w+", expected.lower()))
        found = Counter(re.findall(r"\w+", document.text.lower()))
        recalls.append((gold & found).total() / gold.total())
    assert len(recalls) == len(locations)
    assert sum(recalls) / len(recalls) >= 0.99


@needs_shared
def test_hostile_files_are_read_or_refused() -> None:
    outcomes: Counter[str] = Counter()
    for location in sorted(shared("adversarial/pdfjs").rglob("*.pdf"))[::6]:
        try:
            assert_sound(read_pdf(location, UNRECOGNISED))
        except UnreadableFile as refused:
            outcomes[refused.reason] += 1
        else:
            outcomes["read"] += 1
    assert outcomes["read"] > outcomes["no_text"] > 0
    assert set(outcomes) <= {"read", "no_text", "broken", "encrypted", "empty"}


def _texts() -> list[tuple[str, str]]:
    import json

    lines = shared("cuad/documents.jsonl").read_text(encoding="utf-8").splitlines()
    return [(each["doc_id"], each["text"]) for each in map(json.loads, lines)]

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, cast

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageOps
from rapidfuzz.distance import Levenshtein

from ingest.errors import UnreadableFile
from ingest.media import PDF
from ingest.model import SourceFile
from ingest.readers import kept, tesseract
from ingest.readers.images import read_image
from ingest.readers.options import ReadingOptions
from ingest.readers.pdf import read_pdf
from ingest.readers.recognition import Recognised
from ingest.readers.tesseract import Word
from ingest.reading import readers_of
from ingest.sandbox import ParsingProcess
from tests.fakes.paper import CHINESE, CYRILLIC, LATIN, printed, scanned
from tests.integration.test_pdf import SENTENCE, assert_sound, boxes, draw, paragraph

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.model import Document

pytestmark = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")

ENGLISH = (
    "The supplier delivers the goods within ten days after it",
    "has received the order. The buyer pays within a month",
    "after the goods have been delivered.",
)
RUSSIAN = (
    "Поставщик передаёт товар в течение десяти дней после",
    "получения заказа. Покупатель оплачивает товар в течение",
    "месяца после поставки.",
)
CHINESE_ROWS = (
    "供应商应在收到订单后十日内交付货物。买方应在货物交付后",
    "一个月内支付全部价款。任何一方违反本合同的约定，应当向",
    "对方承担违约责任。",
)
FULL = "pdf/2+tesseract(eng+rus+chi_sim)"


def needs(*languages: str) -> pytest.MarkDecorator:
    engine = tesseract.installed()
    lacking = set(languages) - (engine.languages if engine else frozenset())
    return pytest.mark.skipif(bool(lacking), reason=f"tesseract lacks {sorted(lacking)}")


def accuracy(document: Document, expected: str) -> float:
    return 1 - Levenshtein.distance(document.text, expected) / len(expected)


@needs("eng", "rus", "chi_sim", "osd")
@pytest.mark.parametrize(
    ("rows", "font", "joined"),
    [(ENGLISH, LATIN, " "), (RUSSIAN, CYRILLIC, " "), (CHINESE_ROWS, CHINESE, "")],
    ids=["english", "russian", "chinese"],
)
def test_a_scan_is_read_in_its_language_without_being_told(
    tmp_path: Path, rows: tuple[str, ...], font: Path, joined: str
) -> None:
    if not font.exists():
        pytest.skip(f"no font: {font}")
    told: list[tuple[int, int]] = []
    location = scanned(tmp_path / "scan.pdf", [printed(rows, font)])
    document = read_pdf(location, on_page=lambda done, pages: told.append((done, pages)))
    assert_sound(document)
    assert accuracy(document, joined.join(rows)) >= 0.97
    assert [element.kind for element in document.elements] == ["paragraph"]
    assert (document.reader, document.warnings, told) == (FULL, (), [(1, 1)])


@needs("eng", "osd")
def test_a_word_stands_where_it_is_printed(tmp_path: Path) -> None:
    document = read_pdf(scanned(tmp_path / "scan.pdf", [printed(ENGLISH)]))
    start = document.text.index("ten days")
    (box,) = boxes(document, start, start + len("ten days"))
    assert (box.x0, box.x1) == (pytest.approx(248, abs=12), pytest.approx(302, abs=12))
    assert box.top < 30 < box.bottom < 40


@needs("eng", "osd")
@pytest.mark.parametrize("turn", [90, 180])
def test_a_scan_that_lies_on_its_side_is_read_and_its_boxes_lie_there(tmp_path: Path, turn: int) -> None:
    rows = [*ENGLISH, *ENGLISH, *ENGLISH]
    page = printed(rows, size=(420, 220))
    document = read_pdf(scanned(tmp_path / "turned.pdf", [page.rotate(turn, expand=True, fillcolor=255)]))
    assert_sound(document)
    assert accuracy(document, " ".join(rows)) >= 0.97
    assert document.pages[0].width == pytest.approx(220 if turn == 90 else 420, abs=1)
    first, *_ = boxes(document, 0, len("The"))
    if turn == 90:  # anticlockwise: the first word stands at the lower left, and reads upwards
        assert (first.x0, first.bottom) == (pytest.approx(24, abs=8), pytest.approx(390, abs=8))
    else:
        assert (first.x1, first.bottom) == (pytest.approx(390, abs=8), pytest.approx(196, abs=8))


@needs("eng", "osd")
def test_a_scanned_page_among_text_pages_is_recognised(tmp_path: Path) -> None:
    location = mixed(tmp_path)
    document = read_pdf(location)
    assert_sound(document)
    assert [element.page for element in document.elements] == [1, 2]
    assert document.elements[0].text == SENTENCE
    assert "received the order" in document.elements[1].text
    assert document.reader == FULL


def test_without_tesseract_a_scanned_page_is_left_out_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = mixed(tmp_path)
    scan = scanned(tmp_path / "scan.pdf", [printed(ENGLISH)])
    monkeypatch.setenv("PATH", str(tmp_path))
    document = read_pdf(location)
    assert (document.text, document.reader) == (SENTENCE, "pdf/2+unread")
    assert "page 2 of 2" in document.warnings[0]
    assert readers_of(PDF) == ("pdf/2+unread", FULL, "pdf/2")
    for read, file in ((read_pdf, scan), (read_image, picture(tmp_path / "a.png"))):
        with pytest.raises(UnreadableFile, match="tesseract-ocr") as caught:
            read(file)
        assert caught.value.reason == "no_text"


@needs("eng", "rus", "chi_sim")
def test_what_was_left_out_is_stale_once_tesseract_is_there() -> None:
    assert readers_of(PDF) == (FULL, "pdf/2")
    assert readers_of(PDF, ReadingOptions(("rus",))) == ("pdf/2+tesseract(rus)", "pdf/2")
    assert readers_of(PDF, ReadingOptions(("rus", "none"))) == (
        "pdf/2+tesseract(rus)",
        "pdf/2+tesseract(rus+none)",
        "pdf/2",
    )


@needs("eng", "osd")
def test_recognised_pages_are_kept_and_taken_up_again(tmp_path: Path) -> None:
    options = ReadingOptions(recognised=tmp_path / "kept", ocr_threads=1)
    location = scanned(tmp_path / "scan.pdf", [printed(ENGLISH), printed(ENGLISH[:2])])

    def interrupt(done: int, _: int) -> None:
        raise InterruptedError(done)

    with pytest.raises(InterruptedError):
        read_pdf(location, options, interrupt)
    held = sorted((tmp_path / "kept").iterdir())
    assert held
    for place in held:
        words = (Word("Remembered", 100, 100, 300, 130, 96.0, (1, 1, 1)),)
        kept.save(place.parent, place.name, Recognised(0, words))
    assert "Remembered" in read_pdf(location, options).text


@needs("eng", "osd")
def test_nothing_of_a_file_that_was_read_stays_among_the_recognised_pages(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    options = ReadingOptions(recognised=folder, ocr_threads=1)
    read_pdf(scanned(tmp_path / "scan.pdf", [printed(ENGLISH), printed(ENGLISH[:2])]), options)
    read_image(picture(tmp_path / "page.png"), options)
    assert list(folder.iterdir()) == []


@needs("eng", "osd")
def test_light_letters_over_a_dark_photograph_are_read(tmp_path: Path) -> None:
    page = printed(["THE SUPPLIER", "DELIVERS"], points=30)
    grain = (
        Image.effect_noise((page.width // 6, page.height // 6), 120)
        .resize(page.size)
        .point([level // 2 for level in range(256)])
    )
    ImageChops.lighter(grain, ImageOps.invert(page)).save(tmp_path / "night.png")
    assert read_image(tmp_path / "night.png").text.split() == ["THE", "SUPPLIER", "DELIVERS"]


@needs("eng", "osd")
def test_a_scan_is_read_in_the_parsing_process(tmp_path: Path) -> None:
    location = scanned(tmp_path / "scan.pdf", [printed(ENGLISH)])
    with ParsingProcess() as parser:
        document = parser.parse(SourceFile("scan.pdf", location, PDF, location.stat().st_size, 1))
    assert "received the order" in document.text


@needs("eng", "osd")
@pytest.mark.parametrize("ending", ["png", "jpg", "tiff", "bmp", "gif", "webp"])
def test_an_image_is_read(tmp_path: Path, ending: str) -> None:
    document = read_image(picture(tmp_path / f"page.{ending}"))
    assert_sound(document)
    assert "received the order" in document.text
    assert document.reader == "image/1+tesseract(eng+rus+chi_sim)"


@needs("eng", "osd")
def test_every_page_of_a_tiff_is_read(tmp_path: Path) -> None:
    location = scanned(tmp_path / "fax.tiff", [printed(ENGLISH[:2]), printed([]), printed(ENGLISH[1:])])
    document = read_image(location)
    assert_sound(document)
    assert [(page.number, page.end > page.start) for page in document.pages] == [
        (1, True),
        (2, False),
        (3, True),
    ]


def test_an_image_turned_by_its_camera_is_put_upright(tmp_path: Path) -> None:
    from ingest.readers.pictures import frames

    page, exif = printed(ENGLISH), Image.Exif()
    exif[0x0112] = 6
    page.save(tmp_path / "photo.jpg", exif=exif)
    (frame,) = frames(tmp_path / "photo.jpg")
    assert frame.pixels.shape[0] > frame.pixels.shape[1]


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((32, 32), "no_text"),
        ((600, 12), "no_text"),
        ((400, 400), "no_text"),
        ((20_000, 6_000), "unpacks_too_large"),
    ],
)
def test_images_without_words_are_refused(tmp_path: Path, size: tuple[int, int], reason: str) -> None:
    Image.new("1", size, 1).save(tmp_path / "image.png")
    with pytest.raises(UnreadableFile) as caught:
        read_image(tmp_path / "image.png")
    assert caught.value.reason == reason


@pytest.mark.parametrize("kept", [0, 20, 200])
def test_a_torn_image_is_broken(tmp_path: Path, kept: int) -> None:
    location = picture(tmp_path / "page.png")
    location.write_bytes(location.read_bytes()[:kept])
    with pytest.raises(UnreadableFile) as caught:
        read_image(location)
    assert caught.value.reason == "broken"


def test_one_damaged_page_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    location = draw(tmp_path / "three.pdf", *(paragraph(100, SENTENCE) for _ in range(3)), pageCompression=0)
    location.write_bytes(_without_page(location.read_bytes(), 2))
    document = read_pdf(location)
    assert_sound(document)
    assert [element.page for element in document.elements] == [1, 3]
    assert document.warnings == ("The file is damaged: page 2 of 3 cannot be read.",)
    assert document.reader == "pdf/2"


def _without_page(content: bytes, number: int) -> bytes:
    """Make a page no page, in as many bytes."""
    parts = content.split(b"/Type /Page\n")
    assert len(parts) > number
    return b"/Type /Page\n".join(parts[:number]) + b"/Type /Pags\n" + b"/Type /Page\n".join(parts[number:])


def picture(location: Path) -> Path:
    printed(ENGLISH).save(location)
    return location


def mixed(folder: Path) -> Path:
    """A text page and a scan."""
    text = draw(folder / "text.pdf", paragraph(100, SENTENCE))
    scan = scanned(folder / "picture.pdf", [printed(ENGLISH)])
    with pypdfium2.PdfDocument(text) as document, pypdfium2.PdfDocument(scan) as other:
        cast("Any", document).import_pages(other)
        cast("Any", document).save(folder / "mixed.pdf")
    return folder / "mixed.pdf"

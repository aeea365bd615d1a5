"""Pictures of pages over a real server: boxes of a text lie on its ink, and what is gone is not shown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen import canvas

from ingest.rendering import PageImage, RenderingProcess
from service.page_images import PageImages
from service.page_originals import PageOriginals
from service.settings import Settings
from tests.fakes.live_service import live_in_memory
from tests.fakes.paper import printed, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ingest.rendering_child import PageWanted
    from tests.fakes.live_service import LiveService

ROWS = [
    "The tenant pays the rent on the first day of each month.",
    "Either party may end this lease on ninety days notice.",
]
WIDTH = 1_200
_DARK = 128
_ROOM = 2.0
"""Points around a box: the picture's letters have soft edges."""


def write_pdf(location: Path, *, rotation: int = 0, **options: object) -> None:
    sheet = cast("Any", canvas).Canvas(str(location), pagesize=(595, 842), **options)
    for number, row in enumerate(ROWS):
        sheet.drawString(100, 600 - 40 * number, row)
    sheet.save()
    if rotation:
        with pypdfium2.PdfDocument(location.read_bytes()) as document:
            cast("Any", document[0]).set_rotation(rotation)
            cast("Any", document).save(location)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    write_pdf(folder / "plain.pdf")
    for degrees in (90, 180, 270):
        write_pdf(folder / f"rotated-{degrees}.pdf", rotation=degrees)
    write_pdf(folder / "cropped.pdf", cropBox=(50, 300, 500, 800))
    write_pdf(folder / "changes.pdf")
    write_pdf(folder / "goes.pdf")
    scanned(folder / "scan.tiff", [printed(ROWS)])
    (folder / "notes.md").write_text("Nothing to draw.", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[LiveService]:
    with live_in_memory(Settings(data=tmp_path_factory.mktemp("data"))) as running:
        report = running.ingest(folder)
        assert not report.failed
        yield running


def address(service: LiveService, path: str) -> str:
    return f"/v1/documents/{service.documents()[path]['id']}"


def drawn(service: LiveService, document: str, *, width: int = WIDTH) -> NDArray[np.uint8]:
    response = service.http.get(f"{document}/pages/1/image?width={width}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/webp"
    return np.array(Image.open(io.BytesIO(response.content)).convert("L"))


@pytest.mark.parametrize(
    "path", ["plain.pdf", "rotated-90.pdf", "rotated-180.pdf", "rotated-270.pdf", "cropped.pdf", "scan.tiff"]
)
def test_the_boxes_of_a_text_lie_on_its_ink(service: LiveService, path: str) -> None:
    document = address(service, path)
    text = service.get(f"{document}/text")["text"]
    (page,) = service.get(f"{document}/pages")["pages"]
    pixels = drawn(service, document)
    assert pixels.shape[1] <= WIDTH + 1
    assert pixels.shape[0] / pixels.shape[1] == pytest.approx(page["height"] / page["width"], rel=0.01)
    scale = pixels.shape[1] / page["width"]
    ink, covered = pixels < _DARK, np.zeros(pixels.shape, dtype=bool)
    rows = [row for row in ROWS if row in text] if path.endswith(".pdf") else text.splitlines()
    assert rows
    for row in rows:
        start = text.index(row)
        for box in service.get(f"{document}/place?start={start}&end={start + len(row)}")["boxes"]:
            sides = [box["top"] - _ROOM, box["bottom"] + _ROOM, box["x0"] - _ROOM, box["x1"] + _ROOM]
            top, bottom, left, right = (max(0, round(side * scale)) for side in sides)
            assert ink[top:bottom, left:right].any()
            covered[top:bottom, left:right] = True
    assert covered.mean() < 0.2
    assert ink[covered].sum() >= 0.99 * ink.sum()


def test_a_page_is_as_wide_as_asked_within_bounds(service: LiveService) -> None:
    document = address(service, "plain.pdf")
    assert drawn(service, document, width=300).shape[1] == pytest.approx(300, abs=1)
    for width in (199, 2_001):
        service.get(f"{document}/pages/1/image?width={width}", 422)
    service.get(f"{document}/pages/0/image", 422)
    assert "page 2" in service.get(f"{document}/pages/2/image", 404)["detail"]


def test_what_has_no_pages_says_so(service: LiveService) -> None:
    document = address(service, "notes.md")
    told = service.get(f"{document}/pages")
    assert (told["pages"], told["images"]) == ([], False)
    assert "PDF" in told["reason"]
    assert told["reason"] in service.get(f"{document}/pages/1/image", 404)["detail"]


def test_another_file_in_its_place_is_never_shown(service: LiveService, folder: Path) -> None:
    document = address(service, "changes.pdf")
    drawn(service, document)
    write_pdf(folder / "changes.pdf", rotation=90)
    told = service.get(f"{document}/pages")
    assert (told["images"], len(told["pages"])) == (False, 1)
    assert "changed" in told["reason"]
    service.get(f"{document}/pages/1/image?width={WIDTH}", 404)


def test_a_page_that_is_forgotten_while_it_is_drawn_is_not_kept(service: LiveService) -> None:
    wired = service.services
    version = wired.catalog.document("default", service.documents()["plain.pdf"]["id"]).version

    class Interrupted(RenderingProcess):
        """Somebody deletes something while it draws."""

        def render(self, wanted: PageWanted) -> PageImage:
            if wanted.width == WIDTH:
                images.forget(version.tenant, version.collection, version.number)
            return PageImage(wanted.width, 1, b"drawn")

    images = PageImages(PageOriginals(wired.catalog, wired.originals), Interrupted())
    assert images.image(version, 1, WIDTH).content == b"drawn"
    assert images.size == 0
    images.image(version, 1, WIDTH - 1)
    assert images.size == len(b"drawn")


def test_what_is_deleted_is_gone_from_memory_too(service: LiveService, folder: Path) -> None:
    before = service.services.page_images.size
    document = address(service, "goes.pdf")
    drawn(service, document)
    assert service.services.page_images.size > before
    assert service.http.delete(document).status_code == 204
    assert service.services.page_images.size == before
    service.get(f"{document}/pages/1/image?width={WIDTH}", 410)
    (folder / "goes.pdf").unlink()

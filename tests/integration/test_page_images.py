"""Pictures of pages over a real server: boxes fit them, and nothing is shown that is gone."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import UnreadableFile
from ingest.rendering import RenderingProcess
from ingest.rendering_child import PageWanted
from service.settings import Settings
from tests.fakes.files import write_texts
from tests.fakes.live_service import live_in_memory
from tests.fakes.paper import printed, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.rendering import PageImage
    from tests.fakes.live_service import LiveService

FIRST, SECOND = "The rent is 4,200 euros.", "Nothing else is due."
Box = dict[str, float]


def lease(
    location: Path,
    *,
    rotation: int = 0,
    crop: tuple[float, float, float, float] | None = None,
    upright: bool = False,
) -> None:
    """A page of two lines, turned clockwise, of which a part (left, bottom, right, top) is shown.

    ``upright``: the words are turned the other way, so that they are read as usual.
    """
    canvas = Canvas(str(location), pagesize=(600, 800), cropBox=crop)
    canvas.setPageRotation(rotation)
    for words, height in ((FIRST, 500), (SECOND, 420)):
        canvas.saveState()
        canvas.translate(*((height - 60, 350) if upright else (150, height)))
        canvas.rotate(rotation if upright else 0)
        canvas.drawString(0, 0, words)
        canvas.restoreState()
    canvas.showPage()
    canvas.drawString(100, 700, "The second page.")
    canvas.save()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    lease(folder / "plain.pdf")
    for rotation in (90, 180, 270):
        lease(folder / f"turned-{rotation}.pdf", rotation=rotation)
    lease(folder / "cropped.pdf", crop=(100, 300, 500, 650))
    lease(folder / "both.pdf", rotation=90, crop=(100, 300, 500, 650))
    lease(folder / "landscape.pdf", rotation=90, crop=(100, 300, 500, 650), upright=True)
    for name in ("edited", "removed", "linked", "deleted"):
        lease(folder / f"{name}.pdf")
    write_texts(folder, {"notes.md": "# Notes\n\nThe rent is due.\n"})
    return folder


@pytest.fixture(scope="module")
def service(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_in_memory(Settings(data=tmp_path_factory.mktemp("data"))) as running:
        running.ingest(folder)
        yield running


@pytest.fixture(scope="module")
def renderer() -> Iterator[RenderingProcess]:
    with RenderingProcess() as renderer:
        yield renderer


def path_of(service: LiveService, name: str) -> str:
    return f"/v1/documents/{service.documents()[name]['id']}"


def seen(service: LiveService, path: str, page: int = 1, width: int = 900) -> np.ndarray[Any, Any]:
    """[height, width]: where the picture of a page has ink."""
    answer = service.http.get(f"{path}/pages/{page}/image?width={width}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/webp"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L")) < 128


def boxes_of(service: LiveService, path: str, words: str) -> list[Box]:
    text = service.get(f"{path}/text")["text"]
    start = text.index(words)
    return service.get(f"{path}/place?start={start}&end={start + len(words)}")["boxes"]


def cut(ink: np.ndarray[Any, Any], box: Box, page: dict[str, Any]) -> tuple[slice, slice]:
    """The rectangle of a picture that a viewer draws for a box: by shares of the page."""
    height, width = ink.shape
    across, down = width / page["width"], height / page["height"]
    return (
        slice(round(box["top"] * down) - 1, round(box["bottom"] * down) + 2),
        slice(round(box["x0"] * across) - 1, round(box["x1"] * across) + 2),
    )


@pytest.mark.parametrize(
    "name", ["plain", "turned-90", "turned-180", "turned-270", "cropped", "both", "landscape"]
)
def test_boxes_hold_the_ink_of_their_words_and_nothing_else(service: LiveService, name: str) -> None:
    path = path_of(service, f"{name}.pdf")
    told = service.get(f"{path}/pages")
    ink = seen(service, path)

    assert (told["images"], told["reason"], len(told["pages"])) == (True, None, 2)
    page = told["pages"][0]
    assert ink.shape[0] / ink.shape[1] == pytest.approx(page["height"] / page["width"], rel=0.01)
    assert ink.shape[1] == pytest.approx(900, abs=1)
    left = ink.copy()
    for words in (FIRST, SECOND):
        for box in boxes_of(service, path, words):  # many where the words stand on end
            place = cut(ink, box, page)
            assert ink[place].any(), words
            left[place] = False
    assert not left.any()
    # A part of a line has its part of the ink: the words themselves, not just their line.
    whole, some = (
        sum(ink[cut(ink, box, page)].sum() for box in boxes_of(service, path, words))
        for words in (FIRST, "4,200")
    )
    assert 0.1 < some / whole < 0.4


def test_a_page_is_drawn_once_for_a_width_and_asked_for_by_its_tag(service: LiveService) -> None:
    path = path_of(service, "plain.pdf")
    first = service.http.get(f"{path}/pages/2/image?width=300")
    kept = service.services.pages.size
    again = service.http.get(f"{path}/pages/2/image?width=300")

    assert first.content == again.content
    assert service.services.pages.size == kept > len(first.content)
    assert "no-cache" in first.headers["cache-control"]
    tag = {"If-None-Match": first.headers["etag"]}
    unchanged = service.http.get(f"{path}/pages/2/image?width=300", headers=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert service.http.get(f"{path}/pages/2/image?width=301", headers=tag).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status"),
    [("3/image", 404), ("0/image", 422), ("1/image?width=199", 422), ("1/image?width=2001", 422)],
)
def test_what_there_cannot_be_is_refused(service: LiveService, asked: str, status: int) -> None:
    service.get(f"{path_of(service, 'plain.pdf')}/pages/{asked}", status)


def test_a_text_has_no_pictures_and_says_so(service: LiveService) -> None:
    path = path_of(service, "notes.md")

    told = service.get(f"{path}/pages")

    assert (told["pages"], told["images"]) == ([], False)
    assert "only PDF files" in told["reason"]
    assert told["reason"] in service.get(f"{path}/pages/1/image", 404)["detail"]


def test_a_file_that_is_not_what_was_read_is_not_shown(
    service: LiveService, folder: Path, tmp_path: Path
) -> None:
    paths = {name: path_of(service, f"{name}.pdf") for name in ("edited", "removed", "linked")}
    for path in paths.values():
        assert seen(service, path).any()
    (folder / "edited.pdf").write_bytes((folder / "cropped.pdf").read_bytes())
    (folder / "removed.pdf").unlink()
    shutil.move(folder / "linked.pdf", tmp_path / "linked.pdf")
    (folder / "linked.pdf").symlink_to(tmp_path / "linked.pdf")

    for name, words in (("edited", "has changed"), ("removed", "not there any more"), ("linked", "changed")):
        told = service.get(f"{paths[name]}/pages")
        assert (told["images"], len(told["pages"])) == (False, 2)
        assert words in told["reason"]
        assert words in service.get(f"{paths[name]}/pages/1/image?width=900", 404)["detail"]


def test_a_deleted_document_s_pages_are_gone(service: LiveService) -> None:
    path = path_of(service, "deleted.pdf")
    before = service.services.pages.size
    assert seen(service, path, width=400).any()
    assert service.services.pages.size > before

    assert service.http.delete(path).status_code == 204

    assert service.services.pages.size == before
    for rest in ("pages", "pages/1/image?width=400", "place?start=0&end=3"):
        service.get(f"{path}/{rest}", 410)


class TestRenderingProcess:
    def test_it_is_confined(self, renderer: RenderingProcess) -> None:
        assert {"memory", "file_size", "open_files", "time"} <= renderer.limits

    def test_pages_of_a_tiff_and_a_turned_photograph(
        self, renderer: RenderingProcess, tmp_path: Path
    ) -> None:
        pages = scanned(tmp_path / "scan.tiff", [printed(["one"]), printed(["two", "lines"])])
        photograph = printed(["Turned"]).convert("RGB")
        exif = photograph.getexif()
        exif[0x0112] = 6  # to be turned by a quarter
        photograph.save(tmp_path / "photo.jpg", exif=exif)

        drawn = [renderer.render(PageWanted(pages, "image/tiff", page, 500)) for page in (1, 2)]
        turned = renderer.render(PageWanted(tmp_path / "photo.jpg", "image/jpeg", 1, 200))

        assert [shape(image) for image in drawn] == [(500, 190), (500, 190)]
        assert dark(drawn[1]) > 1.5 * dark(drawn[0]) > 0
        assert shape(turned)[0] == 200 < shape(turned)[1]

    def test_what_cannot_be_drawn_is_refused_and_the_next_page_is_drawn(
        self, renderer: RenderingProcess, tmp_path: Path
    ) -> None:
        (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
        lease(tmp_path / "sound.pdf")
        refused = [
            PageWanted(tmp_path / "broken.pdf", "application/pdf", 1, 300),
            PageWanted(tmp_path / "sound.pdf", "application/pdf", 7, 300),
            PageWanted(tmp_path / "sound.pdf", "image/png", 1, 300),
            PageWanted(tmp_path / "absent.pdf", "application/pdf", 1, 300),
        ]
        for wanted in refused:
            with pytest.raises(UnreadableFile):
                renderer.render(wanted)

        assert shape(renderer.render(PageWanted(tmp_path / "sound.pdf", "application/pdf", 1, 300))) == (
            300,
            400,
        )

    def test_one_that_takes_too_long_is_ended(self, tmp_path: Path) -> None:
        lease(tmp_path / "sound.pdf")
        wanted = PageWanted(tmp_path / "sound.pdf", "application/pdf", 1, 300)
        with RenderingProcess(seconds=0.0) as hasty, pytest.raises(UnreadableFile, match="time_limit"):
            hasty.render(wanted)


def shape(image: PageImage) -> tuple[int, int]:
    """Width and height, as said and as the picture has them."""
    size = Image.open(io.BytesIO(image.content)).size
    assert size == (image.width, image.height)
    return size


def dark(image: PageImage) -> int:
    """How much ink there is."""
    return int((np.asarray(Image.open(io.BytesIO(image.content)).convert("L")) < 128).sum())

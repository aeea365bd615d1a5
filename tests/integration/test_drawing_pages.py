"""Drawing pages: once for each width, from the bytes that were read alone, in a confined process."""

from __future__ import annotations

import io
import multiprocessing
import shutil
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import UnreadableFile
from ingest.rendering import RenderingProcess
from ingest.rendering_child import PageWanted
from service.page_images import NoPageImage, PageImages
from service.page_originals import PageOriginals
from service.settings import Settings
from tests.fakes.live_service import live_in_memory
from tests.fakes.paper import printed, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.errors import FailureReason
    from ingest.rendering import PageImage
    from tests.fakes.live_service import LiveService


def lease(location: Path) -> None:
    """A PDF of two pages."""
    canvas = Canvas(str(location), pagesize=(600, 800))
    for words in ("The rent is 4,200 euros.", "Nothing else is due."):
        canvas.drawString(150, 500, words)
        canvas.showPage()
    canvas.save()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    for name in ("plain", "edited", "removed", "linked"):
        lease(folder / f"{name}.pdf")
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


def test_a_page_is_drawn_once_for_a_width_and_asked_for_by_its_tag(service: LiveService) -> None:
    path = path_of(service, "plain.pdf")
    first = service.http.get(f"{path}/pages/2/image?width=300")
    kept = service.services.page_images.size
    again = service.http.get(f"{path}/pages/2/image?width=300")

    assert first.content == again.content
    assert service.services.page_images.size == kept >= len(first.content) > 0
    assert "no-cache" in first.headers["cache-control"]
    tag = {"If-None-Match": first.headers["etag"]}
    unchanged = service.http.get(f"{path}/pages/2/image?width=300", headers=tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert service.http.get(f"{path}/pages/2/image?width=301", headers=tag).status_code == 200


def test_a_file_that_is_not_what_was_read_is_not_shown(
    service: LiveService, folder: Path, tmp_path: Path
) -> None:
    paths = {name: path_of(service, f"{name}.pdf") for name in ("edited", "removed", "linked")}
    for path in paths.values():
        assert seen(service, path).any()
    (folder / "edited.pdf").write_bytes((folder / "plain.pdf").read_bytes()[:-1] + b"\r")
    (folder / "removed.pdf").unlink()
    shutil.move(folder / "linked.pdf", tmp_path / "linked.pdf")
    (folder / "linked.pdf").symlink_to(tmp_path / "linked.pdf")

    for name, words in (("edited", "has changed"), ("removed", "not there any more"), ("linked", "changed")):
        told = service.get(f"{paths[name]}/pages")
        assert (told["images"], len(told["pages"])) == (False, 2)
        assert words in told["reason"]
        assert words in service.get(f"{paths[name]}/pages/1/image?width=900", 404)["detail"]


class FailingRenderer:
    """Draws nothing, for this reason."""

    def __init__(self, reason: FailureReason) -> None:
        self.reason: FailureReason = reason
        self.asked = 0

    def render(self, wanted: PageWanted) -> PageImage:
        self.asked += 1
        raise UnreadableFile(self.reason, f"page {wanted.page} could not be drawn")


@pytest.mark.parametrize(("reason", "asked"), [("time_limit", 2), ("memory_limit", 2), ("broken", 1)])
def test_a_failure_that_may_pass_is_not_remembered(
    service: LiveService, reason: FailureReason, asked: int
) -> None:
    wired, renderer = service.services, FailingRenderer(reason)
    originals = PageOriginals(wired.catalog, wired.originals)
    images = PageImages(originals, cast("RenderingProcess", renderer))
    version = wired.library.version_of("default", service.documents()["plain.pdf"]["id"])
    for _ in range(2):
        with pytest.raises(NoPageImage, match="could not be drawn"):
            images.image(version, 1, 300)
    assert renderer.asked == asked


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

    def test_a_process_that_died_while_idle_is_not_the_next_pages_fault(self, tmp_path: Path) -> None:
        lease(tmp_path / "sound.pdf")
        wanted = PageWanted(tmp_path / "sound.pdf", "application/pdf", 1, 300)
        with RenderingProcess() as renderer:
            first = renderer.render(wanted)
            for child in multiprocessing.active_children():
                if child.name == "lectern-renderer":
                    child.kill()
                    child.join()
            assert dark(renderer.render(wanted)) == dark(first)

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

"""What tests do on the page: ask, wait, and read what lies under a highlight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pypdfium2

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.browser import Visit
    from tests.fakes.live_service import LiveService


def ask(visit: Visit, question: str, *, wait: bool = True) -> None:
    visit.page.get_by_role("textbox", name="Question").fill(question)
    visit.page.keyboard.press("Enter")
    visit.page.locator(".turn:last-child .asked", has_text=question[:40]).wait_for()
    if wait:
        finished(visit)


def finished(visit: Visit) -> None:
    visit.page.locator('.turn:last-child[aria-busy="false"]').wait_for()


def words(text: str) -> str:
    return " ".join(text.split())


def lines_are_loaded(visit: Visit) -> None:
    visit.page.locator(".sheet .lines").first.wait_for()
    visit.page.locator(".sheet:has(.lines) img").first.wait_for()
    assert visit.evaluate("document.querySelector('.sheet:has(.lines) img').naturalWidth") > 0


def place_of(service: LiveService, address: str) -> Any:  # noqa: ANN401 — JSON
    _, _, document, number, span = address.rpartition("#")[2].split("/")
    start, end = span.split("-")
    return service.get(f"/v1/documents/{document}/place?number={number}&start={start}&end={end}")


def boxes_on_screen(visit: Visit) -> list[dict[str, float]]:
    """The rectangles as shares of the image that is seen under them."""
    return visit.evaluate(
        """[...document.querySelectorAll('.sheet .lines')].map((lines) => {
            const box = lines.getBoundingClientRect();
            const image = lines.parentElement.querySelector('img').getBoundingClientRect();
            return {
              page: Number(lines.parentElement.dataset.page),
              left: (box.left - image.left) / image.width, right: (box.right - image.left) / image.width,
              top: (box.top - image.top) / image.height, bottom: (box.bottom - image.top) / image.height,
            };
        })"""
    )


def text_under(original: Path, box: dict[str, float]) -> str:
    """What the page of a PDF has printed there; a point of slack for what the screen rounds."""
    document = pypdfium2.PdfDocument(original)
    try:
        page = document[int(box["page"]) - 1]
        width, height = page.get_size()
        assert box["right"] - box["left"] < 0.95
        assert box["bottom"] - box["top"] < 0.03, "a line, not a region"
        return page.get_textpage().get_text_bounded(  # pyright: ignore[reportUnknownMemberType] — has no types
            left=box["left"] * width - 1,
            right=box["right"] * width + 1,
            top=height - box["top"] * height + 1,
            bottom=height - box["bottom"] * height - 1,
        )
    finally:
        document.close()

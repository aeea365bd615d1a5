"""From files that are sent on the page to the highlighted words of an answer, in a real Chromium."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from service.settings import Settings
from tests.fakes.browser import open_page
from tests.fakes.files import LEASE, write_docx, write_pdf
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, passages_of
from tests.fakes.page_reading import (
    ask,
    boxes_on_screen,
    finished,
    lines_are_loaded,
    place_of,
    text_under,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

QUOTES = {
    "agency.pdf": "The Agent earns a commission of 12% on net sales",
    "nda.docx": "The Recipient shall keep the formula secret for seven years",
    "lease.md": "Late payments bear interest at 1.5% per month",
}
QUESTION = (
    "Which commission is earned, how long is the formula secret, and what interest do late payments bear?"
)
FIRST_WORDS = "The documents"
READ_WITHIN = 60_000
"""Milliseconds."""


def script(request: Recorded) -> Reply:
    """A reader that finds the three sentences in what it is shown."""
    shown = {marker: words(text) for marker, text in passages_of(request).items()}
    found = {
        quote: next((marker for marker, text in shown.items() if quote in text), "D999:1")
        for quote in QUOTES.values()
    }
    told = [f'- {quote} [{marker} "{quote}"].' for quote, marker in found.items()]
    return Reply("\n\n".join([f"{FIRST_WORDS} say:", *told]), chunk=5)


class Halting:
    """Stops a reply behind its first words until they have been seen."""

    def __init__(self) -> None:
        self.seen = threading.Event()
        self._sent = ""

    def before(self, frame: str) -> None:
        if FIRST_WORDS in self._sent:
            assert self.seen.wait(READ_WITHIN / 1_000)
        for choice in json.loads(frame)["choices"]:
            self._sent += choice["delta"].get("content") or ""


@pytest.fixture
def halting() -> Halting:
    return Halting()


@pytest.fixture
def service(tmp_path: Path, halting: Halting) -> Iterator[LiveService]:
    with Glm5Server(script) as glm5:
        glm5.on_frame = halting.before
        settings = Settings(
            data=tmp_path / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
        )
        with live(settings) as running:
            yield running


def test_files_that_are_sent_are_asked_about_and_open_at_the_words(
    browser: Browser, service: LiveService, halting: Halting, tmp_path: Path
) -> None:
    write_pdf(tmp_path / "agency.pdf", ["A page before it.", f"{QUOTES['agency.pdf']}."])
    write_docx(tmp_path / "nda.docx")
    (tmp_path / "lease.md").write_text(LEASE, encoding="utf-8")
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\nthis is not a cross reference table\n")
    with open_page(browser, f"{service.url}/#/documents/papers") as visit:
        page = visit.page
        page.locator("input[data-kind=files]").set_input_files(
            [tmp_path / name for name in (*QUOTES, "torn.pdf")]
        )
        page.get_by_text("3 files read · 1 could not be read").first.wait_for(timeout=READ_WITHIN)
        assert "The file is damaged." in page.locator("article.job li", has_text="torn.pdf").inner_text()
        visit.show("whole-sent")

        page.get_by_role("link", name="Ask", exact=True).click()
        ask(visit, QUESTION, wait=False)
        page.locator(".answer .pending", has_text=FIRST_WORDS).wait_for()
        halting.seen.set()
        finished(visit)
        assert page.locator(".grounding.good").count() == 1
        marks = page.locator(".answer a.citation")
        assert marks.all_inner_texts() == ["1", "2", "3"]

        opened = dict[str, str]()
        for mark in marks.all():
            mark.click()
            place = place_of(service, mark.get_attribute("href") or "")
            page.locator(".source-head", has_text=place["path"]).wait_for()
            if place["path"].endswith(".pdf"):
                lines_are_loaded(visit)
                boxes = boxes_on_screen(visit)
                assert {box["page"] for box in boxes} == {2}
                opened[place["path"]] = words(
                    " ".join(text_under(tmp_path / place["path"], box) for box in boxes)
                )
            else:
                opened[place["path"]] = words(page.locator(".source mark").text_content() or "")
            visit.show(f"whole-{place['path']}")
        assert opened.keys() == QUOTES.keys()
        for path, quote in QUOTES.items():
            assert quote in opened[path]
        visit.expect_quiet()

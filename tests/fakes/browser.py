"""A real Chromium that looks at the page, and writes down what the page should not do.

    with chromium() as browser, open_page(browser, service.url, width=380, theme="dark") as visit:
        visit.page.get_by_role("button", name="Ask").click()
        visit.show("asked")
        assert not axe(visit)
        visit.expect_quiet()

Playwright's synchronous interface keeps an event loop running in its thread while it is open: use the
``browser`` fixture, which lasts for a file, so that the tests of other files can run loops of their own.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDE, NARROW = 1_400, 380
"""Pixels of a screen on a desk, and of a telephone."""
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
_HEIGHT = 900
_FLAGS = ["--no-sandbox", "--no-proxy-server", "--disable-gpu", "--disable-component-update"]
_WAIT_MILLISECONDS = 10_000
_GRAVE = ("serious", "critical")


@dataclass
class Visit:
    """A page that is open, and what has gone wrong in it so far."""

    page: Page
    devtools: Any
    """A session of the browser's own protocol, whose parameters and answers are JSON."""
    errors: list[str] = field(default_factory=list[str])
    """Errors and warnings on the console, exceptions that nobody caught."""
    strays: list[str] = field(default_factory=list[str])
    """Addresses of other origins that the page asked for."""
    origin: str = ""
    _sizes: list[float] = field(default_factory=list[float])

    @property
    def transferred(self) -> int:
        """Bytes that came over the wire, heads of answers included."""
        return round(sum(self._sizes))

    def show(self, name: str) -> None:
        """Keep a picture where `LECTERN_TEST_SCREENSHOTS` names a folder."""
        folder = os.environ.get("LECTERN_TEST_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder, f"{name}.png"))

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 — JSON
        """The value of an expression, awaited; the page's own policy for scripts does not hold for it."""
        told = self.devtools.send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "awaitPromise": True,
                "returnByValue": True,
                "allowUnsafeEvalBlockedByCSP": True,
            },
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def expect_quiet(self, allowed: str | None = None) -> None:
        """Nothing was said on the console but what ``allowed`` matches, and no request left the origin."""
        loud = [error for error in self.errors if not (allowed and re.search(allowed, error))]
        assert not loud, loud
        assert not self.strays, self.strays

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def _requested(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and f"{url.scheme}://{url.netloc}" != self.origin:
            self.strays.append(request.url)

    def _received(self, end: dict[str, float]) -> None:
        self._sizes.append(end["encodedDataLength"])

    def watch(self) -> None:
        """Begin to write down."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.page.on("request", self._requested)
        self.devtools.on("Network.loadingFinished", self._received)
        self.devtools.send("Network.enable")


@contextmanager
def chromium() -> Generator[Browser]:
    """A browser; the test is skipped where the machine has none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """One browser for the tests of a file; every visit is a profile of its own."""
    with chromium() as opened:
        yield opened


@contextmanager
def open_page(
    browser: Browser,
    url: str,
    *,
    width: int = WIDE,
    height: int = _HEIGHT,
    theme: Theme = "light",
    language: str = "en-US",
    touch: bool = False,
) -> Generator[Visit]:
    """A page in a fresh profile; ``url`` may have a fragment."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale=language,
        has_touch=touch,
        reduced_motion="reduce",
    )
    context.set_default_timeout(_WAIT_MILLISECONDS)
    page = context.new_page()
    parts = urlsplit(url)
    visit = Visit(page, context.new_cdp_session(page), origin=f"{parts.scheme}://{parts.netloc}")
    visit.watch()
    try:
        page.goto(url)
        yield visit
    finally:
        context.close()


def axe(visit: Visit) -> list[str]:
    """Serious and critical violations that axe-core finds: rule, how many, the first one's address.

    The test is skipped where `LECTERN_TEST_AXE` names no `axe.min.js`.
    """
    script = os.environ.get("LECTERN_TEST_AXE")
    if not script:
        pytest.skip("LECTERN_TEST_AXE names no axe.min.js")
    visit.evaluate(f"{Path(script).read_text(encoding='utf-8')}\n;0")
    found = visit.evaluate("axe.run({resultTypes: ['violations']}).then((told) => told.violations)")
    return [_told(rule) for rule in found if rule["impact"] in _GRAVE]


def _told(rule: dict[str, Any]) -> str:
    first = rule["nodes"][0]
    return f"{rule['id']} ({len(rule['nodes'])}): {first['target']} {first['failureSummary']}"

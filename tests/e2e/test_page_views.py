"""Documents, usage and reviews of the page in a real Chromium, over a real server."""

from __future__ import annotations

import io
import json
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import openpyxl
import pytest
from pydantic import SecretStr

from ingest.catalog.call_records import CallRecord
from service.http.requests import LONGEST_QUESTION
from service.ingest_lock import holding
from service.links import source_link
from service.settings import Settings
from tests.fakes.browser import NARROW, THEMES, WIDE, axe, open_page
from tests.fakes.files import LEASE, write_docx, write_pdf, write_texts
from tests.fakes.glm5 import Glm5Server
from tests.fakes.live_service import live_in_memory
from tests.fakes.reviewer import CellModel, quoting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.fakes.browser import Theme, Visit
    from tests.fakes.live_service import LiveService

RENT, SUBLET, COURT = "What is the rent?", "May it be sublet?", "Which court decides?"
HOSTILE = "<img src=x onerror=alert(1)>"
TURNED = {
    f"{HOSTILE}.md": f"# {HOSTILE}\n\nNothing of this runs.\n",
    "turned.md": "# safe\u202egnp.exe\n\nText.\n",
}
_DROP = """{
    const transfer = new DataTransfer();
    for (const [name, text] of Object.entries(FILES)) transfer.items.add(new File([text], name));
    const told = { dataTransfer: transfer, bubbles: true, cancelable: true };
    const zone = document.querySelector(".zone");
    for (const type of ["dragenter", "dragover", "drop"]) zone.dispatchEvent(new DragEvent(type, told));
}"""
LONG = 130
READ_WITHIN = 30_000
"""Milliseconds: the first file waits for the process that reads."""


@pytest.fixture(scope="module")
def model() -> CellModel:
    return CellModel(
        {
            RENT: quoting("monthly rent of 4,200 euros", "4,200 euros"),
            SUBLET: quoting("shall not sublet the warehouse", "No. The Tenant may sublet 9,900 times"),
        },
        failing={"What fails?"},
        delay=0.05,
    )


@pytest.fixture(scope="module")
def service(model: CellModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A collection of leases, one of hostile names, a long one, and a ledger of ten days."""
    folder = tmp_path_factory.mktemp("page")
    write_texts(folder / "leases", {f"harbour/lease-{n}.md": f"{LEASE}\nBerth {n}.\n" for n in range(3)})
    write_texts(folder / "hostile", TURNED)
    write_texts(folder / "long", {f"clause-{n}.md": f"Clause {n}.\n" for n in range(LONG)})
    with Glm5Server(model) as glm5:
        settings = Settings(
            data=folder / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            review_documents_at_once=1,
        )
        with live_in_memory(settings) as running:
            running.ingest(folder / "leases", collection="leases")
            running.ingest(folder / "hostile", collection="hostile")
            running.ingest(folder / "long", collection="long")
            running.services.catalog.record_calls([call(day, n) for day in range(10) for n in range(day + 1)])
            yield running


def call(day: int, place: int) -> CallRecord:
    return CallRecord(
        id=secrets.token_hex(8),
        tenant="default",
        created_at=datetime.now(UTC) - timedelta(days=day),
        answer=f"ans_{day}_{place}",
        session="s",
        collection="leases" if place % 2 else "harbours",
        key="bot" if place % 3 else "",
        provider="zai",
        model="glm-5",
        purpose="answer",
        mode="retrieve",
        planned_tokens=1_000,
        predicted_cached_tokens=600,
        prompt_tokens=1_000 + place,
        cached_tokens=600,
        completion_tokens=80,
        usd=0.01,
        saved_usd=0.004,
        milliseconds=1_000.0 + 100 * place,
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A PDF, a Word document, a Markdown file, and a PDF that is broken."""
    write_pdf(tmp_path / "agency.pdf", ["The Agent earns a commission of 12% on net sales."])
    write_docx(tmp_path / "nda.docx")
    (tmp_path / "lease.md").write_text(LEASE, encoding="utf-8")
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\nthis is not a cross reference table\n")
    return [tmp_path / name for name in ("agency.pdf", "nda.docx", "lease.md", "torn.pdf")]


def at(service: LiveService, *place: object) -> str:
    return f"{service.url}/#/{'/'.join(quote(str(part), safe='') for part in place)}"


def drop(visit: Visit, files: dict[str, str]) -> None:
    """What a browser tells a page when files fall on it."""
    visit.evaluate(_DROP.replace("FILES", json.dumps(files)))


def rows(page: Page) -> list[str]:
    return page.locator(".list tbody th a").all_inner_texts()


def test_files_that_are_sent_are_read_before_ones_eyes(
    browser: Browser, service: LiveService, files: list[Path]
) -> None:
    with open_page(browser, at(service, "documents", "papers")) as visit:
        page = visit.page
        page.get_by_text("Nothing is in here yet").wait_for()

        page.locator("input[data-kind=files]").set_input_files(files)

        page.get_by_text("3 files read · 1 could not be read").first.wait_for(timeout=READ_WITHIN)
        card = page.locator("article.job")
        assert "The file is damaged." in card.locator("li", has_text="torn.pdf").inner_text()
        assert card.locator("li", has_text="nda.docx").inner_text().endswith("read")
        page.locator(".list tbody tr").nth(2).wait_for()
        assert rows(page) == ["agency", "Lease of the Harbour Warehouse", "Non-disclosure agreement"]
        assert service.documents("papers").keys() == {"agency.pdf", "nda.docx", "lease.md"}
        page.locator("details.failures summary").click()
        assert "The file is damaged." in page.locator("details.failures").inner_text()
        visit.show("documents-read")

        page.get_by_placeholder("Filter by name").fill("NDA")
        assert page.locator(".list tbody tr:visible").count() == 1
        visit.expect_quiet()


def test_what_is_under_way_is_shown_again_and_can_be_stopped(browser: Browser, service: LiveService) -> None:
    # Another's work holds the job back: by itself it may be done before anybody can stop it.
    busy = holding(service.services.settings.data, "another ingest")
    with busy, open_page(browser, at(service, "documents", "many")) as visit:
        page = visit.page
        page.get_by_text("Nothing is in here yet").wait_for()
        drop(visit, {f"clause-{n}.md": f"Clause {n}.\n" for n in range(80)})
        page.locator("article.job").wait_for()

        page.reload()

        page.locator("article.job").get_by_role("button", name="Stop").click()
        page.locator("article.job[data-state=cancelled]").wait_for(timeout=READ_WITHIN)
        assert service.get("/v1/jobs?collection=many")["jobs"][0]["state"] == "cancelled"
        visit.expect_quiet()


def test_what_is_dropped_is_pinned_and_deleted_by_keyboard(browser: Browser, service: LiveService) -> None:
    with open_page(browser, at(service, "documents", "dropped")) as visit:
        page = visit.page
        page.get_by_text("Nothing is in here yet").wait_for()
        drop(visit, {"terms.md": "# Terms\n\nThe price is 90 euros.\n", "note.md": "# Note\n\nNothing.\n"})
        page.get_by_role("link", name="Terms").wait_for(timeout=READ_WITHIN)

        page.get_by_role("button", name="Pin Terms").press("Enter")
        page.get_by_text("tokens open every question").wait_for()
        pinned = service.get("/v1/collections/dropped")["pinned"]
        assert [document["title"] for document in pinned] == ["Terms"]
        assert visit.evaluate("document.activeElement.textContent") == "Unpin"

        page.get_by_role("button", name="Delete Note").press("Enter")
        page.keyboard.press("Escape")
        assert len(rows(page)) == 2
        page.get_by_role("button", name="Delete Note").press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("“Note” is deleted.").wait_for()
        page.get_by_text("1 document", exact=True).wait_for()
        assert service.documents("dropped").keys() == {"terms.md"}
        visit.expect_quiet()


def test_a_long_list_is_shown_by_and_by(browser: Browser, service: LiveService) -> None:
    with open_page(browser, at(service, "documents", "long")) as visit:
        page = visit.page
        page.locator(".list tbody tr").nth(99).wait_for()
        assert len(rows(page)) == 100

        page.get_by_role("button", name="Show more").click()

        page.locator(".list tbody tr").nth(LONG - 1).wait_for()
        assert len(rows(page)) == LONG
        assert not page.get_by_role("button", name="Show more").is_visible()
        visit.expect_quiet()


def test_what_cannot_be_sent_or_asked_is_said_in_words(browser: Browser, tmp_path: Path) -> None:
    key = secrets.token_hex(16)
    settings = Settings(data=tmp_path / "data", access_key=SecretStr(key), largest_upload_mb=1)
    write_texts(tmp_path / "docs", {"lease.md": LEASE})
    with live_in_memory(settings) as service:
        service.ingest(tmp_path / "docs")
        with open_page(browser, at(service, "documents", "default")) as visit:
            page = visit.page
            page.get_by_label("Access key").fill(key)
            page.keyboard.press("Enter")
            page.locator(".list tbody tr").wait_for()

            drop(visit, {"large.md": "word " * 400_000})
            page.locator(".upload .failure", has_text="2 MB").wait_for()
            page.get_by_role("button", name="Close").click()
            page.context.set_offline(True)
            drop(visit, {"small.md": "word"})
            page.locator(".upload .failure", has_text="The server does not answer").wait_for()
            page.context.set_offline(False)
            page.get_by_role("button", name="Try again").click()
            page.get_by_role("link", name="small").wait_for(timeout=READ_WITHIN)

            page.goto(at(service, "ask"))
            question = page.get_by_role("textbox", name="Question")
            question.fill(f"  {'😀' * (LONGEST_QUESTION + 1)}\n")
            page.get_by_role("status").get_by_text("has 20,001 characters; it may have 20,000").wait_for()
            assert page.get_by_role("button", name="Ask").is_disabled()
            question.fill(f"  {'😀' * LONGEST_QUESTION}\n")
            page.get_by_text("it may have").wait_for(state="detached")
            assert page.get_by_role("button", name="Ask").is_enabled()

            page.goto(at(service, "reviews", "new"))
            page.get_by_label("Question", exact=True).fill(RENT)
            page.get_by_role("button", name="Begin the review").click()
            page.get_by_role("alert").get_by_text("needs a language model").wait_for()
            page.goto(at(service, "usage"))
            page.get_by_text("Nobody has asked a language model anything").wait_for()
            visit.expect_quiet(allowed="status of (401|409|413)|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION")


def test_hostile_names_are_text(browser: Browser, service: LiveService) -> None:
    with open_page(browser, at(service, "documents", "hostile")) as visit:
        page = visit.page
        page.locator(".list tbody tr").nth(1).wait_for()

        assert rows(page) == [HOSTILE, "safe⟨U+202E⟩gnp.exe"]
        assert page.locator(".list .file-path").first.inner_text() == f"{HOSTILE}.md"
        assert page.locator("main img").count() == 0
        visit.expect_quiet()


def test_usage_is_what_the_ledger_says(browser: Browser, service: LiveService) -> None:
    first = (datetime.now(UTC) - timedelta(days=6)).date()
    used = service.get(f"/v1/usage?from={first}&collection=harbours")
    with open_page(browser, at(service, "usage", 7, "harbours")) as visit:
        page = visit.page
        page.get_by_role("heading", name="By access key").wait_for()

        told = page.locator(".totals").inner_text()

        total = used["total"]
        assert f"{total['answers']} answers in the last 7 days: ${total['usd']:.2f}." in told
        assert (
            f"{total['cached_ratio']:.0%} of all that was read, and saved ${total['saved_usd']:.3f}" in told
        )
        for heading in page.locator(".chart summary").all():
            heading.click()
        days = page.locator(".chart").first.locator("tbody td").all_inner_texts()
        by_day = {row["day"]: row["usd"] for row in used["rows"]}
        assert len(days) == 7
        assert [float(day.strip("$")) for day in days] == pytest.approx(list(by_day.values()))
        model = page.locator("section.split", has_text="By model").locator("tbody tr").inner_text()
        assert model.split() == [
            "glm-5",
            *(f"{total[name]:,}" for name in ("answers", "calls", "prompt_tokens")),
            f"{total['cached_ratio']:.0%}",
            f"{total['completion_tokens']:,}",
            f"${total['usd']:.2f}",
            f"${total['saved_usd']:.3f}",
        ]
        page.get_by_role("img", name=re.compile("Time to answer")).press("ArrowLeft")
        tip = page.locator(".tip:visible").inner_text()
        assert "Median: 1 sec" in tip
        page.get_by_label("Collection", exact=True).select_option("leases")
        page.get_by_text("12 answers in the last 7 days").wait_for()
        visit.expect_quiet()


def test_a_review_fills_its_grid_and_each_cell_opens_its_source(
    browser: Browser, service: LiveService
) -> None:
    with open_page(browser, at(service, "reviews", "new")) as visit:
        page = visit.page
        page.get_by_label("Name", exact=True).fill(f"Leases {HOSTILE}")
        page.get_by_label("Collection", exact=True).select_option("leases")
        page.get_by_text("Paste or load many questions").click()
        page.locator("#pasted").fill(
            f"question,type,title\n{RENT},amount,Rent\n{SUBLET},yes/no,\n{COURT},,\nWhat fails?,,\n"
        )
        page.get_by_role("button", name="Add these").click()
        page.locator(".questions li").nth(3).wait_for()
        page.get_by_role("button", name="Begin the review").click()
        page.get_by_text(
            re.compile(r"12 answers about 3 documents\. It should cost about \$0\.\d+")
        ).wait_for()
        page.locator("dialog").get_by_role("button", name="Begin the review").click()

        page.locator("td.cell-answered").first.wait_for()
        page.locator("header .state.done").wait_for(timeout=READ_WITHIN)

        identity = visit.evaluate("location.hash").rpartition("/")[2]
        cells = service.get(f"/v1/reviews/{identity}")["cells"]
        shown = page.locator(".grid td").all_inner_texts()
        assert [text.partition("\n")[0] for text in shown[:4]] == [
            cells[0]["value"]["shown"],
            "No",
            "Not in the document",
            "Failed",
        ]
        assert "Not proven" in shown[1]
        assert page.locator("main img").count() == 0

        page.locator(".grid td").nth(5).click()
        page.keyboard.press("Escape")
        for key in ("ArrowUp", "ArrowLeft", "Enter"):
            page.keyboard.press(key)
        panel = page.locator(".panel")
        source = cells[0]["citations"][0]
        opened = panel.get_by_role("link", name="Open the source").get_attribute("href")
        assert opened == source_link(
            "", cells[0]["document_id"], cells[0]["number"], source["start"], source["end"]
        )
        assert source["text"] in panel.inner_text()
        assert "The cited text holds all of it." in panel.inner_text()
        visit.show("review-done")

        with page.expect_download() as saved:
            page.get_by_role("button", name="Excel").click()
        assert saved.value.suggested_filename.endswith(".xlsx")
        book = openpyxl.load_workbook(io.BytesIO(saved.value.path().read_bytes()))
        assert [cell.value for cell in book["Review"][1]] == [
            "Document",
            "Rent",
            SUBLET,
            COURT,
            "What fails?",
        ]
        assert book["Citations"]["A2"].hyperlink.target == f"{service.url}/{opened}"
        page.goto(book["Citations"]["A2"].hyperlink.target)
        assert page.locator("main mark").first.inner_text() == source["text"]
        page.goto(book["Review"]["A2"].hyperlink.target)
        page.locator("main").get_by_text("shall not sublet the warehouse").first.wait_for()
        visit.expect_quiet()


def test_a_review_is_stopped_gone_on_with_and_deleted(
    browser: Browser, service: LiveService, model: CellModel
) -> None:
    model.delay = 0.4
    questions = [{"question": f"{RENT} ({n})"} for n in range(4)]
    begun = service.post("/v1/reviews", {"questions": questions, "collection": "leases"}, 202)
    with open_page(browser, at(service, "review", begun["id"])) as visit:
        page = visit.page
        page.get_by_role("button", name="Stop").click()
        page.locator("header .state.cancelled").wait_for(timeout=READ_WITHIN)
        model.delay = 0.0

        page.get_by_role("button", name="Go on").click()
        page.locator("header .state.done").wait_for(timeout=READ_WITHIN)
        assert page.locator("td.cell-absent").count() == 12
        page.get_by_role("button", name="Delete").click()
        page.locator("dialog").get_by_role("button", name="Delete").click()

        page.get_by_role("link", name="New review").wait_for()
        service.get(f"/v1/reviews/{begun['id']}", 404)
        visit.expect_quiet()
    model.delay = 0.05


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_every_view_fits_and_has_names(
    browser: Browser, service: LiveService, width: int, theme: Theme
) -> None:
    review = reviewed(service)
    places = {
        "collections": ("documents",),
        "documents": ("documents", "leases"),
        "usage": ("usage",),
        "reviews": ("reviews",),
        "review-form": ("reviews", "new"),
        "review": ("review", review),
    }
    with open_page(browser, at(service, "documents"), width=width, theme=theme) as visit:
        for name, place in places.items():
            visit.page.goto(at(service, *place))
            visit.page.locator("main h1").wait_for()
            visit.page.locator("main[data-view] :is(.card, .list tbody tr, .grid td)").first.wait_for()
            assert visit.overflow() <= 0, name
            visit.show(f"{name}-{width}-{theme}")
            if (width == NARROW) == (theme == "dark"):
                assert not axe(visit), name
        visit.expect_quiet()


def reviewed(service: LiveService) -> Any:  # noqa: ANN401 — JSON
    """The id of a review that is done."""
    asked = {"questions": [{"question": RENT, "type": "amount"}], "collection": "leases", "name": "fits"}
    identity = service.post("/v1/reviews", asked, 202)["id"]
    deadline = time.monotonic() + 20
    while service.get(f"/v1/reviews/{identity}")["state"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return identity

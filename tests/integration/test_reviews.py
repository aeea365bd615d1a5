"""Reviews through the running service, against a scripted GLM-5 that counts what its cache serves."""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from pydantic import SecretStr

from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.reviewing import ReviewQuestion, review_rules
from service.jobs.controlling import WrongState
from service.jobs.owner import this_process
from service.links import source_link
from service.reviewing import controlling
from service.reviewing.cells import ReviewOrder
from service.reviewing.exporting import from_csv
from service.reviewing.report import report
from service.reviewing.running import NoModel, run_review
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server
from tests.fakes.live_service import live_in_memory
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.reviewer import ABSENT, CellModel, quoting
from tests.fakes.scripted_model import ScriptedModel
from tests.fakes.workshop import edit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

SUPPLY = """# Supply Agreement

## 1. Price

The Buyer shall pay a fixed price of $2.5 million in four instalments.

## 2. Term

This agreement begins on 03/04/2023. The Buyer sublets nothing. =HYPERLINK("http://x.example") is a formula.
"""
TEXTS = {"lease.md": LEASE, "supply.md": SUPPLY}
RENT, BEGIN, SUBLET, DUTIES, COURT = (
    "What is to be paid?",
    "When does it begin?",
    "May the warehouse be sublet?",
    "What must the tenant do?",
    "Which court decides?",
)
QUESTIONS = [
    {"id": "pay", "question": RENT, "type": "amount", "title": "Payment"},
    {"id": "begin", "question": BEGIN, "type": "date"},
    {"id": "sublet", "question": SUBLET, "type": "yes/no"},
    {"id": "duties", "question": DUTIES, "type": "list"},
    {"question": COURT},
]


def payment(passages: dict[str, str]) -> str:
    rent = quoting("monthly rent of 4,200 euros", "4,200 euros")(passages)
    return quoting("fixed price of $2.5 million", "$2.5 million")(passages) if rent == ABSENT else rent


def beginning(passages: dict[str, str]) -> str:
    lease = quoting("begins on 1 March 2024", "1 March 2024")(passages)
    return quoting("begins on 03/04/2023", "03/04/2023")(passages) if lease == ABSENT else lease


def duties(passages: dict[str, str]) -> str:
    return "- " + quoting("pay a monthly rent", "pay a monthly rent of 9,900 euros")(passages)


def court(passages: dict[str, str]) -> str:
    marker = next((marker for marker, text in passages.items() if "is a formula" in text), None)
    return f'=1+1 is what the court says [{marker} "is a formula"]' if marker else ABSENT


ANSWERS = {
    RENT: payment,
    BEGIN: beginning,
    SUBLET: quoting("shall not sublet the warehouse", "No. The Tenant shall not sublet the warehouse"),
    DUTIES: duties,
}


@dataclass(frozen=True)
class Place:
    """A service over two contracts, and the model that fills its cells."""

    service: LiveService
    model: CellModel
    server: Glm5Server
    folder: Path
    collection: str

    def ingest(self) -> None:
        self.service.ingest(self.folder, collection=self.collection)

    def documents(self) -> dict[str, Any]:
        return self.service.documents(self.collection)

    def begun(self, **fields: object) -> Any:  # noqa: ANN401 — JSON
        asked = {"questions": QUESTIONS, "collection": self.collection, **fields}
        return self.service.post("/v1/reviews", asked, 202)

    def ended(self, identity: str) -> Any:  # noqa: ANN401 — JSON
        deadline = time.monotonic() + 20
        while True:
            found = self.service.get(f"/v1/reviews/{identity}")
            if found["state"] not in {"queued", "running"}:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)


@pytest.fixture(scope="module")
def model() -> CellModel:
    return CellModel()


@pytest.fixture(scope="module")
def glm5(model: CellModel) -> Iterator[Glm5Server]:
    with Glm5Server(model) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        review_documents_at_once=1,
        review_whole_tokens=1_000,
        retrieved_tokens=400,
    )
    with live_in_memory(settings) as running:
        yield running


@pytest.fixture(scope="module")
def folder(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two contracts, in the default collection."""
    docs = tmp_path_factory.mktemp("docs")
    write_texts(docs, TEXTS)
    service.ingest(docs)
    return docs


@pytest.fixture
def place(service: LiveService, glm5: Glm5Server, model: CellModel, folder: Path) -> Place:
    """The contracts, and a model that answers about them."""
    model.reset(ANSWERS)
    glm5.requests.clear()
    return Place(service, model, glm5, folder, "default")


@pytest.fixture
def own(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """The contracts in a collection that the test may change."""
    write_texts(tmp_path / "docs", TEXTS)
    made = replace(place, folder=tmp_path / "docs", collection=request.node.name)
    made.ingest()
    return made


def cells_of(found: Any) -> dict[tuple[str, str], Any]:  # noqa: ANN401 — JSON
    return {(cell["path"], cell["question_id"]): cell for cell in found["cells"]}


def test_every_cell_is_typed_cited_and_judged(place: Place) -> None:
    begun = place.begun()
    assert (begun["documents"], begun["estimate"]["cells"]) == (2, 10)
    assert begun["estimate"]["usd"] > 0

    found = place.ended(begun["id"])

    assert found["state"] == "done"
    assert found["progress"] == {
        "cells": 10, "answered": 6, "absent": 4, "failed": 0, "pending": 0, "stale": 0,
    }  # fmt: skip
    cells = cells_of(found)
    rent = cells["lease.md", "pay"]
    assert rent["supported"], rent["marks"]
    assert (rent["value"]["number"], rent["value"]["currency"]) == ("4200", "EUR")
    [citation] = rent["citations"]
    assert LEASE[citation["start"] : citation["end"]] == citation["text"] == "monthly rent of 4,200 euros"
    assert citation["section"][0] == "Lease of the Harbour Warehouse"
    assert cells["supply.md", "pay"]["value"]["number"] == "2500000"
    assert cells["lease.md", "begin"]["value"]["date"] == "2024-03-01"
    assert cells["lease.md", "sublet"]["value"]["verdict"] == "no"
    assert cells["supply.md", "sublet"]["value"]["verdict"] == "not stated"
    assert cells["lease.md", "q5"]["value"]["shown"] == "not in the document"
    assert cells["lease.md", "q5"]["state"] == "absent"


def test_what_the_cited_text_does_not_hold_is_marked(place: Place) -> None:
    cells = cells_of(place.ended(place.begun()["id"]))

    duties = cells["lease.md", "duties"]
    assert duties["value"]["items"] == ["pay a monthly rent of 9,900 euros."]
    assert not duties["supported"]
    assert duties["marks"] == ["not in the cited text: amount 9,900 euros"]
    twofold = cells["supply.md", "begin"]
    assert (twofold["value"]["date"], twofold["value"]["words"]) == (None, "03/04/2023")
    assert twofold["value"]["readings"] == ["2023-03-04", "2023-04-03"]
    assert "can be read as 2023-03-04 or 2023-04-03" in twofold["marks"]


def test_a_document_is_read_once_and_then_from_the_cache(place: Place) -> None:
    found = place.ended(place.begun()["id"])

    by_document: dict[str, list[Any]] = {}
    for cell in found["cells"]:
        by_document.setdefault(cell["path"], []).append(cell)
    for first, *others in by_document.values():
        assert first["cached_tokens"] < first["prompt_tokens"]
        assert all(cell["cached_tokens"] > 0.8 * cell["prompt_tokens"] for cell in others)
    assert found["spent"]["calls"] == 10
    assert found["spent"]["prompt_tokens"] == sum(cell["prompt_tokens"] for cell in found["cells"])
    assert found["spent"]["usd"] == pytest.approx(sum(cell["usd"] for cell in found["cells"]))


def test_the_question_stands_last_and_all_before_it_is_the_same(place: Place) -> None:
    place.ended(place.begun()["id"])

    prompts = [request for request in place.server.requests if "lease.md" in request.question]
    heads = {str(request.question).rpartition("\nQuestion: ")[0] for request in prompts}
    assert len(prompts) == 5
    assert len(heads) == 1
    assert {str(request.messages[0]["content"]) for request in prompts} == {review_rules()}
    assert all(request.question.splitlines()[-1].startswith("Answer type: ") for request in prompts)


def test_exports_hold_every_cell_and_no_formula(place: Place) -> None:
    place.model.answers[COURT] = court
    found = place.ended(place.begun()["id"])
    http = place.service.http
    path = f"/v1/reviews/{found['id']}/export"

    book = openpyxl.load_workbook(io.BytesIO(http.get(path).content))
    grid, citations, costs = (book[name] for name in ("Review", "Citations", "Costs"))
    rows = list(grid.iter_rows(values_only=True))
    assert rows[0] == ("Document", "Payment", BEGIN, SUBLET, DUTIES, COURT)
    assert [row[0] for row in rows[1:]] == ["lease.md", "supply.md"]
    assert rows[1][1] == 4200
    assert all(value not in {None, ""} for row in rows[1:] for value in row)
    assert "monthly rent of 4,200 euros" in grid["B2"].comment.text
    lease = place.documents()["lease.md"]
    assert grid["A2"].hyperlink.target == source_link(place.service.url, lease["id"], lease["number"], 0, 0)
    assert str(rows[2][5]).startswith("=1+1 is what the court says")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert citations.max_row == 1 + sum(len(cell["citations"]) for cell in found["cells"])
    assert [row[0].value for row in costs.iter_rows()].count("lease.md") == 5

    table = http.get(path, params={"format": "csv"}).content.decode("utf-8-sig")
    assert '"=1+1' not in table
    assert ",=" not in table
    read = from_csv(table)
    assert [(row["document"], row["question_id"]) for row in read] == list(cells_of(found))
    for row, cell in zip(read, found["cells"], strict=True):
        assert row["answer"] == cell["answer"]
        assert row["value"] == cell["value"]["shown"]
        assert row["number"] == (cell["value"]["number"] or "")

    assert http.get(path, params={"format": "json"}).json() == found
    assert http.get(path, params={"format": "pdf"}).status_code == 422


def test_a_failed_cell_stops_nothing_and_is_asked_once_more(place: Place) -> None:
    place.model.failing = {RENT}
    found = place.ended(place.begun(name="mine")["id"])

    assert found["progress"]["failed"] == 2
    assert "scripted refusal" in cells_of(found)["lease.md", "pay"]["reason"]
    assert found["state"] == "done"
    calls = place.model.asked.total()

    place.ended(place.begun(name="mine")["id"])
    assert place.model.asked.total() == calls

    place.model.failing = set()
    again = place.begun(name="mine", retry_failed=True)
    assert (again["id"], again["goes_on"], again["estimate"]["cells"]) == (found["id"], True, 2)
    assert place.ended(again["id"])["progress"]["failed"] == 0
    assert place.model.asked.total() == calls + 2


def test_a_changed_document_is_asked_again_and_a_deleted_one_is_gone(own: Place) -> None:
    found = own.ended(own.begun(name="mine")["id"])
    edit(own.folder / "lease.md", LEASE.replace("4,200", "5,300"))
    own.model.answers[RENT] = quoting("monthly rent of 5,300 euros", "5,300 euros")
    own.ingest()
    supply = own.documents()["supply.md"]["id"]

    stale = own.service.get(f"/v1/reviews/{found['id']}")
    assert stale["progress"]["stale"] == 5
    before = own.model.asked.total()

    again = own.service.post(f"/v1/reviews/{found['id']}/resume", {}, 202)
    assert again["estimate"]["cells"] == 5
    renewed = own.ended(found["id"])
    assert own.model.asked.total() == before + 5
    assert cells_of(renewed)["lease.md", "pay"]["value"]["number"] == "5300"
    assert renewed["spent"]["calls"] == 15

    assert own.service.http.delete(f"/v1/documents/{supply}").status_code == 204
    left = own.service.get(f"/v1/reviews/{found['id']}")
    assert {cell["path"] for cell in left["cells"]} == {"lease.md"}
    catalog = own.service.services.catalog
    kept = catalog.review_cells(catalog.review("default", found["id"]))
    assert len(kept) == 5
    assert all(cell.document != supply for cell in kept)

    assert own.service.http.delete(f"/v1/collections/{own.collection}").status_code == 204
    own.service.get(f"/v1/reviews/{found['id']}", 404)


def test_what_is_too_dear_or_wrong_is_refused_before_anything_is_asked(place: Place) -> None:
    before = len(place.service.get("/v1/reviews")["reviews"])
    asked = {"questions": QUESTIONS, "collection": place.collection}
    refused = place.service.post("/v1/reviews", {**asked, "max_usd": 0.0001}, 422)
    assert "should cost $0.00" in refused["detail"]
    twice = [{"question": "a", "id": "x"}, {"question": "b", "id": "x"}]
    assert "'x'" in place.service.post("/v1/reviews", {"questions": twice}, 422)["detail"]
    kind = [{"question": "a", "type": "colour"}]
    assert "questions.0.type" in place.service.post("/v1/reviews", {"questions": kind}, 422)["detail"]
    place.service.post("/v1/reviews", {"questions": QUESTIONS, "collection": "none"}, 404)
    place.service.post("/v1/reviews", {**asked, "documents": ["none"]}, 404)
    place.service.get("/v1/reviews/none", 404)
    assert place.model.asked.total() == 0
    assert len(place.service.get("/v1/reviews")["reviews"]) == before


def test_a_price_is_said_before_anything_is_begun(place: Place) -> None:
    asked = {"questions": QUESTIONS, "collection": place.collection}
    before = len(place.service.get("/v1/reviews")["reviews"])

    expected = place.service.post("/v1/reviews/estimate", {**asked, "max_usd": 0.0001})

    assert (expected["cells"], expected["documents"]) == (10, 2)
    assert len(place.service.get("/v1/reviews")["reviews"]) == before
    assert place.model.asked.total() == 0
    assert place.begun()["estimate"] == expected


def test_questions_are_read_from_a_file_that_is_sent(place: Place) -> None:
    def sent(name: str, content: str) -> Any:  # noqa: ANN401 — JSON
        return place.service.http.post(
            "/v1/reviews/questions", params={"name": name}, content=content.encode()
        )

    read = sent("q.csv", "question;type\nWho pays?;text\nHow much?;amount\n").json()
    assert [(each["id"], each["question"], each["type"]) for each in read["questions"]] == [
        ("q1", "Who pays?", "text"),
        ("q2", "How much?", "amount"),
    ]
    assert sent("q.yaml", "- When?").json()["questions"][0]["question"] == "When?"
    wrong = sent("q.csv", "question,type\nWho?,colour\n")
    assert (wrong.status_code, "row 2, column type" in wrong.json()["detail"]) == (422, True)
    assert sent("q.pdf", "").status_code == 422


def test_a_review_is_cancelled_and_then_forgotten(place: Place) -> None:
    place.model.delay = 0.3
    begun = place.begun()
    path = f"/v1/reviews/{begun['id']}"
    while not place.model.asked.total():
        time.sleep(0.01)

    assert place.service.post(f"{path}/cancel", {})["state"] in {"running", "cancelled"}
    found = place.ended(begun["id"])
    assert found["state"] == "cancelled"
    assert found["progress"]["pending"] > 0

    place.model.delay = 0.0
    place.service.post(f"{path}/resume", {}, 202)
    assert place.ended(begun["id"])["state"] == "done"
    assert place.service.post(f"{path}/cancel", {})["state"] == "done"
    assert place.service.http.delete(path).status_code == 204
    place.service.get(path, 404)


def test_what_is_deleted_while_it_is_reviewed_is_sent_to_nobody(own: Place) -> None:
    own.model.delay = 0.05
    begun = own.begun()
    while not own.model.asked.total():
        time.sleep(0.01)
    assert {path.partition(" ")[0] for path, _ in own.model.asked} == {"lease.md"}

    deleted = f"/v1/documents/{own.documents()['supply.md']['id']}"
    assert own.service.http.delete(deleted).status_code == 204

    found = own.ended(begun["id"])
    assert (found["state"], found["progress"]["cells"], found["documents"]) == ("done", 5, 1)
    assert {path.partition(" ")[0] for path, _ in own.model.asked} == {"lease.md"}

    own.model.delay = 1.0  # its first cell is under way for seconds
    again = own.begun()
    while own.model.asked.total() == 5:
        time.sleep(0.01)
    own.server.abandoned.clear()
    assert own.service.http.delete(f"/v1/collections/{own.collection}").status_code == 204
    own.service.get(f"/v1/reviews/{again['id']}", 404)
    assert own.server.abandoned.wait(20)
    assert own.model.asked.total() == 6


def test_a_document_that_is_too_long_is_searched(own: Place) -> None:
    clauses = (
        f"The Agent of port {number} keeps record {number * 7} of its berths.\n" for number in range(80)
    )
    (own.folder / "long.md").write_text(LEASE + "\n## 4. Ports\n\n" + "\n".join(clauses), encoding="utf-8")
    own.ingest()

    begun = own.begun(documents=[own.documents()["long.md"]["id"]])
    found = own.ended(begun["id"])

    assert begun["estimate"]["too_long"] == 1
    cells = cells_of(found)
    sublet = cells["long.md", "sublet"]
    assert (sublet["read"], sublet["value"]["verdict"], sublet["supported"]) == ("passages", "no", True)
    assert any("too long to be read whole" in mark for mark in sublet["marks"])
    assert 0 < sublet["prompt_tokens"] < 2_000
    unfound = cells["long.md", "pay"]  # no word of it stands in the document
    assert (unfound["state"], unfound["prompt_tokens"]) == ("failed", 0)
    assert "no passage was found" in unfound["reason"]


def test_a_key_that_is_refused_ends_the_review_and_leaves_it_to_be_gone_on_with(place: Place) -> None:
    place.model.refusing = ErrorReply(401, code="1002", message="no such key")
    found = place.ended(place.begun()["id"])
    assert found["state"] == "failed"
    assert "no such key" in found["reason"]
    assert found["progress"]["pending"] == 10

    place.model.refusing = None
    place.service.post(f"/v1/reviews/{found['id']}/resume", {}, 202)
    assert place.ended(found["id"])["progress"]["answered"] == 6


def test_what_a_dead_server_left_is_taken_over_by_a_command(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", TEXTS)
    settings = Settings(data=tmp_path / "data")
    order = ReviewOrder((ReviewQuestion("q1", RENT),))
    model = ScriptedModel([ABSENT] * 2)
    with open_services(settings, model=model) as services:
        ingester = Ingester(services.catalog, MemoryIndex(), WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
        left = controlling.begin(services, "default", "docs", order, name="mine", unattended=True)
        again = controlling.begin(services, "default", "docs", order, name="mine", unattended=True)
        assert (again.review.id, again.expected.cells) == (left.review.id, 2)

        taken = controlling.begin(services, "default", "docs", order, name="mine", unattended=False)
        assert (taken.review.id, taken.review.state) == (left.review.id, "interrupted")
        claimed = services.catalog.claim_review(this_process(), taken.review)
        assert claimed is not None
        with pytest.raises(WrongState, match="is running already"):
            controlling.begin(services, "default", "docs", order, name="mine", unattended=False)
        asyncio.run(run_review(services, claimed))

        assert services.catalog.review("default", left.review.id).state == "done"
        assert report(services.catalog, claimed).counts()["absent"] == 2
    cells = [(request.urgency, request.in_turn is not None) for request in model.requests]
    assert cells == [("batch", True)] * 2, "questions go first"


def test_without_a_model_nothing_is_begun(tmp_path: Path) -> None:
    order = ReviewOrder((ReviewQuestion("q1", RENT),))
    with (
        open_services(Settings(data=tmp_path / "data")) as services,
        pytest.raises(NoModel, match="language model"),
    ):
        controlling.begin(services, "default", "docs", order, unattended=True)

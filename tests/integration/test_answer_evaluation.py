"""Answers measured over a small collection: right, wrong, abstained, uncited and failed, counted by hand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from service.evaluation.answer_comparison import compare_answers
from service.evaluation.answer_questions import read_questions
from service.evaluation.answer_runs import RunFile, read_answers
from service.evaluation.answers import SKIPPED, Asking
from service.evaluation.dataset import BadDataset
from service.evaluation.examining import examine
from service.ingesting import open_ingester
from service.models.errors import ModelBusy
from service.settings import Settings, SettingsError
from service.wiring import open_services
from tests.fakes.files import LEASE, write_texts
from tests.fakes.labelled import write_lines
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.evaluation.answer_report import Report
    from service.models.contract import ModelRequest
    from service.wiring import Services
    from tests.fakes.scripted_model import Said

RENT, BEGIN, SUBLET = "What is the monthly rent?", "When does the lease begin?", "May the tenant sublet?"
NOTICE, PARKING, COLOUR = "What is the notice period?", "How many parking places?", "What colour is the door?"
ROOF, WHO, AND_THEN = "Who repairs the roof?", "Who may terminate?", "And with what notice?"
ABSENT = "The documents do not say."
QUESTIONS: list[dict[str, object]] = [
    {
        "question": RENT,
        "answer": ["EUR 4,200", "4200 евро"],
        "citations": [{"path": "lease.md", "quote": "a monthly rent of 4,200 euros"}],
        "category": "values",
    },
    {"question": BEGIN, "answer": "2024-03-01", "category": "values", "documents": ["lease.md"]},
    {
        "question": SUBLET,
        "answer": "No",
        "citations": [{"path": "lease.md", "quote": "The Tenant shall not sublet the warehouse."}],
    },
    {"question": NOTICE, "answer": "90 days", "category": "values"},
    {"question": PARKING, "answer": "not in the documents"},
    {"question": COLOUR, "answer": "нет в документах"},
    {"question": ROOF, "answer": "the landlord"},
]
PROOFS = {
    RENT: "The Tenant shall pay a monthly rent of 4,200 euros",
    BEGIN: "The lease begins on 1 March 2024",
    SUBLET: "The lease begins on 1 March 2024",
    WHO: "Either party may terminate the lease",
    AND_THEN: "ninety (90) days",
}
ANSWERS: dict[str, Said] = {
    RENT: "The monthly rent is 4,200 euros [{marker} “{quote}”].",  # right, and its place is the expected one
    BEGIN: "The lease begins on 2 March 2024 [{marker} “{quote}”].",  # wrong
    SUBLET: "No. The lease begins on 1 March 2024 [{marker} “{quote}”].",  # right, and cites another place
    NOTICE: "The notice period is ninety (90) days.",  # right, and cites nothing
    PARKING: ABSENT,  # as it should be
    COLOUR: "The door is green.",  # it should have abstained
    ROOF: ABSENT,  # it should not
    WHO: "Either party may terminate the lease [{marker} “{quote}”].",
    AND_THEN: "With ninety (90) days' notice [{marker} “{quote}”].",
}
_PASSAGE = re.compile(r"^\[(D\d+:\d+)\] (.*?)(?=^\[D\d+:\d+\] |\Z)", re.MULTILINE | re.DOTALL)


@dataclass
class Desk:
    """A collection of one lease, a scripted model and a run file."""

    services: Services
    model: ScriptedModel
    folder: Path
    answers: dict[str, Said] = field(default_factory=lambda: dict(ANSWERS))

    def reply(self, request: ModelRequest) -> Said:
        shown = "\n".join(m.content for m in request.messages)
        question = max(self.answers, key=shown.rfind)
        said = self.answers[question]
        if not isinstance(said, str):
            return said
        quote = PROOFS.get(question, "")
        marker = next((m[1] for m in _PASSAGE.finditer(shown) if quote in " ".join(m[2].split())), "D9:9")
        return said.format(marker=marker, quote=quote)

    def examine(
        self, questions: list[dict[str, object]] = QUESTIONS, *, judge: str | None = None, run: str = "run.jsonl"
    ) -> Report:
        asked = read_questions(write_lines(self.folder / "questions.jsonl", questions))
        how = Asking("retrieve", None, parallel=2)
        return examine(self.services, "docs", asked, how, judge=judge, run=RunFile(self.folder / run))

    def edit(self, path: str, text: str) -> None:
        write_texts(self.folder / "docs", {path: text})
        with open_ingester(self.services) as ingester:
            ingester.ingest(
                "default", "docs", [self.folder / "docs"], largest=2**20, on_progress=lambda _: None
            )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, ScriptedModel, Path]]:
    folder = tmp_path_factory.mktemp("answers")
    model = ScriptedModel([])
    with open_services(Settings(data=folder / "data"), model=model) as opened:
        Desk(opened, model, folder).edit("lease.md", LEASE)
        yield opened, model, folder


@pytest.fixture
def desk(services: tuple[Services, ScriptedModel, Path], tmp_path: Path) -> Desk:
    opened, model, folder = services
    (folder / "run.jsonl").unlink(missing_ok=True)
    made = Desk(opened, model, folder)
    model.script = made.reply
    model.requests.clear()
    return made


def means(report: Report, group: str = "all") -> dict[str, Any]:
    return report.as_json()["table"][group]


def test_every_kind_of_answer_is_counted_as_what_it_is(desk: Desk) -> None:
    desk.answers[NOTICE] = ModelBusy("too many requests")
    report = desk.examine()
    said = report.as_json()

    assert (said["questions"], said["answered"], said["failed"], said["asked_now"]) == (7, 6, 1, 7)
    found = means(report)
    print(json.dumps(said, indent=1))

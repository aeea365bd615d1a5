"""Answers measured over a small collection: right, wrong, abstained, uncited and failed, counted by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from prompts.judging import judging_rules
from prompts.render import rules
from service.access.budgets import Budgets
from service.answering import Answerer
from service.audit import Audit
from service.chores import Chores
from service.egress import Egress
from service.egress_policy import EgressPolicy
from service.evaluation.answer_comparison import compare_answers
from service.evaluation.answer_questions import read_questions
from service.evaluation.answer_runs import RunFile, read_answers
from service.evaluation.answers import IRRELEVANT, SKIPPED, Asking, instructions
from service.evaluation.dataset import BadDataset
from service.evaluation.examining import examine
from service.evaluation.runs import BadRun
from service.generation import Generation, GenerationSettings
from service.jobs.originals import Originals
from service.ledger import Ledger
from service.library import Library
from service.models.errors import ModelBusy, StreamCut
from service.models.providers import PROVIDERS
from service.observing import Observer
from service.preparing import Preparer
from service.searching import Searcher
from service.services import Services
from service.sessions import Sessions
from service.settings import Settings, SettingsError
from service.warming import Warmer
from tests.fakes.calls import CallList
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.labelled import write_lines
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.page_images import page_images
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from service.evaluation.answer_report import Report
    from service.models.contract import ModelRequest
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


class Desk:
    """A collection of one lease, a scripted model, and files to evaluate it with."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self.folder = folder
        self.answers = dict(ANSWERS)
        self.verdicts: dict[str, Said] = {}
        self.model = ScriptedModel(self._reply)
        self.ledger = CallList()
        self._index, embedder = MemoryIndex(), WordEmbedder()
        settings = Settings(data=folder / "data")
        chosen = GenerationSettings("glm-5", 20_000, 200, 2_500, 0.3, thinking=False)
        generation = Generation(self.model, PROVIDERS["zai"], chosen, recorder=self.ledger)
        library = Library(catalog)
        sessions = Sessions(catalog, library)
        searcher = Searcher(library, self._index, embedder.identity)
        preparer = Preparer(library, searcher, sessions, generation)
        ledger = Ledger(catalog, days=1, traits=lambda _: PROVIDERS["zai"].cache)
        self.services = Services(
            settings=settings,
            catalog=catalog,
            index=self._index,
            embedder=embedder,
            library=library,
            searcher=searcher,
            answerer=Answerer(library, sessions, preparer, generation),
            generation=generation,
            originals=Originals(folder / "data"),
            ledger=ledger,
            warmer=Warmer(preparer, generation),
            page_images=page_images(catalog, Originals(folder / "data")),
            chores=Chores(None),
            audit=Audit(catalog, days=1),
            egress=Egress(catalog, EgressPolicy.parse("any"), Audit(catalog, days=1)),
            observer=Observer(),
            budgets=Budgets(catalog, ledger, lambda _: None),
        )
        self.edit("lease.md", LEASE)

    def edit(self, path: str, text: str) -> None:
        write_texts(self.folder / "docs", {path: text})
        ingester = Ingester(self.services.catalog, self._index, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [self.folder / "docs"], largest=2**20, on_progress=lambda _: None)

    def examine(
        self,
        questions: Sequence[Mapping[str, object]] = QUESTIONS,
        *,
        judge: str | None = None,
        run: str = "run.jsonl",
    ) -> Report:
        self.model.requests.clear()
        asked = read_questions(write_lines(self.folder / "questions.jsonl", questions))
        how = Asking("retrieve", None, parallel=2)
        return examine(self.services, "docs", asked, how, judge=judge, run=RunFile(self.folder / run))

    @property
    def asked(self) -> list[str]:
        """The questions that the answering model was asked since the last run began, sorted."""
        shown = (_shown(r) for r in self.model.requests if not _is_judging(r))
        return sorted(max(ANSWERS, key=text.rfind) for text in shown)

    @property
    def judged(self) -> list[ModelRequest]:
        return [request for request in self.model.requests if _is_judging(request)]

    def _reply(self, request: ModelRequest) -> Said:
        shown = _shown(request)
        if _is_judging(request):
            return next(said for question, said in self.verdicts.items() if question in shown)
        question = max(self.answers, key=shown.rfind)
        said = self.answers[question]
        if not isinstance(said, str):
            return said
        quote = PROOFS.get(question, "")
        found = (m[1] for m in _PASSAGE.finditer(shown) if quote in " ".join(m[2].split()))
        return said.format(marker=next(found, "D0:0"), quote=quote)


def _shown(request: ModelRequest) -> str:
    return "\n".join(message.content for message in request.messages)


def _is_judging(request: ModelRequest) -> bool:
    return request.messages[0].content == judging_rules()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("shared")
    with open_catalog(folder / "catalog.sqlite") as catalog:
        made = Desk(catalog, folder)
        yield made
        made.services.ledger.close()


@pytest.fixture
def desk(shared: Desk, tmp_path: Path) -> Desk:
    """As new, but for what the model's cache holds: its documents may not be edited."""
    shared.folder = tmp_path
    shared.answers, shared.verdicts = dict(ANSWERS), {}
    shared.ledger.calls.clear()
    return shared


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Desk]:
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        made = Desk(catalog, tmp_path)
        yield made
        made.services.ledger.close()


def means(report: Report, group: str = "all") -> dict[str, Any]:
    return report.as_json()["table"][group]


def correctness(report: Report) -> dict[str, float | None]:
    return {line["id"]: line["figures"].get("correctness") for line in report.as_json()["answers"]}


def test_every_kind_of_answer_is_counted_as_what_it_is(desk: Desk) -> None:
    report = desk.examine()

    assert correctness(report) == {"q1": 1, "q2": 0, "q3": 1, "q4": 1, "q5": 1, "q6": 0, "q7": 0}
    found = means(report)
    assert found["correctness"] == pytest.approx(4 / 7)
    assert found["citation_support"] == pytest.approx(2 / 3)  # the date's citation does not prove it
    assert found["citation_precision"] == pytest.approx(1 / 2)  # of the rent and of the sublease
    assert found["citation_recall"] == pytest.approx(1 / 2)
    assert found["abstention_precision"] == pytest.approx(1 / 2)  # not about the roof
    assert found["abstention_recall"] == pytest.approx(1 / 2)  # not about the door
    assert found["grounded"] == pytest.approx(4 / 7)
    assert found["unsupported_claims"] == pytest.approx(3 / 7)
    assert means(report, "values")["correctness"] == pytest.approx(2 / 3)
    low, high = report.as_json()["table"]["intervals"]["all"]["correctness"]
    assert low < 4 / 7 < high


def test_a_failure_is_neither_right_nor_wrong_and_stops_nothing(desk: Desk) -> None:
    desk.answers[RENT] = ModelBusy("too many requests")
    desk.answers[ROOF] = Broken("The land", StreamCut("the connection closed"))
    report = desk.examine()

    said = report.as_json()
    assert (said["questions"], said["answered"], said["failed"]) == (7, 5, 2)
    assert means(report)["correctness"] == pytest.approx(3 / 5)
    assert correctness(report)["q1"] is None
    assert "q1: ModelBusy: too many requests" in report.as_text()
    assert "q7: StreamCut: the connection closed" in report.as_text()


def test_the_price_is_what_the_ledger_has(desk: Desk) -> None:
    price = desk.examine().as_json()["price"]

    calls = desk.ledger.calls
    assert len(calls) == 7
    assert price["usd"] == pytest.approx(sum(call.usd or 0 for call in calls))
    assert price["usd"] > 0
    assert price["prompt_tokens"] == sum(call.prompt_tokens for call in calls)
    assert price["completion_tokens"] == sum(call.completion_tokens for call in calls)
    cached = sum(call.cached_tokens for call in calls)
    assert price["cached_share"] == pytest.approx(cached / price["prompt_tokens"])


def test_a_run_that_goes_on_asks_nothing_twice(desk: Desk) -> None:
    desk.answers[NOTICE] = ModelBusy("too many requests")
    desk.examine()
    assert len(desk.asked) == 7
    before = (desk.folder / "run.jsonl").read_bytes()

    desk.answers[NOTICE] = ANSWERS[NOTICE]
    report = desk.examine()
    assert desk.asked == [NOTICE]
    assert report.as_json()["asked_now"] == 1
    assert means(report)["correctness"] == pytest.approx(4 / 7)
    after = (desk.folder / "run.jsonl").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == 8

    assert desk.examine().as_json()["asked_now"] == 0
    assert desk.asked == []
    assert (desk.folder / "run.jsonl").read_bytes() == after


def test_what_is_expected_may_change_without_asking_again(desk: Desk) -> None:
    desk.examine()
    report = desk.examine([{**question, "answer": "green"} for question in QUESTIONS])
    assert desk.asked == []
    assert correctness(report)["q6"] == 1
    assert correctness(report)["q1"] == 0
    assert read_answers(desk.folder / "run.jsonl")["q1"].figures["correctness"] == 0


def test_a_changed_question_or_document_makes_answers_stale(own_desk: Desk) -> None:
    desk = own_desk
    desk.examine()
    desk.examine([*QUESTIONS[:-1], {**QUESTIONS[-1], "documents": ["lease.md"]}])
    assert desk.asked == [ROOF]

    desk.edit("lease.md", LEASE.replace("4,200", "4,300"))
    with pytest.raises(BadDataset, match=r"jsonl:1: citations\.0: 'lease\.md' does not hold the words"):
        desk.examine()
    desk.examine(QUESTIONS[1:2])
    assert desk.asked == [BEGIN]


def test_another_model_mode_or_setting_makes_answers_stale(desk: Desk) -> None:
    asked = read_questions(write_lines(desk.folder / "questions.jsonl", QUESTIONS[:1]))

    def again(how: Asking, **settings: object) -> int:
        changed = desk.services.settings.model_copy(update=settings)
        services = replace(desk.services, settings=changed)
        return examine(services, "docs", asked, how, run=RunFile(desk.folder / "run")).asked

    plain = Asking("retrieve", None, parallel=1)
    assert (again(plain), again(plain), again(plain, port=1)) == (1, 0, 0)
    assert again(Asking("pin", None, parallel=1)) == 1
    assert (again(plain), again(replace(plain, model="glm-4.7"))) == (1, 1)
    assert (again(plain), again(plain, temperature=0.9), again(plain, temperature=0.9)) == (1, 1, 0)


def test_what_answers_depend_on_is_named_rightly() -> None:
    assert set(IRRELEVANT) < set(Settings.model_fields)
    assert rules() in list(instructions())
    assert judging_rules() not in list(instructions())


CONVERSATION: list[dict[str, object]] = [
    {"id": "who", "question": WHO, "answer": "either party", "conversation": "end"},
    {"id": "alone", "question": PARKING, "answer": "not in the documents"},
    {"id": "then", "question": AND_THEN, "answer": "90 days", "conversation": "end"},
]


def test_a_conversation_is_asked_in_order_in_one_session(desk: Desk) -> None:
    report = desk.examine(CONVERSATION)

    assert correctness(report) == {"who": 1, "alone": 1, "then": 1}
    last = next(r for r in desk.model.requests if r.messages[-1].content.endswith(AND_THEN))
    assert any(message.role == "assistant" and "Either party" in message.content for message in last.messages)
    run = read_answers(desk.folder / "run.jsonl")
    assert {run[name].cluster for name in ("who", "then")} == {"conversation end"}
    assert len({line.given.session for line in run.values() if line.given}) == 2


def test_a_follow_up_of_a_failure_is_a_failure_and_is_not_asked(desk: Desk) -> None:
    desk.answers[WHO] = ModelBusy("too many requests")
    report = desk.examine(CONVERSATION)
    assert desk.asked == [PARKING, WHO]
    assert [line.failure for line in report.failures] == ["ModelBusy: too many requests", SKIPPED]

    desk.answers[WHO] = ANSWERS[WHO]
    assert not desk.examine(CONVERSATION).failures
    assert desk.asked == [AND_THEN, WHO]


def test_a_conversation_goes_on_where_it_broke_off(desk: Desk) -> None:
    desk.answers[AND_THEN] = ModelBusy("too many requests")
    desk.examine(CONVERSATION)
    desk.answers[AND_THEN] = ANSWERS[AND_THEN]
    desk.examine(CONVERSATION)
    assert desk.asked == [AND_THEN]
    run = read_answers(desk.folder / "run.jsonl")
    assert len({line.given.session for line in run.values() if line.given}) == 2

    again = [{**CONVERSATION[0], "question": f"Please: {WHO}"}, *CONVERSATION[1:]]
    desk.examine(again)
    assert desk.asked == [AND_THEN, WHO]


def test_a_session_that_has_gone_on_without_the_run_is_not_gone_on_with(desk: Desk) -> None:
    desk.examine(CONVERSATION)
    path = desk.folder / "run.jsonl"
    kept = [line for line in path.read_text().splitlines(keepends=True) if '"id":"then"' not in line]
    path.write_text("".join(kept))  # as if killed between the session and the file

    assert not desk.examine(CONVERSATION).failures
    assert desk.asked == [AND_THEN, WHO]


def test_a_line_that_was_not_finished_is_asked_again(desk: Desk) -> None:
    desk.examine(QUESTIONS[:2])
    path = desk.folder / "run.jsonl"
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    report = desk.examine(QUESTIONS[:2])
    assert len(desk.asked) == 1
    assert not report.failures
    assert len(read_answers(path)) == 2


def test_a_judge_stands_beside_the_plain_measure(desk: Desk) -> None:
    desk.verdicts = {
        RENT: "correct",
        BEGIN: "Wrong.",
        SUBLET: "partly",
        NOTICE: "I would say that this is correct.",
        PARKING: "abstained",
        COLOUR: ModelBusy("too many requests"),
        ROOF: "abstained",
    }
    report = desk.examine(judge="glm-4.7")

    assert means(report)["correctness"] == pytest.approx(4 / 7)  # as without one
    judge = report.as_json()["judge"]
    assert judge["verdicts"] == {"correct": 1, "partly": 1, "wrong": 1, "abstained": 2, "unjudged": 2}
    assert judge["failures"] == {"q6": "ModelBusy: too many requests"}
    assert (judge["agreement"], judge["compared"]) == (pytest.approx(4 / 5), 5)
    assert judge["plain_to_judge"]["correct → partly"] == 1
    assert means(report)["judge"] == pytest.approx((1 + 0 + 0.5 + 1 + 0) / 5)
    assert "agrees with the plain measure on 80 % of 5" in report.as_text()
    assert all(
        (r.temperature, r.thinking, r.model, len(r.messages)) == (0, False, "glm-4.7", 2) for r in desk.judged
    )
    calls = [call for call in desk.ledger.calls if call.purpose == "judge"]
    assert len(calls) == 7
    assert {call.model for call in calls} == {"glm-4.7"}
    assert judge["price"]["prompt_tokens"] == sum(call.prompt_tokens for call in calls)

    desk.verdicts[COLOUR] = "wrong"
    again = desk.examine(judge="glm-4.7")
    assert (len(desk.asked), len(desk.judged)) == (0, 1)
    assert again.as_json()["judge"]["verdicts"]["wrong"] == 2


def test_a_verdict_about_something_else_is_dropped(desk: Desk) -> None:
    desk.verdicts = {RENT: "correct", BEGIN: "wrong"}
    desk.examine(QUESTIONS[:2], judge="glm-4.7")
    kept = desk.examine([QUESTIONS[0], {**QUESTIONS[1], "answer": "2 March 2024"}])
    assert [line["judge"] for line in kept.as_json()["answers"]] == ["correct", None]
    assert desk.model.requests == []


def test_without_a_model_there_is_no_judge(desk: Desk) -> None:
    asked = read_questions(write_lines(desk.folder / "questions.jsonl", QUESTIONS))
    services = replace(desk.services, generation=None)
    with pytest.raises(SettingsError, match="--judge: no language model is configured"):
        examine(services, "docs", asked, Asking("auto", None, parallel=1), judge="glm-5")


def test_yes_or_no_that_cannot_be_told_has_no_figure(desk: Desk) -> None:
    desk.answers[SUBLET] = "The lease begins on 1 March 2024 [{marker} “{quote}”]."
    report = desk.examine([QUESTIONS[2]])
    assert report.as_json()["unmeasured"] == ["q1"]
    assert "correctness" not in means(report)
    assert "1 answers neither begin with yes or no" in report.as_text()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"documents": ["deed.md"]}, "documents: 'docs' has no document 'deed.md'"),
        ({"citations": [{"path": "lease.md", "start": 5, "end": 9_999}]}, "citations.0: 9999 lies beyond"),
        ({"citations": [{"path": "lease.md", "quote": "the moon"}]}, "citations.0: 'lease.md' does not hold"),
    ],
)
def test_what_the_collection_has_not_is_named_before_anything_is_asked(
    desk: Desk, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(BadDataset) as caught:
        desk.examine([QUESTIONS[4], {**QUESTIONS[1], **changes}])
    assert f"questions.jsonl:2: {said}" in str(caught.value)
    assert desk.model.requests == []


def test_two_runs_are_compared_over_what_both_have_answered(desk: Desk) -> None:
    desk.answers[NOTICE] = ModelBusy("too many requests")
    desk.examine(run="before.jsonl")
    desk.answers |= {NOTICE: ANSWERS[NOTICE], BEGIN: "On 1 March 2024 [{marker} “{quote}”]."}
    desk.examine(run="after.jsonl")

    compared = compare_answers(desk.folder / "before.jsonl", desk.folder / "after.jsonl")
    said = compared.as_json(3)
    assert (said["n"], said["only_after"]) == (6, ("q4",))
    found = said["measures"]["correctness"]
    assert (found["before"], found["after"]) == pytest.approx((3 / 6, 4 / 6))
    assert (found["better"], found["worse"], found["equal"]) == (1, 0, 5)
    assert [case["id"] for case in said["better"]] == ["q2"]
    assert "+1.000  q2\n    When does the lease begin?" in compared.as_text(3)

    desk.examine([{"id": "q2", "question": RENT, "answer": "4,200"}], run="other.jsonl")
    with pytest.raises(BadRun, match="'q2' is another question"):
        compare_answers(desk.folder / "before.jsonl", desk.folder / "other.jsonl")

"""The ledger behind HTTP and commands: its sums are those of the answers that were given."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from service.cli import cli
from service.setting_groups.models import ModelPrice
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import CutStream, ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
PAY = "What does the keeper of the lighthouse earn?"
TEXTS = {
    "lease.md": LEASE,
    "harbour.md": "# Harbour\n\nThe keeper of the lighthouse earns 900 euros. He lives above the harbour.\n",
}
SUMMED = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")


def reply(request: Recorded) -> Step:
    """By the question: an answer, a failure, a stream that never ends; a follow-up is rewritten."""
    if "understood without it" in str(request.messages[0]["content"]):
        return Reply("What is the deposit of the lease?")
    question = request.question
    if "(busy)" in question:
        return ErrorReply(400, code="1210")
    if "(cut)" in question:
        return CutStream(after=3)
    if "(endless)" in question:
        return Hang(after=3)
    shown = [*passages_of(request)]
    return Reply(f'It is 4,200 euros [{shown[0]} "rent"].' if shown else "The documents do not say.")


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(reply) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, TEXTS)
    return folder


@pytest.fixture(scope="module")
def settings(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        rewrite_followups=True,
        rewrite_model="glm-4.7",
        prices={"house": ModelPrice(input=10, output=20)},
    )


@pytest.fixture(scope="module")
def service(settings: Settings, folder: Path) -> Iterator[LiveService]:
    with live(settings) as running:
        for collection in ("default", "sums", "other", "doomed"):
            running.ingest(folder, collection=collection)
        yield running


def usage(service: LiveService, query: str = "") -> Any:  # noqa: ANN401 — JSON
    return service.get(f"/v1/usage?{query}")


def explained(service: LiveService, answer: Mapping[str, Any]) -> Any:  # noqa: ANN401 — JSON
    return service.get(f"/v1/answers/{answer['id']}/explanation")


def wait_until_abandoned(glm5: Glm5Server) -> None:
    assert glm5.abandoned.wait(10)
    glm5.abandoned.clear()


def leave_in_the_middle(service: LiveService, glm5: Glm5Server) -> str:
    """Ask, read the first events, and hang up; the answer's id."""
    glm5.abandoned.clear()
    identity = ""
    body = {"question": f"{RENT} (endless)", "collection": "sums", "stream": True}
    with service.http.stream("POST", "/v1/query", json=body) as response:
        for line in response.iter_lines():
            if line.startswith("data: ") and '"plan"' in line:
                identity = str(json.loads(line.removeprefix("data: "))["id"])
            elif line.startswith("event: delta"):
                break
    wait_until_abandoned(glm5)
    return identity


def test_sums_are_those_of_the_answers_given(service: LiveService, glm5: Glm5Server) -> None:
    plain = service.ask(RENT, collection="sums", mode="retrieve")
    follow_up = service.ask("And the deposit?", collection="sums", session_id=plain["session_id"])
    streamed = service.events(PAY, collection="sums", thinking=True)[-1][1]
    priced = service.ask(RENT, collection="sums", model="house")
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(service.ask, f"{RENT} ({n})", collection="sums", mode="pin") for n in range(6)]
        at_once = [asked.result() for asked in asking]
    service.post("/v1/query", {"question": f"{RENT} (busy)", "collection": "sums"}, 502)
    broken = service.events(f"{RENT} (cut)", collection="sums")
    left = leave_in_the_middle(service, glm5)
    answers = [plain, follow_up, streamed, priced, *at_once]

    deadline = time.monotonic() + 5
    while (found := usage(service, "collection=sums"))["total"]["failed"] < 3:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    total = found["total"]

    assert (total["answers"], total["calls"], total["failed"]) == (10, 14, 3)
    assert total["unpriced"] == 3
    for name in SUMMED:
        assert total[name] == sum(answer["usage"][name] for answer in answers), name
    assert total["cached_tokens"] > 0
    assert total["usd"] == pytest.approx(sum(answer["cost"]["usd"] for answer in answers))
    assert total["saved_usd"] == pytest.approx(sum(answer["cost"]["saved_usd"] for answer in answers))
    assert total["cached_ratio"] == total["cached_tokens"] / total["prompt_tokens"]
    assert priced["cost"]["usd"] > 5 * plain["cost"]["usd"]

    assert follow_up["plan"]["side_calls"][0]["purpose"] == "rewrite"
    outcomes = {
        identity: explained(service, {"id": identity})["call"]["outcome"]
        for identity in (broken[0][1]["id"], left)
    }
    assert outcomes == {broken[0][1]["id"]: "StreamCut", left: "cancelled"}
    assert service.events(f"{RENT} (cut)", collection="other")[-1][0] == "error"

    by_model = usage(service, "collection=sums&by=model")
    assert {row["model"]: row["calls"] for row in by_model["rows"]} == {
        "glm-4.7": 1,
        "glm-5": 12,
        "house": 1,
    }
    assert by_model["total"] == total
    today = datetime.now(UTC).date()
    [row] = found["rows"]
    assert row["day"] in {today.isoformat(), (today - timedelta(days=1)).isoformat()}
    assert {name: row[name] for name in total} == total
    assert usage(service, f"collection=sums&from={today + timedelta(days=1)}")["rows"] == []
    assert usage(service, f"collection=sums&to={today - timedelta(days=2)}")["total"]["usd"] == 0
    window = f"from={today - timedelta(days=1)}&to={today}"
    assert usage(service, f"collection=sums&{window}&key=&model=glm-4.7")["total"]["calls"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-13-01", "query.from"),
        ("from=yesterday", "query.from"),
        ("to=1700000000", "query.to"),
        ("from=2026-05-04&to=2026-05-03", "query.to"),
        ("by=week", "query.by"),
        ("since=2026-05-04", "query.since"),
        ("collection=", "query.collection"),
    ],
)
def test_mistakes_name_the_field(service: LiveService, query: str, field: str) -> None:
    problem = service.get(f"/v1/usage?{query}", 422)

    assert [error["field"] for error in problem["errors"]] == [field]


def test_what_is_not_there_is_404(service: LiveService) -> None:
    assert "nowhere" in service.get("/v1/usage?collection=nowhere", 404)["detail"]
    assert "ans_0" in service.get("/v1/answers/ans_0/explanation", 404)["detail"]


class TestExplanations:
    def test_a_conversation_that_goes_on(self, service: LiveService) -> None:
        first = service.ask(RENT, mode="retrieve")
        second = service.ask("And the deposit?", session_id=first["session_id"], mode="retrieve")

        found = explained(service, second)

        assert found["compared_with"]["id"] == first["id"]
        assert found["compared_with"]["same_session"] is True
        assert (found["difference"]["kind"], found["difference"]["block"]) == ("none", None)
        assert found["cache"]["kind"] == "as_expected", found["cache"]
        assert [call["purpose"] for call in found["calls"]] == ["rewrite", "answer"]
        assert found["usd"] == pytest.approx(second["cost"]["usd"])
        assert found["reason"] == second["plan"]["reason"]
        kept = [
            {name: segment[name] for name in ("name", "stability", "tokens", "cached_tokens", "fingerprint")}
            for segment in found["segments"]
        ]
        assert kept == second["plan"]["segments"]
        assert [segment["same"] for segment in found["segments"]][:2] == [True, True]
        for name in (*SUMMED, "predicted_cached_tokens"):
            assert (
                found["call"][name]
                == second["usage"][name] - (second["plan"]["side_calls"][0]["usage"][name])
            )

    def test_other_documents_are_named(self, service: LiveService) -> None:
        numbers = {path: one["number"] for path, one in service.documents("other").items()}
        ids = {path: one["id"] for path, one in service.documents("other").items()}
        service.ask(RENT, collection="other", mode="pin", documents=[ids["lease.md"]])
        then = service.ask(RENT, collection="other", mode="pin", documents=[ids["lease.md"]])
        now = service.ask(RENT, collection="other", mode="pin", documents=[ids["harbour.md"]])

        same, found = explained(service, then), explained(service, now)

        assert same["difference"]["why"] == "nothing differed"
        assert found["compared_with"] == {
            "id": then["id"],
            "created_at": same["call"]["created_at"],
            "same_session": False,
        }
        lease, harbour = numbers["lease.md"], numbers["harbour.md"]
        assert found["difference"]["why"] == f"documents: D{lease} replaced by D{harbour}"
        assert found["segments"][1]["documents"] == [harbour]

    def test_details_go_with_a_document_and_the_bill_stays(self, service: LiveService) -> None:
        lease = service.documents("doomed")["lease.md"]["id"]
        asked = service.ask(RENT, collection="doomed", mode="pin", documents=[lease])
        before = usage(service, "collection=doomed")
        assert explained(service, asked)["segments"]

        assert service.http.delete(f"/v1/documents/{lease}").status_code == 204

        found = explained(service, asked)
        assert (found["reason"], found["segments"]) == (None, [])
        assert found["usd"] == pytest.approx(asked["cost"]["usd"])
        assert found["cache"]["kind"] == "nothing_shared"
        assert service.http.delete("/v1/collections/doomed").status_code == 204
        assert usage(service, "collection=doomed") == before
        assert explained(service, asked)["session_id"] == ""


class TestCommands:
    @pytest.fixture
    def run(self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
        monkeypatch.chdir(tmp_path)
        return CliRunner(
            env={
                "LECTERN_DATA": str(settings.data),
                "LECTERN_PRICES": '{"house": {"input": 10, "output": 20}}',
                "COLUMNS": "120",
            }
        )

    def test_usage_is_drawn_and_listed(self, run: CliRunner, service: LiveService) -> None:
        service.ask(RENT, mode="retrieve")
        drawn = run.invoke(cli, ["usage", "--collection", "default"], catch_exceptions=False)
        listed = run.invoke(cli, ["usage", "-c", "default", "--by", "model", "--json"])

        assert "█" in drawn.output
        assert "tokens read fresh" in drawn.output
        assert json.loads(listed.output) == usage(service, "collection=default&by=model")
        nothing = run.invoke(cli, ["usage", "--until", "2001-01-01"])
        assert nothing.output == "no calls of a language model are on record\n"
        wrong = run.invoke(cli, ["usage", "--since", "May"])
        assert wrong.exit_code == 2
        assert "from: Value error, must be a day such as 2026-05-04" in wrong.output

    def test_prices_in_force(self, run: CliRunner) -> None:
        shown = run.invoke(cli, ["usage", "--prices"], catch_exceptions=False).output
        listed = json.loads(run.invoke(cli, ["usage", "--prices", "--json"]).output)

        assert "house                           10.000    10.000    20.000  (settings)" in shown
        assert "glm-5                            1.000     0.200     3.200\n" in shown
        assert "all others: unknown" in shown
        assert (listed["provider"], listed["prices"][0]["model"]) == ("zai", "house")

    def test_an_answer_is_explained(self, run: CliRunner, service: LiveService) -> None:
        asked = service.ask(RENT, mode="retrieve")
        again = service.ask("And the deposit?", session_id=asked["session_id"], mode="retrieve")
        explained(service, again)  # its calls are written by now

        shown = run.invoke(cli, ["explain", again["id"]], catch_exceptions=False).output
        listed = run.invoke(cli, ["explain", again["id"], "--json"])

        assert "first difference: nothing differed: this request goes on" in shown
        assert "rewrite: " in shown
        assert "turn 1" in shown
        assert json.loads(listed.output) == explained(service, again)

    def test_a_request_that_failed_is_explained_too(self, run: CliRunner, service: LiveService) -> None:
        broken = service.events(f"{RENT} (cut)")
        identity = broken[0][1]["id"]
        explained(service, {"id": identity})

        shown = run.invoke(cli, ["explain", identity], catch_exceptions=False).output

        assert "did not come to its end: StreamCut" in shown
        assert "answer: 0 tokens read" in shown
        assert "unknown, unknown saved" in shown
        assert "cache: the request ended uncounted: StreamCut" in shown


def test_a_restart_keeps_all_of_it(glm5: Glm5Server, folder: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, llm_base_url=glm5.base_url, llm_provider="zai")
    with live(settings) as first:
        first.ingest(folder)
        asked = first.ask(RENT)
    with live(settings) as second:
        assert usage(second)["total"]["usd"] == pytest.approx(asked["cost"]["usd"])
        assert explained(second, asked)["call"]["outcome"] == "ok"

"""The design's table of bad input, row by row, through the whole service."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.ingesting import open_ingester
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import LEASE, write_bad_files, write_texts
from tests.fakes.glm5 import CutStream, ErrorFrame, ErrorReply, Glm5Server, Hang, MalformedFrame, Reply
from tests.fakes.live_service import live, passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.report import Report
    from service.services import Services
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

GOOD = {
    "lease.md": LEASE,
    "policy.txt": "Travel policy\n\nEmployees shall book trains below 600 kilometres.\n",
}
MEGABYTE = 2**20


class TestFiles:
    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        settings = Settings(data=tmp_path / "data", largest_file_mb=1, parse_seconds=60)
        with open_services(settings) as wired:
            yield wired

    def ingest(self, services: Services, *paths: Path) -> Report:
        """Through the real parsing process, as the command does it."""
        with open_ingester(services) as ingester:
            largest = services.settings.largest_file_mb * MEGABYTE
            return ingester.ingest("default", "default", paths, largest=largest, on_progress=lambda _: None)

    def test_each_bad_one_fails_with_its_reason_and_the_rest_goes_on(
        self, services: Services, tmp_path: Path
    ) -> None:
        folder = tmp_path / "docs"
        write_texts(folder, GOOD)
        reasons = write_bad_files(folder)

        report = self.ingest(services, folder)

        assert {failure.path: failure.reason for failure in report.failed} == reasons
        assert all(failure.detail for failure in report.failed)
        assert report.indexed == sorted(GOOD)
        collection = services.catalog.collection("default", "default")
        # Nothing half-indexed: the index holds what the catalog promises, the catalog only good files.
        assert dict(services.index.counts(collection.scope)) == services.catalog.manifest(collection)
        listed = services.catalog.documents("default", "default", limit=100).documents
        assert [record.version.path for record in listed] == sorted(GOOD)
        assert services.catalog.pending_versions(collection) == ()
        kept = services.catalog.failures(collection)
        assert {path: failure.reason for path, failure in kept.items()} == reasons


FAILURES: dict[str, tuple[Step, int, str | None]] = {
    "refused key": (ErrorReply(401, "1000", "bad key"), 502, "1000"),
    "no balance": (ErrorReply(429, "1113", "no balance"), 503, "1113"),
    "quota": (ErrorReply(429, "1308", "quota used up"), 503, "1308"),
    "filtered": (ErrorReply(400, "1301", "unsafe"), 422, "1301"),
    "too long": (ErrorReply(400, "1261", "prompt exceeds"), 422, "1261"),
    "bare 429": (ErrorReply(429, None, "slow down"), 503, None),
    "cut": (CutStream(after=3), 502, None),
    "silent": (Hang(after=3), 504, None),
    "malformed": (MalformedFrame(after=3), 502, None),
    "failed inside": (ErrorFrame("1234", after=3), 502, "1234"),
    "sensitive": (Reply("Within thirty", finish="sensitive"), 422, "sensitive"),
}
"""What the provider does; the status and the provider's code that a caller sees. None of them is retried."""
RETRIED: dict[str, tuple[Step, int, str | None]] = {
    "overloaded": (ErrorReply(429, "1305", "overloaded"), 503, "1305"),
    "down": (ErrorReply(500, None, "down"), 502, None),
    "cut at once": (CutStream(after=0), 502, None),
}


def script(request: Recorded) -> Step:
    """Fail as the question says."""
    named = request.question.rsplit("Question: ", 1)[1]
    if named in FAILURES or named in RETRIED:
        return (FAILURES | RETRIED)[named][0]
    marker, text = next(iter(passages_of(request).items()))
    return Reply(f'It says so [{marker} "{text[:20]}"].')


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(script) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, GOOD)
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        llm_idle_timeout=1,
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def assert_problem(problem: dict[str, Any], status: int) -> None:
    """As RFC 9457 has it: the members, and a title that is the status's own for `about:blank`."""
    assert set(problem) <= {"type", "title", "status", "detail", "instance", "code", "errors", "retry_after"}
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


class TestNames:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/v1/query", {"question": "x", "collection": "nowhere"}),
            ("POST", "/v1/query", {"question": "x", "documents": ["nowhere"]}),
            ("POST", "/v1/query", {"question": "x", "session_id": "nowhere"}),
            ("POST", "/v1/search", {"query": "x", "collection": "nowhere"}),
            ("POST", "/v1/search", {"query": "x", "documents": ["nowhere"]}),
            ("GET", "/v1/documents?collection=nowhere", None),
            ("GET", "/v1/documents/nowhere", None),
            ("GET", "/v1/documents/nowhere/text", None),
            ("DELETE", "/v1/documents/nowhere", None),
            ("GET", "/v1/collections/nowhere", None),
            ("DELETE", "/v1/collections/nowhere", None),
        ],
    )
    def test_unknown_ones_are_404_and_say_what_is_unknown(
        self, service: LiveService, method: str, path: str, body: object
    ) -> None:
        response = service.http.request(method, path, json=body)

        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert_problem(response.json(), 404)
        assert "'nowhere'" in response.json()["detail"]

    @pytest.mark.parametrize(
        ("body", "field", "allowed"),
        [
            ({"question": "x", "mode": "skim"}, "mode", "'auto', 'pin', 'retrieve', 'map' or 'agent'"),
            ({"question": "x", "modus": "pin"}, "modus", "not permitted"),
            ({"question": ""}, "question", "must not be blank"),
            ({"question": " \n"}, "question", "must not be blank"),
            ({"question": "x" * 20_001}, "question", "20000"),
            ({}, "question", "required"),
            ({"question": "x", "top_k": 0}, "top_k", "greater than or equal to 1"),
            ({"question": "x", "temperature": 1.5}, "temperature", "less than or equal to 1"),
            ({"question": "x", "max_tokens": 131_073}, "max_tokens", "131072"),
            ({"question": "x", "documents": []}, "documents", "at least 1"),
            ({"question": 5}, "question", "string"),
        ],
    )
    def test_wrong_fields_are_422_with_what_they_may_be(
        self, service: LiveService, body: object, field: str, allowed: str
    ) -> None:
        problem = service.post("/v1/query", body, 422)

        assert_problem(problem, 422)
        [error] = problem["errors"]
        assert error["field"] == f"body.{field}"
        assert allowed in error["message"]
        assert field in problem["detail"]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
    def test_what_is_no_json_object_is_422(self, service: LiveService, content: bytes) -> None:
        response = service.http.post(
            "/v1/query", content=content, headers={"Content-Type": "application/json"}
        )

        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"

    def test_json_nested_beyond_reason_is_refused(self, service: LiveService) -> None:
        headers = {"Content-Type": "application/json"}

        assert service.http.post("/v1/query", content=b"[" * 5_000, headers=headers).status_code == 400

    def test_unknown_routes_and_methods_are_problems_too(self, service: LiveService) -> None:
        for method, path, status in (("GET", "/v1/nothing", 404), ("PUT", "/v1/query", 405)):
            response = service.http.request(method, path)
            assert response.status_code == status
            assert response.headers["content-type"] == "application/problem+json"
            assert_problem(response.json(), status)

    @pytest.mark.parametrize(
        "question", ["\x00", "a\x00b", "\ud800", "😀" * 50, "%s%n{}", "' OR 1=1 --", "?" * 500]
    )
    def test_odd_questions_are_answered_or_refused(self, service: LiveService, question: str) -> None:
        body = b'{"question": %b}' % json.dumps(question).encode()

        response = service.http.post("/v1/query", content=body, headers={"Content-Type": "application/json"})

        assert response.status_code in {200, 422}, response.text


class TestContext:
    def test_a_prompt_is_planned_down_and_says_what_it_left_out(
        self, glm5: Glm5Server, tmp_path: Path
    ) -> None:
        clauses = "".join(
            f"## {n}. Rent of berth {n}\n\nThe rent of berth {n} is {n * 11} euros a month.\n\n"
            for n in range(1, 60)
        )
        write_texts(tmp_path / "docs", {"berths.md": f"# Berths\n\n{clauses}"})
        settings = Settings(
            data=tmp_path / "data",
            llm_base_url=glm5.base_url,
            llm_api_key=SecretStr("key"),
            llm_context=1_200,
            answer_tokens=300,
        )
        with live(settings) as service:
            service.ingest(tmp_path / "docs")
            before = len(glm5.requests)
            found = service.ask("What is the rent of berth 17?")

            plan = found["plan"]
            assert plan["mode"] == "retrieve"
            assert sum(segment["tokens"] for segment in plan["segments"]) <= 900
            shown = set(passages_of(glm5.requests[-1]))
            assert shown
            assert plan["left_out"]
            assert not shown & set(plan["left_out"])
            assert "berth 17" in glm5.requests[-1].question
            assert glm5.requests[-1].body["max_tokens"] == 300

            refused = service.post("/v1/query", {"question": "rent?", "mode": "pin"}, 422)
            assert_problem(refused, 422)
            assert "context" in refused["detail"]
            service.post("/v1/query", {"question": "rent " * 2_000}, 422)
            service.post("/v1/query", {"question": "rent?", "max_tokens": 1_200}, 422)
            assert len(glm5.requests) == before + 1


class TestProvider:
    @pytest.mark.parametrize("named", FAILURES)
    def test_its_failure_is_the_documented_status_with_its_code(
        self, service: LiveService, glm5: Glm5Server, named: str
    ) -> None:
        _, status, code = FAILURES[named]
        before = len(glm5.requests)

        problem = service.post("/v1/query", {"question": named}, status)

        assert_problem(problem, status)
        assert problem.get("code") == code
        assert len(glm5.requests) == before + 1

    @pytest.mark.parametrize("named", FAILURES)
    def test_inside_a_stream_it_is_the_last_event(self, service: LiveService, named: str) -> None:
        _, status, code = FAILURES[named]

        events = service.events(named)

        names = [name for name, _ in events]
        assert names[0] == "plan"
        assert names[-1] == "error"
        assert not {"done", "usage"} & set(names)
        assert_problem(events[-1][1], status)
        assert events[-1][1].get("code") == code
        if FAILURES[named][0] == CutStream(after=3):
            assert "delta" in names

    def test_a_failed_turn_leaves_the_conversation_as_it_was(
        self, service: LiveService, glm5: Glm5Server
    ) -> None:
        first = service.ask("Who pays?", mode="retrieve")
        service.post("/v1/query", {"question": "cut", "session_id": first["session_id"]}, 502)

        service.ask("And when?", session_id=first["session_id"])

        prompts = [str(turn["content"]) for turn in glm5.requests[-1].messages]
        assert not any("Question: cut" in prompt for prompt in prompts)
        assert [turn["role"] for turn in glm5.requests[-1].messages] == [
            "system",
            "user",
            "assistant",
            "user",
        ]

    @pytest.mark.slow
    def test_what_may_pass_is_asked_again_and_then_reported(
        self, service: LiveService, glm5: Glm5Server
    ) -> None:
        def ask(named: str) -> dict[str, Any]:
            return service.post("/v1/query", {"question": named}, RETRIED[named][1])

        with ThreadPoolExecutor() as askers:
            problems = dict(zip(RETRIED, askers.map(ask, RETRIED), strict=True))

        for named, (_, status, code) in RETRIED.items():
            assert_problem(problems[named], status)
            assert problems[named].get("code") == code
            asked = [r for r in glm5.requests if r.question.endswith(f"Question: {named}")]
            assert len(asked) == 5

    @pytest.mark.slow
    def test_an_address_where_nobody_listens_is_502(self, tmp_path: Path) -> None:
        write_texts(tmp_path / "docs", GOOD)
        with Glm5Server([]) as gone:
            address = gone.base_url
        settings = Settings(data=tmp_path / "data", llm_base_url=address, llm_provider="vllm")
        with live(settings) as service:
            service.ingest(tmp_path / "docs")

            assert_problem(service.post("/v1/query", {"question": "Who pays?"}, 502), 502)

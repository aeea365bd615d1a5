"""Nothing of a collection reaches a server that its egress keeps it from: every route, every command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ingest.embedding import CHECK_TEXT
from service.cli import COMMANDS, cli
from service.settings import PREFIX, load_settings
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.live_service import live
from tests.fakes.recipient import Recipient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent of the warehouse?"
REVIEW = {"collection": "docs", "name": "r", "questions": [{"id": "rent", "question": RENT, "type": "text"}]}
CHAT = {"model": "lectern/docs", "messages": [{"role": "user", "content": RENT}]}
CHORE = {
    "model": "lectern/docs",
    "messages": [{"role": "user", "content": "### Task:\nGenerate a concise title for the chat history."}],
}
ASKED: dict[tuple[str, str], list[Any]] = {
    ("POST", "/v1/query"): [
        {"question": RENT, "collection": "docs", "mode": mode}
        for mode in ("auto", "retrieve", "pin", "map", "agent")
    ],
    ("POST", "/v1/search"): [{"query": RENT, "collection": "docs"}],
    ("POST", "/v1/chat/completions"): [CHAT, CHORE],
    ("POST", "/v1/collections/{name}/warm"): [{}],
    ("PUT", "/v1/collections/{name}/pinned"): [{"documents": []}],
    ("PUT", "/v1/collections/{name}/egress"): [],
    ("POST", "/v1/reviews"): [REVIEW],
    ("POST", "/v1/reviews/estimate"): [REVIEW],
    ("POST", "/v1/reviews/questions"): [{}],
    ("POST", "/v1/reviews/{review_id}/resume"): [{}],
    ("POST", "/v1/reviews/{review_id}/cancel"): [{}],
    ("POST", "/v1/jobs/{job_id}/cancel"): [{}],
    ("POST", "/v1/jobs/{job_id}/retry"): [{}],
    ("POST", "/v1/keys"): [{"permissions": []}],  # 422: a key would close the server to the rest
    ("POST", "/v1/ingests"): [],
    ("POST", "/v1/documents"): [],
}
"""Bodies of the routes that take one; those without bodies here have a test of their own below."""


@pytest.fixture
def recipient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipient]:
    """The only server there is, for everything; processes inherit the settings."""
    write_texts(tmp_path / "docs", TEXTS)
    with Recipient() as server:
        settings = {**server.settings, "data": tmp_path / "data", "ingest_roots": tmp_path}
        for name, value in settings.items():
            monkeypatch.setenv(f"{PREFIX}{name.upper()}", str(value))
        monkeypatch.chdir(tmp_path)
        yield server


def serving(tmp_path: Path) -> Any:  # noqa: ANN401 — a context manager
    import os

    return live(load_settings(os.environ, tmp_path))


def limit(service: LiveService, egress: str, collection: str = "docs") -> None:
    answer = service.http.put(f"/v1/collections/{collection}/egress", json={"egress": egress})
    assert answer.status_code == 200, answer.text
    assert answer.json()["egress"] == egress


def ask_everything(service: LiveService) -> dict[tuple[str, str], list[httpx2.Response]]:
    """Every operation that the API describes; what deletes comes last."""
    document = next(iter(service.documents("docs").values()))
    described = service.get("/openapi.json")["paths"]
    operations = [(method.upper(), path) for path, methods in described.items() for method in methods]
    unknown = [each for each in operations if each[0] in {"POST", "PUT"} and each not in ASKED]
    assert not unknown, "say what these are asked, so that they are watched"
    names = {"name": "docs", "document_id": document["id"], "page": "1"}
    answers: dict[tuple[str, str], list[httpx2.Response]] = {}
    for method, path in sorted(operations, key=lambda each: each[0] == "DELETE"):
        if method == "DELETE" or path.endswith("/events"):
            continue  # tells nothing to anybody, or takes as long as a job
        filled = path
        for name in ("name", "document_id", "page"):
            filled = filled.replace(f"{{{name}}}", names[name])
        for body in ASKED.get((method, path), [None]):
            sent = service.http.request(method, filled.replace("{", "x").replace("}", ""), json=body)
            answers.setdefault((method, path), []).append(sent)
    return answers


class TestEveryRoute:
    def test_sends_nothing_where_nobody_may_be_shown_the_collection(
        self, recipient: Recipient, tmp_path: Path
    ) -> None:
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            limit(service, "none")
            recipient.shown.clear()
            before = recipient.connections

            answers = ask_everything(service)

            assert recipient.shown == []
            assert recipient.connections == before
            auto, retrieve, *needing = answers["POST", "/v1/query"]
            for answer in (auto.json(), retrieve.json()):
                assert answer["llm_generated"] is False
                assert answer["plan"]["mode"] == "extract"
                assert answer["plan"]["withheld_from"] == "vllm"
                assert "'docs' may not be shown to vllm" in answer["plan"]["reason"]
                assert "4,200 euros" in answer["citations"][0]["cited_text"]
            refused = [
                *needing,
                *answers["POST", "/v1/collections/{name}/warm"],
                *answers["POST", "/v1/reviews"],
                *answers["POST", "/v1/reviews/estimate"],
            ]
            assert [answer.status_code for answer in refused] == [403] * 6
            assert all("'docs' may not be shown to vllm" in answer.json()["detail"] for answer in refused)
            assert answers["POST", "/v1/search"][0].json()["hits"]
            chat, chore = answers["POST", "/v1/chat/completions"]
            assert "4,200 euros" in chat.json()["choices"][0]["message"]["content"]
            assert chore.status_code == 200

    def test_sends_to_all_where_anybody_may_be(self, recipient: Recipient, tmp_path: Path) -> None:
        """That the test above can fail."""
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")

            answers = ask_everything(service)

            assert recipient.kinds() == {"completions", "embeddings", "rerank", "tokenize"}
            assert answers["POST", "/v1/query"][0].json()["llm_generated"] is True
            assert [answer.status_code for answer in answers["POST", "/v1/query"]] == [200] * 5

    @pytest.mark.parametrize("egress", ["vllm", "local", "127.0.0.1", "zai,local"])
    def test_a_recipient_goes_by_preset_by_host_and_as_local(
        self, recipient: Recipient, tmp_path: Path, egress: str
    ) -> None:
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            limit(service, egress if egress != "zai,local" else "local,zai")

            answer = service.ask(RENT, collection="docs", mode="retrieve")

            assert answer["llm_generated"] is True
            assert "completions" in recipient.kinds()

    def test_what_is_allowed_of_some_is_not_of_others(self, recipient: Recipient, tmp_path: Path) -> None:
        """The preset's name opens the model; the same server's embeddings and reranking go by their host."""
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            limit(service, "vllm")
            recipient.shown.clear()

            answer = service.ask(RENT, collection="docs", mode="retrieve")

            assert answer["llm_generated"] is True
            assert recipient.kinds() == {"completions", "tokenize"}
            [warning] = answer["plan"]["warnings"]
            assert (
                "the order of the search stands: collection 'docs' may not be shown to 127.0.0.1" in warning
            )

    @pytest.mark.usefixtures("recipient")
    def test_other_collections_are_not_concerned(self, tmp_path: Path) -> None:
        with serving(tmp_path) as service:
            for name in ("docs", "open"):
                service.ingest(tmp_path / "docs", collection=name)
            limit(service, "none")

            assert service.ask(RENT, collection="docs")["llm_generated"] is False
            assert service.ask(RENT, collection="open")["llm_generated"] is True
            assert {one["name"]: one["egress"] for one in service.get("/v1/collections")["collections"]} == {
                "docs": "none",
                "open": "any",
            }

    def test_a_conversation_goes_on_with_extracts_and_back(
        self, recipient: Recipient, tmp_path: Path
    ) -> None:
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            first = service.ask(RENT, collection="docs")
            limit(service, "none")
            recipient.shown.clear()

            second = service.ask("And who pays it?", collection="docs", session_id=first["session_id"])
            assert (second["llm_generated"], recipient.shown) == (False, [])

            limit(service, "any")
            third = service.ask("Until when?", collection="docs", session_id=first["session_id"])
            assert third["llm_generated"] is True

    @pytest.mark.parametrize("said", ["", "all", "any,zai", "none, zai", "two words", "http://a.example/"])
    def test_what_nobody_can_mean_is_422(self, recipient: Recipient, tmp_path: Path, said: str) -> None:
        del recipient
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            answer = service.http.put("/v1/collections/docs/egress", json={"egress": said})

            if said == "all":  # a host may be called so
                assert answer.status_code == 200
            else:
                assert answer.status_code == 422
                assert answer.json()["errors"][0]["field"] == "body.egress"


class TestIngest:
    def test_files_that_may_not_be_embedded_elsewhere_fail_and_are_read_once_they_may(
        self, recipient: Recipient, tmp_path: Path
    ) -> None:
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
            limit(service, "vllm")
            recipient.shown.clear()
            write_texts(tmp_path / "docs", {"new.md": "# New\n\nThe lighthouse is for sale.\n"})

            withheld = service.ingest(tmp_path / "docs", collection="docs")

            assert recipient.kinds() <= {"embeddings"}
            assert set(recipient.texts()) <= {CHECK_TEXT}
            [failure] = withheld.failed
            assert (failure.path, failure.reason) == ("new.md", "egress")
            assert "'docs' may not be shown to 127.0.0.1" in failure.detail
            assert sorted(withheld.unchanged) == sorted(TEXTS)

            limit(service, "local")
            assert service.ingest(tmp_path / "docs", collection="docs").indexed == ["new.md"]

    def test_a_new_collection_begins_with_the_setting(
        self, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"{PREFIX}EGRESS", "none")

        ran = CliRunner().invoke(cli, ["ingest", "docs", "-c", "docs", "--json"])

        assert {failure["reason"] for failure in json.loads(ran.stdout)["failed"]} == {"egress"}
        assert set(recipient.texts()) == {CHECK_TEXT}
        listed = CliRunner().invoke(cli, ["collections", "egress", "docs"])
        assert listed.stdout == "docs may be shown to nobody\n"


class TestEveryCommand:
    def test_sends_nothing_where_nobody_may_be_shown_the_collection(
        self, recipient: Recipient, tmp_path: Path
    ) -> None:
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
        assert self.run("collections", "egress", "docs", "none").exit_code == 0
        recipient.shown.clear()

        ran = self.run_all(tmp_path)

        assert [(path, body) for path, body in recipient.shown if body.get("input") != [CHECK_TEXT]] == []
        assert "extracts: collection 'docs' may not be shown to vllm" in ran["ask"].output
        assert ran["search"].exit_code == 0
        for name in ("warm", "review", "eval"):
            assert "may not be shown to vllm" in str(ran[name].exception), name

    def test_sends_to_all_where_anybody_may_be(self, recipient: Recipient, tmp_path: Path) -> None:
        """That the test above can fail."""
        with serving(tmp_path) as service:
            service.ingest(tmp_path / "docs", collection="docs")
        recipient.shown.clear()

        ran = self.run_all(tmp_path)

        assert recipient.kinds() == {"completions", "embeddings", "rerank", "tokenize"}
        failed = {name: str(one.exception) for name, one in ran.items() if one.exit_code not in {0, 2}}
        assert failed == {"explain": "no answer named 'ans_x'"}

    def run(self, *arguments: str) -> Any:  # noqa: ANN401 — click's result
        return CliRunner().invoke(cli, list(arguments))

    def run_all(self, tmp_path: Path) -> dict[str, Any]:
        write_texts(tmp_path / "docs", {"late.md": "# Late\n\nThe harbour closes at ten.\n"})
        questions, asked = tmp_path / "questions.yaml", tmp_path / "asked.jsonl"
        questions.write_text(f"- {{id: rent, question: '{RENT}', type: text}}\n", encoding="utf-8")
        asked.write_text(json.dumps({"question": RENT, "answer": "4,200 euros"}), encoding="utf-8")
        table = str(tmp_path / "out.json")
        said: dict[str, list[str] | None] = {
            "ask": ["ask", RENT, "-c", "docs"],
            "audit": ["audit"],
            "backup": ["backup", str(tmp_path / "backup.tar.gz")],
            "bot": None,  # a client of a server
            "collections": ["collections"],
            "demo": None,  # asks its own corpus
            "doctor": ["doctor"],
            "documents": ["documents", "-c", "docs"],
            "eval": ["eval", "answers", "--questions", str(asked), "-c", "docs", "--judge", "glm-5"],
            "explain": ["explain", "ans_x"],
            "ingest": ["ingest", "docs", "-c", "docs"],
            "jobs": ["jobs"],
            "keys": None,  # touches no text
            "mcp": None,  # the tools of the desk, see the routes
            "migrate": None,  # no text: vectors, from where Lectern keeps them to where it does
            "reindex": ["reindex", "docs", "--anew"],
            "restore": ["restore", "--force", str(tmp_path / "backup.tar.gz")],
            "review": ["review", "--questions", str(questions), "--out", table, "-c", "docs"],
            "search": ["search", RENT, "-c", "docs"],
            "serve": None,  # see the routes
            "usage": ["usage"],
            "warm": ["warm", "docs"],
        }
        assert not COMMANDS.keys() - said.keys(), "say how these are run, so that they are watched"
        return {name: self.run(*arguments) for name, arguments in said.items() if arguments}

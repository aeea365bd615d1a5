"""The command line from end to end, each command in a process of its own."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner

from service.cli import cli
from service.extracting import NOTHING_FOUND
from service.running import FILE
from tests.fakes.command_line import CommandLine
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends servers by Unix signals")

_CLIENTS_KEEP_SECONDS = 5
"""As httpx, and the clients over it, do by default."""

RENT = "What is the monthly rent of the warehouse?"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A command line over a directory that holds an ingested folder, with one file that cannot be read."""
    folder = tmp_path_factory.mktemp("home")
    write_texts(folder / "docs", {**TEXTS, "blank.txt": " \n"})
    made = CommandLine(folder / "data", folder)
    ran = made.run("ingest", "docs", "--json")
    assert ran.status == 2, ran.err
    assert ran.json["indexed"] == sorted(TEXTS)
    return made


def answer(request: Recorded) -> Reply:
    marker = next(m for m, text in passages_of(request).items() if "4,200 euros" in text)
    return Reply(f'The monthly rent is 4,200 euros [{marker} "monthly rent of 4,200 euros"].')


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


class TestIngest:
    def test_reports_what_became_of_every_file(self, line: CommandLine) -> None:
        again = line.run("ingest", "docs", "--json")

        assert again.status == 2
        assert set(again.json) >= {"indexed", "unchanged", "failed", "characters", "chunks"}
        assert again.json["unchanged"] == sorted(TEXTS)
        [failure] = again.json["failed"]
        assert failure["path"] == "blank.txt"
        assert failure["reason"] == "no_text"

    def test_names_the_failed_file_for_people(self, line: CommandLine) -> None:
        told = line.run("ingest", "docs")

        assert told.status == 2
        assert "blank.txt: no_text" in told.out
        assert f"{len(TEXTS)} unchanged" in told.out
        assert told.err == ""

    def test_a_folder_that_is_not_there_is_one_line(self, line: CommandLine) -> None:
        ran = line.run("ingest", "nowhere")

        assert (ran.status, ran.out) == (1, "")
        assert ran.err == "lectern: no path named 'nowhere'\n"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [(("",), "a path is empty"), (("docs", "--reader", "bad"), "'bad' is no reader's name")],
    )
    def test_what_cannot_be_meant_is_a_usage_error(
        self, line: CommandLine, arguments: tuple[str, ...], said: str
    ) -> None:
        ran = line.run("ingest", *arguments)

        assert (ran.status, ran.out) == (2, "")
        assert said in " ".join(ran.err.split())


class TestAsk:
    def test_without_a_model_it_quotes(self, line: CommandLine) -> None:
        found = line.ok("ask", RENT, "--json").json

        assert found["llm_generated"] is False
        assert found["plan"]["mode"] == "extract"
        assert found["citations"][0]["path"] == "lease.md"
        assert "4,200 euros" in found["citations"][0]["cited_text"]

    def test_people_see_place_and_quote(self, line: CommandLine) -> None:
        told = line.ok("ask", RENT)

        assert "[1] lease.md, lines" in told.out
        assert "4,200 euros" in told.out
        assert "no model is configured" in told.out
        assert "\x1b" not in told.out

    def test_with_a_model_it_streams_a_cited_answer(self, line: CommandLine, glm5: Glm5Server) -> None:
        model = {"LECTERN_LLM_BASE_URL": glm5.base_url, "LECTERN_LLM_PROVIDER": "zai"}

        told = line.ok("ask", RENT, **model)
        found = line.ok("ask", RENT, "--json", **model).json

        assert told.out.startswith("The monthly rent is 4,200 euros [1].")
        assert "grounded" in told.out
        assert "“monthly rent of 4,200 euros”" in told.out
        assert found["llm_generated"] is True
        assert found["grounded"] is True
        assert found["citations"][0]["quoted"] == "exact"
        assert len(glm5.requests) == 2

    def test_a_session_goes_on_in_another_process(self, line: CommandLine, glm5: Glm5Server) -> None:
        model = {"LECTERN_LLM_BASE_URL": glm5.base_url}
        first = line.ok("ask", RENT, "--mode", "retrieve", "--json", **model).json
        line.ok("ask", "Per month?", "--session", first["session_id"], **model)

        one, two = glm5.requests[-2:]
        assert two.prompt.startswith(one.prompt.removesuffix("<|assistant|>"))

    @pytest.mark.parametrize(
        ("arguments", "environment", "status", "said"),
        [
            (["ask", ""], {}, 2, "question"),
            (["ask", "x", "--session", "s" * 65], {}, 2, "session_id"),
            (["ask", "x", "--mode", "skim"], {}, 2, "'auto', 'pin', 'retrieve', 'map'"),
            (["ask", "x", "-c", "nowhere"], {}, 1, "no collection named 'nowhere'"),
            (["ask", "x", "-d", "nowhere"], {}, 1, "no document named 'nowhere'"),
            (["ask", "x", "--session", "nowhere"], {}, 1, "no session named 'nowhere'"),
            (["ask", "x"], {"LECTERN_COLOUR": "red"}, 1, "unknown setting colour; the settings are "),
            (["ask", "x"], {"LECTERN_TEMPERATURE": "hot"}, 1, "setting temperature"),
            (["ask", "x"], {"LECTERN_LLM_PROVIDER": "acme", "LECTERN_LLM_API_KEY": "k"}, 1, "must be one of"),
            (["ask", "x"], {"LECTERN_LLM_API_KEY": "k", "LECTERN_LLM_CONTEXT": "4200"}, 1, "context"),
            (["search", ""], {}, 2, "query"),
            (["search", "x", "-c", "nowhere"], {}, 1, "no collection named 'nowhere'"),
            (["documents", "-c", "nowhere"], {}, 1, "no collection named 'nowhere'"),
            (["serve", "--host", "0.0.0.0", "--port", "0"], {}, 1, "LECTERN_ACCESS_KEY"),
            (["serve", "--port", "70000"], {}, 2, "70000"),
            (["lend"], {}, 2, "No such command 'lend'"),
        ],
    )
    def test_what_is_wrong_is_said_in_few_words(
        self,
        line: CommandLine,
        arguments: list[str],
        environment: dict[str, str],
        status: int,
        said: str,
    ) -> None:
        ran = line.run(*arguments, **environment)

        assert (ran.status, ran.out) == (status, "")
        assert said in ran.err
        assert "Traceback" not in ran.err

    def test_a_data_folder_that_is_a_file_is_one_line(self, line: CommandLine) -> None:
        ran = line.run("ask", "x", LECTERN_DATA=str(line.folder / "docs" / "lease.md"))

        assert ran.status == 1
        assert ran.err.startswith("lectern: setting data")


class TestSearchAndDocuments:
    def test_search_finds_places(self, line: CommandLine) -> None:
        hits = line.ok("search", "posting to the ledger", "-n", "3", "--json").json["hits"]

        assert len(hits) == 3
        assert hits[0]["path"] == "code/ledger.py"
        assert hits[0]["passages"][0].startswith(f"D{hits[0]['number']}:")
        told = line.ok("search", "posting to the ledger", "-n", "1")
        assert "code/ledger.py" in told.out

    def test_documents_are_listed_with_the_files_that_failed(self, line: CommandLine) -> None:
        listed = line.ok("documents", "--json").json

        assert [d["path"] for d in listed["documents"]] == sorted(TEXTS)
        told = line.ok("documents").out
        assert "blank.txt: no_text" in told
        assert all(path in told for path in TEXTS)

    def test_one_document_can_be_asked_alone(self, line: CommandLine) -> None:
        listed = line.ok("documents", "--json").json["documents"]
        policy = next(d["id"] for d in listed if d["path"] == "policy.txt")

        found = line.ok("ask", "Who shall book trains?", "-d", policy, "--json").json
        lost = line.ok("ask", RENT, "-d", "policy.txt", "--json").json

        assert {c["path"] for c in found["citations"]} == {"policy.txt"}
        assert (lost["answer"], lost["citations"]) == (NOTHING_FOUND, [])


class TestServe:
    def test_a_running_server_answers_for_the_command(self, line: CommandLine, glm5: Glm5Server) -> None:
        with line.serving(LECTERN_LLM_BASE_URL=glm5.base_url) as url:
            noted = json.loads((line.data / FILE).read_text())
            assert noted["url"] == url
            before = len(glm5.requests)

            # The command itself knows of no model: only the server can have asked one.
            found = line.ok("ask", RENT, "--json").json
            told = line.ok("ask", RENT)
            refused = line.run("ask", "x", "-c", "nowhere")

            assert len(glm5.requests) == before + 2
            assert found["llm_generated"] is True
            assert told.out.startswith("The monthly rent is 4,200 euros [1].")
            assert told.out.endswith(f"  answered by the server at {url}, by its settings\n")
            assert (refused.status, refused.err) == (1, "lectern: no collection named 'nowhere'\n")
        assert not (line.data / FILE).exists()
        assert line.ok("ask", RENT, "--json").json["llm_generated"] is False

    def test_with_an_access_key_it_may_be_reached_from_elsewhere(self, line: CommandLine) -> None:
        key = {"LECTERN_ACCESS_KEY": "open-sesame"}
        alone = line.ok("search", RENT, "--json").json
        with line.serving("--host", "0.0.0.0", **key) as url:
            assert httpx2.get(f"{url}/v1/collections", trust_env=False).status_code == 401
            assert httpx2.get(f"{url}/healthz", trust_env=False).status_code == 200
            assert line.ok("ask", RENT, "--json", **key).json["citations"]
            assert line.ok("search", RENT, "--json", **key).json == alone
            # Whoever may read the data folder needs no key: the server's own token is there.
            assert line.ok("ask", RENT, "--json").json["citations"]
            assert line.ok("search", RENT, "--json").json == alone

    def test_a_connection_may_be_idle_for_longer_than_clients_keep_theirs(self, line: CommandLine) -> None:
        with line.serving() as url, closing(HTTPConnection(url.removeprefix("http://"), timeout=20)) as http:
            http.connect()
            opened = http.sock
            for idle in (_CLIENTS_KEEP_SECONDS + 1, 0):
                http.request("GET", "/healthz")
                with http.getresponse() as response:
                    assert response.status == 200
                    response.read()
                time.sleep(idle)
            assert http.sock is opened

    def test_a_port_that_is_taken_is_said_at_once(self, line: CommandLine) -> None:
        with line.serving() as url:
            ran = line.run("serve", "--port", url.rsplit(":", 1)[1])

        assert ran.status == 1
        assert ran.err.startswith("lectern: cannot bind 127.0.0.1:")

    def test_a_killed_server_leaves_no_trap(self, line: CommandLine) -> None:
        server = line.start("serve", "--port", "0")
        assert server.stdout is not None
        assert server.stdout.readline()
        server.send_signal(signal.SIGKILL)
        server.communicate(timeout=20)

        assert line.ok("ask", RENT, "--json").json["citations"]

        # The same record under a process id that lives again.
        note = line.data / FILE
        note.write_text(json.dumps({**json.loads(note.read_text()), "pid": 1}))
        assert line.ok("ask", RENT, "--json").json["citations"]
        assert "answered by the server" not in line.ok("ask", RENT).out
        assert line.ok("search", RENT, "--json").json["hits"]
        note.unlink()


class TestTwoAtOnce:
    def test_commands_share_the_directory(self, line: CommandLine) -> None:
        asked = [line.start("ask", RENT, "--json") for _ in range(2)]
        asked.append(line.start("ingest", "docs", "--json"))

        ends = [command.communicate(timeout=120) for command in asked]

        assert [command.returncode for command in asked] == [0, 0, 2], ends
        assert all(json.loads(out)["citations"] for out, _ in ends[:2])
        assert json.loads(ends[2][0])["unchanged"] == sorted(TEXTS)

    def test_a_second_ingest_says_who_is_at_work(self, tmp_path: Path) -> None:
        berths = {n: (f"Berth {n}-{k} is let by the week.\n\n" for k in range(500)) for n in range(12)}
        write_texts(tmp_path / "docs", {f"{n}.md": "".join(lines) for n, lines in berths.items()})
        line = CommandLine(tmp_path / "data", tmp_path)
        first = line.start("ingest", "docs")
        lock = line.data / "ingest.lock"
        deadline = time.monotonic() + 60
        while not lock.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)

        second = line.run("ingest", "docs")

        first.communicate(timeout=120)
        assert first.returncode == 0
        assert second.status == 1
        assert "another ingest is at work" in second.err
        assert len(line.ok("documents", "--json").json["documents"]) == 12


def test_eval_measures_a_labelled_set(line: CommandLine) -> None:
    lease = TEXTS["lease.md"]
    clauses = {"rent": "monthly rent of 4,200 euros", "notice": "ninety (90) days' written notice"}
    texts = {"lease.md": lease, "blank.txt": " \n", "policy.txt": TEXTS["policy.txt"]}
    documents = [{"doc_id": name, "text": text} for name, text in texts.items()]
    queries = [
        {
            "query_id": name,
            "query": f"What does the lease say about {name}?",
            "doc_id": "lease.md",
            "gold": [
                {"doc_id": "lease.md", "start": lease.index(words), "end": lease.index(words) + len(words)}
            ],
        }
        for name, words in clauses.items()
    ]
    for name, rows in (("documents", documents), ("queries", queries)):
        (line.folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    measured = line.ok(
        *("eval", "retrieval", "--documents", "documents.jsonl", "--queries", "queries.jsonl"),
        *("--run", "run.jsonl", "--json"),
    )
    table = measured.json

    assert measured.err == "documents without readable text: 1 (blank.txt)\n"
    assert table["all"]["recall@4000"] == 1.0
    assert table["all"]["n"] == 2
    ran = [json.loads(row) for row in (line.folder / "run.jsonl").read_text().splitlines()]
    assert [row["query_id"] for row in ran] == ["rent", "notice"]
    for row in ran:
        assert set(row["hits"][0]) == {"doc_id", "start", "end", "score"}
        scores = [hit["score"] for hit in row["hits"]]
        assert scores == sorted(scores, reverse=True)
    assert line.run("eval", "retrieval", "--documents", "none", "--queries", "none").status == 2
    unwritable = line.run(
        *("eval", "retrieval", "--documents", "documents.jsonl", "--queries", "queries.jsonl"),
        *("--run", "nowhere/run.jsonl"),
    )
    assert unwritable.status == 2
    assert "there is no folder nowhere" in unwritable.err


def test_eval_asks_ones_own_questions(line: CommandLine, glm5: Glm5Server) -> None:
    place = {"path": "lease.md", "quote": "a monthly rent of 4,200 euros"}
    (line.folder / "mine.yaml").write_text(
        json.dumps([{"question": RENT, "answer": "4200 EUR", "citations": [place]}]), encoding="utf-8"
    )
    asked = len(glm5.requests)
    told = line.ok(
        *("eval", "answers", "--questions", "mine.yaml", "--mode", "retrieve", "--run", "answers.jsonl"),
        LECTERN_LLM_BASE_URL=glm5.base_url,
    ).out

    figures = {row.split()[0]: row.split()[1] for row in told.split("\n\n")[0].splitlines()[1:]}
    assert {name: figures[name] for name in ("correctness", "citation_recall", "grounded")} == {
        "correctness": "1.000",
        "citation_recall": "1.000",
        "grounded": "1.000",
    }
    assert "1 questions: 1 asked now, 0 failed" in told
    assert len(glm5.requests) == asked + 1
    assert (line.folder / "answers.jsonl").read_text().count("\n") == 1


def test_eval_puts_other_documents_into_every_collection(line: CommandLine) -> None:
    own = [{"doc_id": f"{repo}/lease.md", "repo": repo, "text": TEXTS["lease.md"]} for repo in ("one", "two")]
    far = [{"doc_id": "far/policy.txt", "repo": "three", "text": TEXTS["policy.txt"]}]
    asked = [
        {"query_id": repo, "query": "monthly rent", "repo": repo, "gold_files": [f"{repo}/lease.md"]}
        for repo in ("one", "two")
    ]
    for name, rows in (("own", own), ("far", far), ("asked", asked)):
        (line.folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = ("--documents", "own.jsonl", "--queries", "asked.jsonl", "--among", "far.jsonl")

    table = line.ok("eval", "retrieval", *files, "--run", "mixed.jsonl").out

    assert [part.split()[0] for part in table.split("\n\n")[1].splitlines()[2:]] == ["one", "two"]
    for row in map(json.loads, (line.folder / "mixed.jsonl").read_text().splitlines()):
        assert {hit["doc_id"] for hit in row["hits"]} == {f"{row['query_id']}/lease.md", "far/policy.txt"}
    said = line.ok("eval", "compare", "mixed.jsonl", "mixed.jsonl", *files).out
    assert said.splitlines()[1].split()[-3:] == ["0", "0", "2"]
    taken = line.run("eval", "retrieval", *files, "--among", "own.jsonl")
    assert taken.status == 1
    assert "own.jsonl:1: doc_id 'one/lease.md' names another document already" in taken.err


@pytest.mark.slow
def test_the_demonstration_is_right(tmp_path: Path) -> None:
    told = CommandLine(tmp_path / "data", tmp_path).ok("demo")

    assert "5 of 5 answers cite what they should." in told.out


def test_help_names_every_command(line: CommandLine) -> None:
    told = line.ok("--help").out

    for name in ("ask", "demo", "documents", "eval", "ingest", "search", "serve"):
        assert f"  {name} " in told
        helped = CliRunner().invoke(cli, [name, "--help"], prog_name="lectern")
        assert (helped.exit_code, helped.stderr) == (0, "")
        assert helped.stdout.startswith(f"Usage: lectern {name}")
    assert line.ok("serve", "--help").out.startswith("Usage: lectern serve")

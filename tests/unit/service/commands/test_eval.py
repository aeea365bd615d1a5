"""``lectern eval compare`` over files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ingest.errors import PermanentError
from service.commands.eval import command
from tests.fakes.labelled import write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

TEXT = "Ann Lee pays the rent. Ben Roe signs the lease."


def hit(start: int, end: int, document: str = "lease0") -> dict[str, object]:
    return {"doc_id": document, "start": start, "end": end, "score": 1.0}


@dataclass(frozen=True)
class Files:
    """Six leases with a question each: who pays?"""

    folder: Path

    def write(self) -> Files:
        numbers = range(6)
        write_lines(self.folder / "d", [{"doc_id": f"lease{n}", "text": TEXT} for n in numbers])
        write_lines(self.folder / "other", [{"doc_id": "far", "text": "Far away."}])
        write_lines(
            self.folder / "q",
            [
                {
                    "query_id": f"q{n}",
                    "query": "Who pays the rent?",
                    "doc_id": f"lease{n}",
                    "gold": [{"doc_id": f"lease{n}", "start": 0, "end": 22}],
                }
                for n in numbers
            ],
        )
        self.run("before", {f"q{n}": [hit(0, 11, f"lease{n}")] for n in numbers})
        self.run(
            "after",
            {
                **{f"q{n}": [hit(0, 11, f"lease{n}")] for n in numbers},
                "q0": [hit(0, 22)],
                "q1": [hit(23, 47, "lease1")],
            },
        )
        return self

    def run(self, name: str, hits: dict[str, list[dict[str, object]]]) -> None:
        write_lines(self.folder / name, [{"query_id": query, "hits": found} for query, found in hits.items()])

    def compare(self, *options: str) -> Result:
        paths = [str(self.folder / name) for name in ("before", "after")]
        sets = ["--documents", str(self.folder / "d"), "--queries", str(self.folder / "q")]
        return CliRunner().invoke(command, ["compare", *paths, *sets, *options])

    def said(self, *options: str) -> Any:  # noqa: ANN401 — JSON
        return json.loads(self.compare("--json", *options).output)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path).write()


def test_the_difference_and_the_queries_behind_it(files: Files) -> None:
    said = files.said()
    recall = said["measures"]["recall@4000"]
    assert (recall["before"], recall["after"]) == pytest.approx((0.5, 0.5))
    assert (recall["better"], recall["worse"], recall["equal"]) == (1, 1, 4)
    low, high = recall["interval"]
    assert low < 0 < high
    assert said["shown_by"] == "recall@4000"
    (better,), (worse,) = said["better"], said["worse"]
    assert better["query_id"] == "q0"
    assert better["gold"][0]["text"] == "Ann Lee pays the rent."
    assert worse["query_id"] == "q1"
    assert (worse["before"]["first_gold"], worse["after"]["first_gold"]) == (1, None)
    assert worse["after"]["hits"][0]["text"] == "Ben Roe signs the lease."


def test_text_shows_the_same(files: Files) -> None:
    ran = files.compare("--measure", "recall@400")
    assert ran.exit_code == 0
    assert "Better by recall@400\n\n+0.500  q0  0.500 → 1.000" in ran.output
    assert "Worse by recall@400\n\n-0.500  q1  0.500 → 0.000" in ran.output
    assert "“Ben Roe signs the lease.”" in ran.output
    assert "by recall" not in files.compare("--show", "0").output


def test_documents_that_the_runs_had_among_theirs(files: Files) -> None:
    files.run("after", {"q0": [hit(0, 9, "far")]})
    assert isinstance(files.compare().exception, PermanentError)
    said = files.said("--among", str(files.folder / "other"))
    assert said["worse"][0]["after"]["hits"][0]["text"] == "Far away."
    assert said["only_before"] == ["q1", "q2", "q3", "q4", "q5"]


def test_a_bad_run_is_named_with_its_line(files: Files) -> None:
    files.run("after", {"q0": [], "q1": [hit(0, 48, "lease1")]})
    error = files.compare().exception
    assert isinstance(error, PermanentError)
    assert f"{files.folder / 'after'}:2: hit 1: 0 to 48" in str(error)


def test_an_unknown_measure_is_refused_with_those_there_are(files: Files) -> None:
    ran = files.compare("--measure", "file_recall@10")
    assert ran.exit_code == 2
    assert "recall@400, precision@400" in ran.output


def test_runs_that_share_nothing_cannot_be_compared(files: Files) -> None:
    files.run("before", {"q0": []})
    files.run("after", {"q1": []})
    ran = files.compare()
    assert ran.exit_code == 2
    assert "share no query" in ran.output


def answers(path: Path, name: str, figures: dict[str, float]) -> None:
    given: dict[str, object] = {
        "text": f"{name} [1].",
        "said": f"{name}.",
        "session": "s",
        "model": "m",
        "mode": "retrieve",
        "abstained": False,
        "grounded": True,
        "unsupported": [],
        "citations": [],
        "unresolved": 0,
        "prompt_tokens": 1,
        "cached_tokens": 0,
        "completion_tokens": 1,
        "usd": None,
        "milliseconds": 1.0,
    }
    write_lines(
        path / name,
        [
            {
                "id": identity,
                "question": f"{identity}?",
                "fingerprint": "f",
                "cluster": identity,
                "given": given,
                "figures": {"correctness": figure, "usd": figure / 1_000},
            }
            for identity, figure in figures.items()
        ],
    )


def compared(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["compare", str(folder / "old"), str(folder / "new"), *options])


def test_runs_of_answers_are_compared_without_other_files(tmp_path: Path) -> None:
    answers(tmp_path, "old", {"a": 0.0, "b": 1.0, "c": 0.5})
    answers(tmp_path, "new", {"a": 1.0, "b": 0.5, "d": 0.5})
    said = json.loads(compared(tmp_path, "--json").output)
    assert (said["n"], said["only_before"], said["only_after"]) == (2, ["c"], ["d"])
    assert said["measures"]["correctness"]["difference"] == pytest.approx(0.25)
    text = compared(tmp_path).output
    assert "usd                  0.00050 0.00075 +0.00025" in text
    assert "+1.000  a\n    a?\n    before: old [1].\n    after: new [1]." in text
    assert "-0.500  b" in text
    assert "a?" not in compared(tmp_path, "--show", "0").output


def test_runs_of_two_kinds_and_missing_files_are_named(files: Files) -> None:
    answers(files.folder, "old", {"a": 0.0})
    answers(files.folder, "new", {"b": 0.0})
    error = compared(files.folder).exception
    assert isinstance(error, PermanentError)
    assert "share no question" in str(error)
    refused = compared(files.folder, "--measure", "usd")
    assert (refused.exit_code, "without any option" in refused.output) == (2, True)
    files.run("new", {"q0": []})
    assert "one run is of answers" in compared(files.folder).output
    files.run("old", {"q0": []})
    assert "need --documents and --queries" in compared(files.folder).output

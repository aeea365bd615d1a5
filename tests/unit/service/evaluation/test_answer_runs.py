"""Run files of answers: which line counts, and what is not touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.evaluation.answer_runs import RunFile, RunLine, holds_answers, read_answers
from service.evaluation.runs import BadRun

if TYPE_CHECKING:
    from pathlib import Path


def line(identity: str, **figures: float) -> RunLine:
    return RunLine(id=identity, question="Who?", fingerprint="f", cluster="c", figures=figures)


def test_the_last_line_of_a_question_counts(tmp_path: Path) -> None:
    path = tmp_path / "run"
    run = RunFile(path)
    for one in (line("a", m=0), line("b", m=1), line("a", m=0.5)):
        run.add(one)
    assert read_answers(path) == {"a": line("a", m=0.5), "b": line("b", m=1)}
    assert RunFile(path).known == read_answers(path)
    assert holds_answers(path)


def test_an_unfinished_line_is_cut_off_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run"
    RunFile(path).add(line("a"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-5])
    assert RunFile(path).known == {"a": line("a")}
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "data", [b"notes", b'{"query_id": "q", "hits": []}\n{"id"', b'{"id": "a"}\n', b"\xff\n"]
)
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "run"
    path.write_bytes(data)
    with pytest.raises(BadRun, match="run"):
        RunFile(path)
    assert path.read_bytes() == data
    assert not holds_answers(path)


def test_a_run_without_lines_has_nothing_to_compare(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.touch()
    assert RunFile(path).known == {}
    with pytest.raises(BadRun, match="no questions in it"):
        read_answers(path)
    with pytest.raises(BadRun, match="Is a directory"):
        RunFile(tmp_path)

"""Run files, as they are written and as somebody else may have changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.evaluation.measures import Found
from service.evaluation.runs import BadRun, Ran, read_run
from tests.fakes.labelled import labelled, write_lines

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {"a": "0123456789", "ü": "x"}


def hit(**changes: object) -> dict[str, Any]:
    return {"doc_id": "a", "start": 0, "end": 10, "score": 1.5} | changes


def test_what_was_written_is_read(tmp_path: Path) -> None:
    hits = (Found("ü", 0, 1, 0.75), Found("a", 3, 9, 0.5))
    path = tmp_path / "run.jsonl"
    path.write_text(
        "".join(f"{Ran(labelled(id=name), found, {}).line()}\n" for name, found in (("p", hits), ("q", ()))),
        encoding="utf-8",
    )
    assert read_run(path, {"p", "q"}, TEXTS) == {"p": hits, "q": ()}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"query_id": "x", "hits": []}, r"run\.jsonl:2: the queries have no query_id 'x'"),
        ({"query_id": "p", "hits": []}, r"run\.jsonl:2: query_id 'p' occurs twice"),
        ({"hits": []}, r"run\.jsonl:2: query_id: Field required"),
        ({"doc_id": "a", "text": "0"}, r"run\.jsonl:2: query_id: Field required"),
        ({"query_id": "q", "hits": [hit(), hit(doc_id="z")]}, r":2: hit 2: the documents have no doc_id 'z'"),
        ({"query_id": "q", "hits": [hit(end=11)]}, r":2: hit 1: 0 to 11 is no range of 'a', which has 10 ch"),
        ({"query_id": "q", "hits": [hit(start=-1)]}, r":2: hit 1: -1 to 10 is no range"),
        ({"query_id": "q", "hits": [hit(start=5, end=4)]}, r":2: hit 1: 5 to 4 is no range"),
        ({"query_id": "q", "hits": [hit(end="last")]}, r"run\.jsonl:2: hits\.0\.end: "),
    ],
)
def test_a_bad_line_is_named(row: object, said: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "run.jsonl", [{"query_id": "p", "hits": [hit()]}, row])
    with pytest.raises(BadRun, match=said):
        read_run(path, {"p", "q"}, TEXTS)


def test_an_empty_file_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="no queries in it"):
        read_run(write_lines(tmp_path / "run.jsonl", []), {"q"}, TEXTS)

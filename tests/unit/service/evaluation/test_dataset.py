"""Labelled sets, well-formed and not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.evaluation.dataset import BadDataset, Gold, read_documents, read_queries, sample
from tests.fakes.labelled import labelled, write_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_are_read(tmp_path: Path) -> None:
    documents, queries = tmp_path / "d.jsonl", tmp_path / "q.jsonl"
    documents.write_text('{"doc_id": "a.py", "text": "x", "extra": 1}\n\n', encoding="utf-8")
    queries.write_text(
        '{"query_id": "q1", "query": "why?", "history": [{"role": "user", "text": "one"},'
        ' {"role": "agent", "text": "two"}, {"role": "user", "text": "three"}],'
        ' "gold": [{"doc_id": "a.py", "start": 0, "end": 1}]}\n',
        encoding="utf-8",
    )
    assert [(d.id, d.path, d.text) for d in read_documents(documents)] == [("a.py", "a.py", "x")]
    (query,) = read_queries(queries)
    assert query.history == ("three", "one")
    assert query.gold == (Gold("a.py", 0, 1),)
    assert query.short == "why?"


@pytest.mark.parametrize("line", ["not json", "[]", '{"doc_id": 1, "text": "x"}', '{"text": "x"}'])
def test_a_bad_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"doc_id": "a", "text": "x"}\n' + line, encoding="utf-8")
    with pytest.raises(BadDataset, match=r"d\.jsonl:2"):
        read_documents(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="missing"):
        read_queries(tmp_path / "missing.jsonl")


def test_an_id_stands_for_one_document(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "d.jsonl", [{"doc_id": name, "text": "x"} for name in "aba"])
    with pytest.raises(BadDataset, match=r"d\.jsonl:3: doc_id 'a' names another"):
        read_documents(path)
    with pytest.raises(BadDataset, match=r"d\.jsonl:2: doc_id 'b' names another"):
        read_documents(path, taken=["b"])


def test_an_id_stands_for_one_query(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "q.jsonl", [{"query_id": "q", "query": "?"}] * 2)
    with pytest.raises(BadDataset, match=r"q\.jsonl:2: query_id 'q' occurs twice"):
        read_queries(path)


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ({"doc_id": "b", "start": 0, "end": 1}, "no doc_id 'b'"),
        ({"doc_id": "b"}, "no doc_id 'b'"),
        ({"doc_id": "a", "start": 2, "end": 5}, "5 lies beyond the 4 characters of 'a'"),
        ({"doc_id": "a", "start": 2, "end": 2}, "2 to 2 is no range"),
        ({"doc_id": "a", "start": -1, "end": 2}, "-1 to 2 is no range"),
    ],
)
def test_gold_lies_in_a_text(gold: dict[str, object], said: str, tmp_path: Path) -> None:
    good = {"doc_id": "a", "start": 0, "end": 4}
    path = write_lines(
        tmp_path / "q.jsonl",
        [
            {"query_id": "1", "query": "?", "gold": [good]},
            {"query_id": "2", "query": "?", "gold": [good, gold]},
        ],
    )
    with pytest.raises(BadDataset, match=rf"q\.jsonl:2: gold: .*{said}"):
        read_queries(path, {"a": "text"})


def test_queries_of_one_document_are_one_cluster() -> None:
    assert labelled(id="1", document="a").cluster == labelled(id="2", document="a").cluster
    assert labelled(id="1").cluster != labelled(id="2").cluster
    assert labelled(id="a").cluster != labelled(id="1", document="a").cluster


def test_a_sample_keeps_what_its_queries_need(tmp_path: Path) -> None:
    documents, queries = tmp_path / "d.jsonl", tmp_path / "q.jsonl"
    documents.write_text("".join(f'{{"doc_id": "{i}", "text": "x"}}\n' for i in range(100)), encoding="utf-8")
    queries.write_text(
        "".join(f'{{"query_id": "{i}", "query": "?", "gold": [{{"doc_id": "{i}"}}]}}\n' for i in range(50)),
        encoding="utf-8",
    )
    kept, asked = sample(read_documents(documents), read_queries(queries), 5)
    assert len(asked) == 5
    assert {gold.document for query in asked for gold in query.gold} <= {d.id for d in kept}
    assert len(kept) < 20

"""Files of questions with expected answers, good and bad."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from service.evaluation.answer_questions import ExpectedPlace, read_questions
from service.evaluation.dataset import BadDataset
from tests.fakes.labelled import write_lines

if TYPE_CHECKING:
    from pathlib import Path

YAML = """questions:
  - question: When does it begin?
    answer: 2024-03-01
    category: dates
  - id: rent
    question: What is the rent?
    answer: [4200, "EUR 4,200"]
    documents: [lease.md]
    citations:
      - {path: lease.md, quote: a monthly rent}
      - {path: lease.md, start: 5, end: 10}
  - question: Who owns the moon?
    answer: not in the documents
    conversation: moon
"""


def test_both_kinds_of_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(YAML, encoding="utf-8")
    rows: list[dict[str, Any]] = [
        {"question": "When does it begin?", "answer": "2024-03-01", "category": "dates"},
        {
            "id": "rent",
            "question": "What is the rent?",
            "answer": [4200, "EUR 4,200"],
            "documents": ["lease.md"],
            "citations": [
                {"path": "lease.md", "quote": "a monthly rent"},
                {"path": "lease.md", "start": 5, "end": 10},
            ],
        },
        {"question": "Who owns the moon?", "answer": "not in the documents", "conversation": "moon"},
    ]
    first, second, third = read_questions(tmp_path / "q.yaml")
    from_lines = read_questions(write_lines(tmp_path / "q.jsonl", rows))

    assert [(q.id, q.question, q.accepted, q.places) for q in from_lines] == [
        (q.id, q.question, q.accepted, q.places) for q in (first, second, third)
    ]
    assert (first.id, first.accepted, first.category) == ("q1", ("2024-03-01",), "dates")
    assert first.where.endswith("q.yaml:2")
    assert second.accepted == ("4200", "EUR 4,200")
    assert second.places == (
        ExpectedPlace("lease.md", "a monthly rent", None, None),
        ExpectedPlace("lease.md", "", 5, 10),
    )
    assert (third.id, third.accepted, third.cluster) == ("q3", (), "conversation moon")
    assert first.cluster == "question q1"


GOOD = {"question": "Who?", "answer": "Ann"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"answer": "Ann"}, "question: Field required"),
        ({"question": "Who?"}, "answer: Field required"),
        ({**GOOD, "answer": []}, "answer: "),
        ({**GOOD, "answer": None}, "answer.0: "),
        ({**GOOD, "answer": " "}, "answer.0: "),
        ({**GOOD, "answer": ["Ann", "not in the documents"]}, "cannot be one of several"),
        ({**GOOD, "anwser": "Ann"}, "anwser: Extra inputs"),
        ({**GOOD, "citations": [{"path": "a"}]}, "citations.0: Value error, needs a quote"),
        (
            {**GOOD, "citations": [{"path": "a", "start": 5, "end": 5}]},
            "citations.0: Value error, needs a quote",
        ),
        (
            {**GOOD, "citations": [{"path": "a", "quote": "b", "start": 1, "end": 2}]},
            "citations.0: Value error, either",
        ),
        ({**GOOD, "citations": [{"quote": "b"}]}, "citations.0.path: Field required"),
        (
            {"question": "Who?", "answer": "нет в документах", "citations": [{"path": "a", "quote": "b"}]},
            "citations: an answer that is",
        ),
        ({**GOOD, "id": "q1"}, "id: 'q1' stands in"),
        (["Who?"], "Input should be an object"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_field(tmp_path: Path, row: object, said: str) -> None:
    lines = write_lines(tmp_path / "q.jsonl", [GOOD, row])
    with pytest.raises(BadDataset) as caught:
        read_questions(lines)
    assert str(caught.value).startswith(f"{lines}:2: ")
    assert said in str(caught.value)

    yaml = tmp_path / "q.yaml"
    yaml.write_text(f"- {json.dumps(GOOD)}\n- {json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises(BadDataset) as caught:
        read_questions(yaml)
    assert str(caught.value).startswith(f"{yaml}:2: ")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("q.jsonl", "", "there are no questions"),
        ("q.yml", "", "there are no questions"),
        ("q.yml", "a: 1", "expected a list of questions"),
        ("q.yml", "- question: [", "while parsing"),
        ("q.yml", "- &a [*a]", "line 1: nested too deeply"),
        ("q.jsonl", "{", "q.jsonl:1: Invalid JSON"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadDataset, match=said):
        read_questions(tmp_path / name)

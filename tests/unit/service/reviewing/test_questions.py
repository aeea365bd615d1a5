"""Files of questions, and what is said of bad ones."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import openpyxl
import pytest

from prompts.reviewing import ReviewQuestion
from service.http.gate import LARGEST_QUESTIONS
from service.reviewing.questions import BadQuestions, parse_questions, read_questions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXPECTED = (
    ReviewQuestion("end", "When does it end?", "date", "End"),
    ReviewQuestion("q2", "Does it renew, and how?", "yes/no", ""),
    ReviewQuestion("q3", "Who signs?", "text", ""),
)
YAML = """
questions:
  - id: end
    question: When does it end?
    type: date
    title: End
  - question: Does it renew, and how?
    answer type: yes/no
  - Who signs?
"""
CSV = """id,question,Type,title
end,When does it end?,date,End

,"Does it renew, and how?",YES/NO,
,Who signs?,,
"""


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


XLSX = workbook(
    [
        ["id", "question", "answer type", "column title"],
        ["end", "When does it end?", "date", "End"],
        [None, "Does it renew, and how?", "yes_no", None],
        [None, "Who signs?", None, None],
    ]
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.yaml", YAML.encode()),
        ("q.yml", YAML.encode()),
        ("q.csv", CSV.encode()),
        ("q.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("Q.CSV", CSV.replace(",", ";").replace("renew; and", "renew, and").encode()),
        ("q.xlsx", XLSX),
    ],
)
def test_every_format_gives_the_same_questions(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    assert read_questions(tmp_path / name) == EXPECTED


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "q.csv",
            "question,type\nWho?,text\nWhen?,colour\n",
            "row 3, column type: 'colour' is none of text, yes/no",
        ),
        ("q.csv", "question,type\n,date\n", "row 2, column question: there is no question"),
        (
            "q.csv",
            "question,colour\nWho?,red\n",
            "row 2, column colour: the columns are id, question, type, title",
        ),
        ("q.csv", "question\nWho?,red\n", "row 2, column 2: the column has no name"),
        ("q.csv", "id,question\na,Who?\na,When?\n", "row 3, column id: 'a' stands in row 2 too"),
        ("q.csv", "question\n" + "x" * 4_001, "row 2, column question: longer than 4,000 characters"),
        ("q.csv", "question\n" + "Who?\n" * 201, "row 202: more than 200 questions"),
        ("q.csv", 'question\n"Who?', "not a CSV file"),
        ("q.csv", "", "there are no questions in it"),
        ("q.csv", "question,type\n", "there are no questions in it"),
        ("q.yaml", "", "there are no questions in it"),
        (
            "q.yaml",
            "- question: Who?\n  type: [date]\n",
            "row 1 (line 1), column type: a text is expected, not a seq",
        ),
        (
            "q.yaml",
            "- Who?\n- question:\n  type: date\n",
            "row 2 (line 2), column question: there is no question",
        ),
        ("q.yaml", "- Who?\n- [a, b]\n", "row 2 (line 2), column question: a text is expected"),
        ("q.yaml", "questions: 3\n", "expected a list of questions"),
        ("q.yaml", "a: b\n", "expected a list of questions"),
        ("q.yaml", "- {question: Who?\n", "while parsing"),
        ("q.yaml", "- !!python/object/apply:os.system [ls]\n", "a text is expected"),
        ("q.xlsx", "no workbook", "not an Excel workbook"),
        ("q.docx", "", "questions are read from .yaml, .csv and .xlsx files"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")

    with pytest.raises(BadQuestions) as caught:
        read_questions(tmp_path / name)

    assert str(caught.value).startswith(f"{name}: ")
    assert said in str(caught.value)


def test_other_bytes_than_text_are_named_by_their_row(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_bytes(b"question\nWho?\nCaf\xe9?\n")
    with pytest.raises(BadQuestions, match="row 3: the file is not UTF-8"):
        read_questions(tmp_path / "q.csv")
    (tmp_path / "q.yaml").write_bytes(b"- Who?\n- Caf\xe9?\n")
    with pytest.raises(BadQuestions, match=r"^q\.yaml: "):
        read_questions(tmp_path / "q.yaml")


def test_a_workbook_names_the_row_too(tmp_path: Path) -> None:
    (tmp_path / "q.xlsx").write_bytes(workbook([[], ["question", "type"], ["Who?", 7]]))

    with pytest.raises(BadQuestions, match="row 3, column type: '7' is none of"):
        read_questions(tmp_path / "q.xlsx")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[" * 50_000, "nested too deeply"),
        (b"{" * 200_000, "nested too deeply"),
        (b"- " * 100_000, "nested too deeply"),
        (b"- &a x\n" + b"- *a\n" * 20_000, "more than 10,000 values"),
        (b"".join(b"k%d: 1\n" % number for number in range(200_000)), "more than 10,000 values"),
        (b"- " + b"a" * 2**20, "4,000"),
    ],
    ids=["lists", "mappings", "items", "aliases", "keys", "scalar"],
)
def test_hostile_yaml_is_refused_in_little_time(data: bytes, said: str) -> None:
    began = time.process_time()
    with pytest.raises(BadQuestions, match=said):
        parse_questions("q.yaml", data)
    assert time.process_time() - began < 5  # seconds of work; keys took 35, lists ended in no answer at all


def test_a_full_file_of_questions_is_read() -> None:
    item = "- id: {0}\n  question: {1}\n  type: date\n  title: Column {0}\n"
    text = "".join(item.format(number, "When does it end? " * 55) for number in range(200))
    assert len(parse_questions("q.yaml", text.encode())) == 200
    assert len(text) < LARGEST_QUESTIONS

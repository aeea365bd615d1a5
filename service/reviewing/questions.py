"""The questions of a review from a YAML, CSV or XLSX file; what is wrong in it is named by row and column."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from prompts.reviewing import ANSWER_TYPES, ReviewQuestion
from service.reviewing.spreadsheet import UnreadableWorkbook, read_rows
from service.reviewing.yaml_rows import UnreadableYaml, read_mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from prompts.reviewing import AnswerType

MOST_QUESTIONS = 200
LONGEST_QUESTION = 4_000
"""Code points."""
LONGEST_NAME = 200
"""Code points of an id or a title."""
_COLUMNS = {
    "id": "id",
    "question": "question",
    "type": "type",
    "answer": "type",
    "answer type": "type",
    "answer_type": "type",
    "title": "title",
    "column": "title",
    "column title": "title",
}
_TYPES: dict[str, AnswerType] = {
    **{kind: kind for kind in ANSWER_TYPES},
    "": "text",
    "yes_no": "yes/no",
    "yes-no": "yes/no",
    "yesno": "yes/no",
    "yes or no": "yes/no",
}
_SEPARATORS = ",;\t"


class BadQuestions(PermanentError):
    """A file of questions that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question before it is checked."""

    place: str
    """As people find it: ``row 3``."""
    fields: Mapping[str, str]
    """By the columns of the file."""


def read_questions(path: Path) -> tuple[ReviewQuestion, ...]:
    """The questions of a file, in order.

    Raises:
        BadQuestions: it cannot be read, or something in it is wrong.
        OSError: it is not there, or may not be read.
    """
    return parse_questions(path.name, path.read_bytes())


def parse_questions(name: str, data: bytes) -> tuple[ReviewQuestion, ...]:
    """The questions of a file that is called so, in order.

    Raises:
        BadQuestions: it cannot be read, or something in it is wrong.
    """
    read = _READERS.get(PurePath(name).suffix.lower())
    try:
        if read is None:
            raise BadQuestions("questions are read from .yaml, .csv and .xlsx files")  # noqa: TRY301 — named below
        return _questions(list(read(data)))
    except (BadQuestions, UnreadableWorkbook, UnreadableYaml) as error:
        raise BadQuestions(f"{name}: {error}") from error


def _yaml(data: bytes) -> Iterator[Row]:
    return (Row(place, fields) for place, fields in read_mappings(data))


def _csv(data: bytes) -> Iterator[Row]:
    return _table(_csv_rows(data))


def _xlsx(data: bytes) -> Iterator[Row]:
    return _table(read_rows(data))


_READERS = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".xlsx": _xlsx}


def _csv_rows(data: bytes) -> list[tuple[str, ...]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise BadQuestions(f"row {line}: the file is not UTF-8") from error
    header = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        return [
            tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        ]
    except csv.Error as error:
        raise BadQuestions(f"not a CSV file: {error}") from error


def _table(rows: Sequence[Sequence[str]]) -> Iterator[Row]:
    """The rows below the first one that is not empty, which names the columns."""
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(map(str.strip, row))]
    if not numbered:
        return
    header = [name.strip() for name in numbered[0][1]]
    for number, row in numbered[1:]:
        extra = next((at for at, value in enumerate(row) if value.strip() and at >= len(header)), None)
        if extra is not None:
            raise BadQuestions(f"row {number}, column {extra + 1}: the column has no name")
        cells = zip(header, row, strict=False)
        yield Row(f"row {number}", {name: value.strip() for name, value in cells if name or value.strip()})


def _questions(rows: Iterable[Row]) -> tuple[ReviewQuestion, ...]:
    made: list[ReviewQuestion] = []
    taken: dict[str, str] = {}
    for row in rows:
        question = _question(row, len(made) + 1)
        if question.id in taken:
            raise BadQuestions(f"{row.place}, column id: {question.id!r} stands in {taken[question.id]} too")
        taken[question.id] = row.place
        made.append(question)
        if len(made) > MOST_QUESTIONS:
            raise BadQuestions(f"{row.place}: more than {MOST_QUESTIONS} questions")
    if not made:
        raise BadQuestions("there are no questions in it")
    return tuple(made)


def _question(row: Row, number: int) -> ReviewQuestion:
    fields: dict[str, str] = {}
    for name, value in row.fields.items():
        column = _COLUMNS.get(name.strip().lower())
        if column is None:
            known = "id, question, type, title"
            raise BadQuestions(f"{row.place}, column {name or '(without a name)'}: the columns are {known}")
        fields[column] = " ".join(value.split())
    text = fields.get("question", "")
    if not text:
        raise BadQuestions(f"{row.place}, column question: there is no question")
    kind = _TYPES.get(fields.get("type", "").lower())
    if kind is None:
        known = ", ".join(ANSWER_TYPES)
        raise BadQuestions(f"{row.place}, column type: {fields['type']!r} is none of {known}")
    for column, most in (("question", LONGEST_QUESTION), ("id", LONGEST_NAME), ("title", LONGEST_NAME)):
        if len(fields.get(column, "")) > most:
            raise BadQuestions(f"{row.place}, column {column}: longer than {most:,} characters")
    return ReviewQuestion(fields.get("id") or f"q{number}", text, kind, fields.get("title", ""))

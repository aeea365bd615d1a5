"""A user's own questions with the answers expected of them, from JSON Lines or YAML, checked one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from prompts.grading import expects_nothing
from service.evaluation.dataset import BadDataset
from service.evaluation.lines import read_lines, said_of
from service.http.requests import LONGEST_QUESTION
from service.reviewing.yaml_rows import UnreadableYaml, read_items

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ABSENT = "not in the documents"
"""The expected answer of a question that they do not answer; `expects_nothing` knows others."""
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ExpectedPlace:
    """What an answer should cite: words of a document, or a range of its text in code points."""

    path: str
    """Or its id."""
    quote: str
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """A question and what would be right."""

    id: str
    where: str
    """File and line."""
    question: str
    accepted: tuple[str, ...]
    """Any of these; empty where the documents do not answer."""
    conversation: str
    """Questions that share it are asked in one session, in order; empty for one that stands alone."""
    documents: tuple[str, ...]
    """Paths or ids; the whole collection where empty."""
    places: tuple[ExpectedPlace, ...]
    category: str

    @property
    def cluster(self) -> str:
        """What it stands or falls with: its conversation, or nothing but itself.

        Not its document, as in a labelled set: an interval speaks of other questions to the same documents.
        """
        return f"conversation {self.conversation}" if self.conversation else f"question {self.id}"


def read_questions(path: Path) -> tuple[ExpectedAnswer, ...]:
    """The questions of a file in order: YAML by its name, else JSON Lines.

    Raises:
        BadDataset: it cannot be read, or something in it is wrong; the message names line and field.
    """
    found: dict[str, ExpectedAnswer] = {}
    for line, row in _yaml(path) if path.suffix.lower() in _YAML else read_lines(path, _Row, BadDataset):
        question = _question(row, f"{path}:{line}", len(found) + 1)
        if question.id in found:
            raise BadDataset(
                f"{question.where}: id: {question.id!r} stands in {found[question.id].where} too"
            )
        found[question.id] = question
    if not found:
        raise BadDataset(f"{path}: there are no questions in it")
    return tuple(found.values())


def _yaml(path: Path) -> Iterator[tuple[int, _Row]]:
    try:
        for line, item in read_items(path.read_bytes()):
            try:
                yield line, _Row.model_validate(item)
            except ValidationError as cause:
                raise BadDataset(f"{path}:{line}: {said_of(cause)}") from cause
    except (OSError, UnreadableYaml) as cause:
        raise BadDataset(f"{path}: {cause}") from cause


_Text = Annotated[str, Field(pattern=r"\S", max_length=LONGEST_QUESTION)]
_Name = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    """A misspelt field is an error, not a silence; ``answer: 30`` is a text."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class _PlaceRow(_Strict):
    path: Annotated[str, Field(min_length=1)]
    quote: _Text | None = None
    start: Annotated[int, Field(ge=0)] | None = None
    end: int | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.quote is not None:
            if (self.start, self.end) != (None, None):
                raise ValueError("either quote, or start and end")
        elif self.start is None or self.end is None or self.end <= self.start:
            raise ValueError("needs a quote, or start and end, start before end")
        return self


class _Row(_Strict):
    question: _Text
    answer: Annotated[list[_Text], Field(min_length=1)]
    id: _Name = ""
    conversation: _Name = ""
    documents: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    citations: tuple[_PlaceRow, ...] = ()
    category: _Name = ""

    @field_validator("answer", mode="before")
    @classmethod
    def _as_list(cls, said: object) -> object:
        return cast("object", said) if isinstance(said, list) else [said]

    @field_validator("answer")
    @classmethod
    def _is_one_kind(cls, said: list[str]) -> list[str]:
        if len({expects_nothing(one) for one in said}) > 1:
            raise ValueError(f"{ABSENT!r} cannot be one of several accepted answers")
        return said

    @model_validator(mode="after")
    def _cites_an_answer(self) -> Self:
        if self.citations and expects_nothing(self.answer[0]):
            raise ValueError(f"citations: an answer that is {ABSENT!r} has none")
        return self


def _question(row: _Row, where: str, number: int) -> ExpectedAnswer:
    return ExpectedAnswer(
        id=row.id or f"q{number}",
        where=where,
        question=" ".join(row.question.split()),
        accepted=() if expects_nothing(row.answer[0]) else tuple(row.answer),
        conversation=row.conversation,
        documents=row.documents,
        places=tuple(ExpectedPlace(p.path, p.quote or "", p.start, p.end) for p in row.citations),
        category=row.category,
    )

"""Labelled sets as they are read: documents and queries, one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from ingest.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class BadDataset(PermanentError):
    """A line of a labelled set is not what it should be; the message names file and line."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A text to search in. ``path`` picks its reader."""

    id: str
    path: str
    repo: str
    text: str


@dataclass(frozen=True, slots=True)
class Gold:
    """A range that answers a query; the whole document where ``end`` is None."""

    document: str
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A question and what answers it."""

    id: str
    text: str
    short: str
    """The question without the document's name, for a search inside the known document."""
    history: tuple[str, ...]
    """Earlier turns of the user, the latest first."""
    document: str
    repo: str
    category: str
    gold: tuple[Gold, ...]
    gold_files: tuple[str, ...]
    in_paragraph: bool
    """Whether the set wants the gold paragraph as the first hit."""


def read_documents(path: Path) -> list[LabelledDocument]:
    """All documents of a file.

    Raises:
        BadDataset: a line is not a document.
    """
    return [_document(row) for row in _rows(path, _DocumentRow)]


def read_queries(path: Path) -> list[LabelledQuery]:
    """All queries of a file.

    Raises:
        BadDataset: a line is not a query.
    """
    return [_query(row) for row in _rows(path, _QueryRow)]


def sample(
    documents: list[LabelledDocument], queries: list[LabelledQuery], limit: int
) -> tuple[list[LabelledDocument], list[LabelledQuery]]:
    """``limit`` queries spread over the file, the documents they need, and as many others again."""
    step = max(len(queries) // limit, 1)
    chosen = queries[::step][:limit]
    needed = {g.document for q in chosen for g in q.gold} | {f for q in chosen for f in q.gold_files}
    needed |= {q.document for q in chosen}
    others = [d.id for d in documents if d.id not in needed]
    kept = needed | set(others[:: max(len(others) // max(len(needed), 1), 1)])
    return [d for d in documents if d.id in kept], chosen


class _DocumentRow(BaseModel):
    doc_id: str
    text: str
    path: str = ""
    repo: str = ""


class _TurnRow(BaseModel):
    role: str
    text: str


class _GoldRow(BaseModel):
    doc_id: str
    start: int = 0
    end: int | None = None


class _QueryRow(BaseModel):
    query_id: str
    query: str
    query_short: str = ""
    history: tuple[_TurnRow, ...] = ()
    doc_id: str = ""
    repo: str = ""
    category: str = ""
    gold: tuple[_GoldRow, ...] = ()
    gold_files: tuple[str, ...] = ()
    para: int | None = None


_Row = TypeVar("_Row", bound=BaseModel)


def _rows(path: Path, kind: type[_Row]) -> Iterator[_Row]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise BadDataset(f"{path}:{number}: {first['loc']}: {first['msg']}") from error


def _document(row: _DocumentRow) -> LabelledDocument:
    return LabelledDocument(row.doc_id, row.path or row.doc_id, row.repo, row.text)


def _query(row: _QueryRow) -> LabelledQuery:
    return LabelledQuery(
        id=row.query_id,
        text=row.query,
        short=row.query_short or row.query,
        history=tuple(turn.text for turn in reversed(row.history) if turn.role == "user"),
        document=row.doc_id,
        repo=row.repo,
        category=row.category,
        gold=tuple(Gold(gold.doc_id, gold.start, gold.end) for gold in row.gold),
        gold_files=row.gold_files,
        in_paragraph=row.para is not None,
    )

"""Labelled sets as they are read: documents and queries, one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ingest.errors import PermanentError
from service.evaluation.lines import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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

    @property
    def cluster(self) -> str:
        """What the query stands or falls with: its document, or nothing but itself."""
        return f"document {self.document}" if self.document else f"query {self.id}"


def read_documents(path: Path, *, taken: Iterable[str] = ()) -> list[LabelledDocument]:
    """All documents of a file; none may have an id that is ``taken``.

    Raises:
        BadDataset: a line is not a document, or its id is another document's.
    """
    documents: dict[str, LabelledDocument] = {}
    others = frozenset(taken)
    for number, row in read_lines(path, _DocumentRow, BadDataset):
        if row.doc_id in documents or row.doc_id in others:
            raise BadDataset(f"{path}:{number}: doc_id {row.doc_id!r} names another document already")
        documents[row.doc_id] = _document(row)
    return list(documents.values())


def read_queries(path: Path, texts: Mapping[str, str] | None = None) -> list[LabelledQuery]:
    """All queries of a file; ``texts`` of the documents, by id, must hold all that is marked as gold.

    Raises:
        BadDataset: a line is not a query, its id is another query's, or its gold lies in no text.
    """
    queries: dict[str, LabelledQuery] = {}
    for number, row in read_lines(path, _QueryRow, BadDataset):
        if row.query_id in queries:
            raise BadDataset(f"{path}:{number}: query_id {row.query_id!r} occurs twice")
        query = _query(row)
        if wrong := next(filter(None, (_wrong(gold, texts) for gold in query.gold)), None):
            raise BadDataset(f"{path}:{number}: gold: {wrong}")
        queries[query.id] = query
    return list(queries.values())


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


def _wrong(gold: Gold, texts: Mapping[str, str] | None) -> str | None:
    text = None if texts is None else texts.get(gold.document)
    if texts is not None and text is None:
        return f"the documents have no doc_id {gold.document!r}"
    if gold.end is None:
        return None
    if not 0 <= gold.start < gold.end:
        return f"{gold.start} to {gold.end} is no range"
    if text is not None and gold.end > len(text):
        return f"{gold.end} lies beyond the {len(text)} characters of {gold.document!r}"
    return None

"""Runs: what was found for every query, as it is measured and as a file keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ingest.errors import PermanentError
from service.evaluation.lines import read_lines
from service.evaluation.measures import Found

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from service.evaluation.dataset import LabelledQuery


class BadRun(PermanentError):
    """A line of a run file is not what it should be; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One query's hits and figures."""

    query: LabelledQuery
    hits: tuple[Found, ...]
    figures: dict[str, float]

    @property
    def group(self) -> str:
        """Its repository, or else its category."""
        return self.query.repo or self.query.category

    @property
    def cluster(self) -> str:
        """As the query's."""
        return self.query.cluster

    def line(self) -> str:
        """As the run file keeps it."""
        hits = [
            {"doc_id": h.document, "start": h.start, "end": h.end, "score": round(h.score, 6)}
            for h in self.hits
        ]
        return json.dumps({"query_id": self.query.id, "hits": hits}, ensure_ascii=False)


def read_run(path: Path, queries: Container[str], texts: Mapping[str, str]) -> dict[str, tuple[Found, ...]]:
    """Each query's hits, best first, by the query's id; ``queries`` and ``texts`` are of the labelled set.

    Raises:
        BadRun: a line is not a query's hits, names a query again or one that the set has not, or a hit lies
            in no document or beyond its text; or there is no line at all.
    """
    run: dict[str, tuple[Found, ...]] = {}
    for number, row in read_lines(path, _RunRow, BadRun):
        if row.query_id not in queries:
            raise BadRun(f"{path}:{number}: the queries have no query_id {row.query_id!r}")
        if row.query_id in run:
            raise BadRun(f"{path}:{number}: query_id {row.query_id!r} occurs twice")
        for rank, hit in enumerate(row.hits, start=1):
            if wrong := _wrong(hit, texts):
                raise BadRun(f"{path}:{number}: hit {rank}: {wrong}")
        run[row.query_id] = tuple(Found(h.doc_id, h.start, h.end, h.score) for h in row.hits)
    if not run:
        raise BadRun(f"{path}: no queries in it")
    return run


class _HitRow(BaseModel):
    doc_id: str
    start: int
    end: int
    score: float


class _RunRow(BaseModel):
    query_id: str
    hits: tuple[_HitRow, ...]


def _wrong(hit: _HitRow, texts: Mapping[str, str]) -> str | None:
    if hit.doc_id not in texts:
        return f"the documents have no doc_id {hit.doc_id!r}"
    length = len(texts[hit.doc_id])
    if not 0 <= hit.start <= hit.end <= length:
        return f"{hit.start} to {hit.end} is no range of {hit.doc_id!r}, which has {length} characters"
    return None

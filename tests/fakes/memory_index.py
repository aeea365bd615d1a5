"""An index in a dictionary, and one whose process dies at a chosen call."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from ingest.asking import asked_terms, question_vector
from ingest.digests import digest_of
from ingest.fields import Field
from ingest.model import Hit
from ingest.store.contract import PointPage
from ingest.store.points import Points
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.index import Question
    from ingest.model import Scope
    from ingest.store.contract import Point, SparseVector

Key = tuple["Scope", int, int]
"""Scope, document, ordinal."""
Content = tuple[tuple[int, ...], bytes, bytes, bytes]
"""Offsets, passages, role and source, sparse indices and values, dense vector: comparable byte for byte."""


_AT_ONCE = 3
"""Points that are read at a time."""


class MemoryIndex:
    """Ranks by the sparse vectors alone."""

    def __init__(self) -> None:
        self.points: dict[Key, Point] = {}
        self.doubt = 0.0
        self._analyzer = Analyzer()

    @property
    def contents(self) -> dict[Key, Content]:
        """Everything held, for comparing two indexes."""
        return {key: _content(point) for key, point in self.points.items()}

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        wanted = question_vector((asked_terms(self._analyzer, question.text), Field.TEXT, 1.0))
        hits = [
            Hit(
                p.document, p.ordinal, p.start, p.end, p.first_passage, p.last_passage, _dot(wanted, p.sparse)
            )
            for (held, number, _), p in self.points.items()
            if held == scope and (documents is None or number in documents)
        ]
        best = sorted(hits, key=lambda hit: (-hit.score, hit.document, hit.ordinal))
        return [hit for hit in best if hit.score > 0][:limit]

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """Sure of whatever it finds, less its doubt."""
        return 1.0 - self.doubt if self.search(scope, question, documents=documents, limit=1) else 0.0

    def digest(self, scope: Scope, document: int) -> str:
        mine = (p for (held, number, _), p in self.points.items() if (held, number) == (scope, document))
        return digest_of((point, point.sparse) for point in mine)

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Three at a time, by ordinal."""
        found = [
            point
            for _, point in sorted(
                ((ordinal, number), point)
                for (held, number, ordinal), point in self.points.items()
                if held == scope and number in documents
            )
        ]
        first = int(after or 0)
        last = first + _AT_ONCE
        return PointPage(Points.of(found[first:last]), str(last) if last < len(found) else None)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        for point in points:
            self.points[scope, point.document, point.ordinal] = point

    def counts(self, scope: Scope) -> Mapping[int, int]:
        return Counter(number for held, number, _ in self.points if held == scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        mine = {scope, scope.openings}
        for key in [key for key in self.points if key[0] in mine and key[1] in documents]:
            del self.points[key]

    def delete_scope(self, scope: Scope) -> None:
        for key in [key for key in self.points if key[0] in {scope, scope.openings}]:
            del self.points[key]

    def flush(self) -> None:
        pass

    def compact(self) -> None:
        pass

    def deleted(self) -> int:
        return 0

    def close(self) -> None:
        pass


class Killed(BaseException):
    """The process is gone: no code of it may go on, so this is no `Exception`."""


class MortalIndex(MemoryIndex):
    """Dies at its n-th call: before it has an effect, halfway through a write, or right after it."""

    def __init__(self, dies_at: int, when: Literal["before", "halfway", "after"]) -> None:
        super().__init__()
        self.calls = 0
        self.flushes = 0
        self.dies_at = dies_at
        self._when = when

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        self._count("before")
        if self._when == "halfway":
            super().upsert(scope, points[: len(points) // 2])
            self._die("halfway")
        super().upsert(scope, points)
        self._die("after")

    def counts(self, scope: Scope) -> Mapping[int, int]:
        self._count("before", "halfway")
        counted = super().counts(scope)
        self._die("after")
        return counted

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        self._count("before", "halfway")
        super().delete_documents(scope, documents)
        self._die("after")

    def flush(self) -> None:
        self.flushes += 1
        self._count("before", "halfway")
        self._die("after")

    def _count(self, *moments: str) -> None:
        self.calls += 1
        self._die(*moments)

    def _die(self, *moments: str) -> None:
        if self.calls == self.dies_at and self._when in moments:
            raise Killed


def _content(point: Point) -> Content:
    place = (point.start, point.end, point.first_passage, point.last_passage, point.role, point.source)
    return place, point.sparse.indices.tobytes(), point.sparse.values.tobytes(), point.dense.tobytes()


def _dot(one: SparseVector, other: SparseVector) -> float:
    _, left, right = np.intersect1d(one.indices, other.indices, return_indices=True)
    return float(np.dot(one.values[left], other.values[right]))

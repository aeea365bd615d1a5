"""A review as it stands: documents by questions, each cell as far as it is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from service.reviewing.cells import decode_cell, decode_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import VersionRecord
    from ingest.catalog.review_records import CellRecord, ReviewRecord
    from prompts.reviewing import ReviewQuestion
    from service.reviewing.cells import Cell, ReviewOrder

Standing = Literal["answered", "absent", "failed", "pending", "stale"]
STANDINGS: tuple[Standing, ...] = ("answered", "absent", "failed", "pending", "stale")


@dataclass(frozen=True, slots=True)
class ReportedCell:
    """One question about one document. ``stale``: its document has changed since it was answered."""

    question: ReviewQuestion
    standing: Standing
    number: int
    """Of the version that was read or, where nothing was, that will be."""
    cell: Cell | None = None
    """None where it is pending, or only its standing was asked for."""


@dataclass(frozen=True, slots=True)
class ReportedDocument:
    """A row of a review."""

    version: VersionRecord
    """The current one."""
    cells: tuple[ReportedCell, ...]


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """A whole review."""

    review: ReviewRecord
    order: ReviewOrder
    rows: tuple[ReportedDocument, ...]
    """By path."""

    def cells(self) -> Iterator[tuple[VersionRecord, ReportedCell]]:
        """Every cell with its document, row by row."""
        for row in self.rows:
            for cell in row.cells:
                yield row.version, cell

    def counts(self) -> Mapping[Standing, int]:
        """Cells by how they stand."""
        counted = Counter(cell.standing for _, cell in self.cells())
        return {standing: counted[standing] for standing in STANDINGS}


def report(catalog: Catalog, review: ReviewRecord, *, cells: bool = True) -> ReviewReport:
    """The review as the catalog knows it now.

    Args:
        catalog: where it is.
        review: its record.
        cells: False leaves out what they say: only how they stand.

    Raises:
        UnsupportedStore: another version wrote it.
    """
    order = decode_order(review.request)
    kept = {(cell.document, cell.question): cell for cell in catalog.review_cells(review, results=cells)}
    rows: list[ReportedDocument] = []
    for version in sorted(catalog.reviewed_versions(review), key=lambda version: version.path):
        standing = [
            _reported(question, version, kept.get((version.document, place)))
            for place, question in enumerate(order.questions)
        ]
        rows.append(ReportedDocument(version, tuple(standing)))
    return ReviewReport(review, order, tuple(rows))


def _reported(question: ReviewQuestion, version: VersionRecord, record: CellRecord | None) -> ReportedCell:
    if record is None:
        return ReportedCell(question, "pending", version.number)
    standing = record.state if record.number == version.number else "stale"
    cell = decode_cell(record.result) if record.result else None
    return ReportedCell(question, standing, record.number, cell)

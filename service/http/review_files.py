"""A review as the bytes of a file, whoever asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.http.review_shapes import ReviewDetails
from service.reviewing.exporting import to_csv, to_xlsx

if TYPE_CHECKING:
    from service.reviewing.exporting import Format
    from service.reviewing.report import ReviewReport


def encode(found: ReviewReport, form: Format, *, server: str = "") -> bytes:
    """The bytes of a file of this format; ``server`` as in `to_xlsx`."""
    if form == "xlsx":
        return to_xlsx(found, server=server)
    if form == "csv":
        return to_csv(found).encode("utf-8-sig")
    return ReviewDetails.with_cells(found).model_dump_json(indent=2).encode()

"""What a viewer of sources needs: where a range of a document stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.http.access import TENANT, Wired
from service.http.responses import PlacedRange
from service.library import name_of

router = APIRouter(prefix="/documents", tags=["documents"])

Number = Annotated[
    int | None, Query(ge=1, description="The 7 of `[D7:31]`; without it the current version's.")
]


@router.get("/{document_id}/place")
def place(
    document_id: str,
    services: Wired,
    start: Annotated[int, Query(ge=0, description="Code points of the text.")],
    end: Annotated[int, Query(ge=1, description="After the last one.")],
    number: Number = None,
) -> PlacedRange:
    """Where a range of a version's text stands: pages, lines, section, and a box for each printed line."""
    version = services.library.version_of(TENANT, document_id, number=number)
    return PlacedRange.of(name_of(version), services.library.place(version, start, end))

"""The shapes of a document's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from service.http.responses import Response

if TYPE_CHECKING:
    from ingest.catalog.records import VersionRecord
    from ingest.model import Document, Page


class PageShape(Response):
    """A page, as large as the picture of it is high and wide, and the range of text that stands on it."""

    page: int
    width: float = Field(description="Points.")
    height: float
    start: int = Field(description="Code points of the text.")
    end: int

    @classmethod
    def of(cls, page: Page) -> Self:
        """From the document's page."""
        return cls(page=page.number, width=page.width, height=page.height, start=page.start, end=page.end)


class PageList(Response):
    """The pages of a version; none where its kind of document has none."""

    id: str
    number: int
    version: int
    title: str
    pages: list[PageShape]
    images: bool = Field(description="Whether there are pictures of them.")
    reason: str | None = Field(description="Why there are none.")

    @classmethod
    def of(cls, version: VersionRecord, document: Document, reason: str | None) -> Self:
        """Of a version, and why there are no pictures of it."""
        return cls(
            id=version.document,
            number=version.number,
            version=version.ordinal,
            title=version.title,
            pages=[PageShape.of(page) for page in document.pages],
            images=reason is None,
            reason=reason,
        )

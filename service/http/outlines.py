"""The shapes of a document's outline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from ingest.outline.model import ChangeKind
from service.http.shapes import Response

if TYPE_CHECKING:
    from ingest.catalog.records import VersionRecord
    from ingest.outline.model import Outline


class SectionShape(Response):
    """A heading or numbered clause and all that stands under it."""

    start: int
    end: int
    level: int
    number: str
    heading: str
    heading_end: int
    path: list[str]


class DefinitionShape(Response):
    """A term, and the sentence or clause that says what it means."""

    term: str
    kind: Literal["term", "party"]
    term_start: int
    term_end: int
    start: int
    end: int


class ReferenceShape(Response):
    """A place that names another one."""

    start: int
    end: int
    label: str
    sections: list[int] = Field(description="Indexes of `sections`; empty where it leads outside or nowhere.")
    exact: bool = Field(description="False where only a section around the named place was found.")
    outside: bool = Field(description="Whether it names a statute or another document.")


class ExhibitShape(Response):
    """A part attached to the document."""

    start: int
    end: int
    label: str
    title: str
    section: int = Field(description="Index of `sections`.")


class ChangeShape(Response):
    """What an amendment does to one provision."""

    kind: ChangeKind
    provision: str
    start: int
    end: int


class AmendmentShape(Response):
    """The document that this one changes, as it is named here."""

    start: int
    end: int
    title: str
    date: str
    parties: list[str]
    changes: list[ChangeShape]


class DocumentOutline(Response):
    """What the text tells about its own order; empty for programs, which have symbols."""

    id: str
    number: int
    version: int
    title: str
    sections: list[SectionShape]
    definitions: list[DefinitionShape]
    references: list[ReferenceShape]
    exhibits: list[ExhibitShape]
    amendments: list[AmendmentShape]

    @classmethod
    def of(cls, version: VersionRecord, outline: Outline) -> Self:
        """From the catalog's record and the outline of its text."""
        return cls(
            id=version.document,
            number=version.number,
            version=version.ordinal,
            title=version.title,
            sections=[SectionShape.model_validate(one) for one in outline.sections],
            definitions=[DefinitionShape.model_validate(one) for one in outline.definitions],
            references=[ReferenceShape.model_validate(one) for one in outline.references],
            exhibits=[ExhibitShape.model_validate(one) for one in outline.exhibits],
            amendments=[AmendmentShape.model_validate(one) for one in outline.amendments],
        )

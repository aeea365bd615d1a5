"""A document's outline: sections, definitions, references, attached parts, amendments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.outline.amendments import find_amendments
from ingest.outline.definitions import find_definitions
from ingest.outline.exhibits import find_exhibits
from ingest.outline.model import Outline
from ingest.outline.references import find_references
from ingest.outline.sections import number_sections

if TYPE_CHECKING:
    from ingest.model import Document


def outline(document: Document) -> Outline:
    """Everything that the text tells about its own order; linear in its length.

    A program has symbols instead: its outline is empty.
    """
    if document.symbols:
        return Outline((), (), (), (), ())
    numbered = number_sections(document)
    definitions = find_definitions(document)
    amendments = find_amendments(document, definitions)
    return Outline(
        tuple(one.section for one in numbered),
        definitions,
        find_references(document.text, numbered, amends=bool(amendments)),
        find_exhibits(document.text, numbered),
        amendments,
    )

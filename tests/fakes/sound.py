"""What must hold for every document, whatever it was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.model import Document


def assert_sound(document: Document) -> None:
    """Elements are exact slices, in order, apart, and hold every character that is not white space."""
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == document.text[element.start : element.end]
        assert element.text.strip()
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()
    for page in document.pages:
        assert 0 <= page.start < page.end <= len(document.text)


def shape(document: Document) -> list[tuple[str, int | None, str]]:
    """Kind, level and text of every element."""
    return [(element.kind, element.level, element.text) for element in document.elements]

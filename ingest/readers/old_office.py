"""``.doc``, ``.ppt`` and ``.xls``: files of before 2007, or newer ones that go by the old ending."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.media import DOC, PPT, XLS
from ingest.readers import office, old_slides, old_word, old_workbook, rtf, slides, workbook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ingest.model import Document

READERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        DOC: (old_word.READER, office.DOCX_READER, rtf.READER),
        PPT: (old_slides.READER, slides.READER),
        XLS: (old_workbook.READER, workbook.READER),
    }
)
"""What a document may come from, by the media type of its ending."""

_ZIP = b"PK"
_RTF = b"{\\"


def read_doc(location: Path) -> Document:
    """Read what Word would open under this name.

    Raises:
        UnreadableFile: as the reader of what it is.
    """
    head = _head(location)
    if head == _ZIP:
        return office.read_docx(location)
    return rtf.read_rtf(location) if head == _RTF else old_word.read_doc(location)


def read_ppt(location: Path) -> Document:
    """Read what PowerPoint would open under this name.

    Raises:
        UnreadableFile: as the reader of what it is.
    """
    return (slides.read_pptx if _head(location) == _ZIP else old_slides.read_ppt)(location)


def read_xls(location: Path) -> Document:
    """Read what Excel would open under this name.

    Raises:
        UnreadableFile: as the reader of what it is.
    """
    return (workbook.read_xlsx if _head(location) == _ZIP else old_workbook.read_xls)(location)


def _head(location: Path) -> bytes:
    with location.open("rb") as file:
        return file.read(2)

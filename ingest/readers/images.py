"""Images of printed pages → documents, by recognition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ingest.model import Document
from ingest.readers import scanning
from ingest.readers.layout import compose
from ingest.readers.options import ReadingOptions
from ingest.readers.pictures import frames
from ingest.readers.progress import ignore
from ingest.readers.recognition import is_blank
from ingest.readers.rows import PrintedPage
from ingest.readers.scanning import Scanner

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.readers.progress import OnPage

READER: Final = "image/1"
_POINTS_PER_INCH: Final = 72
_DEFAULTS = ReadingOptions()


def readers(options: ReadingOptions) -> tuple[str, ...]:
    """What ``Document.reader`` may say of images that are up to date on this machine."""
    return scanning.reader_names(READER, options)


def read_image(location: Path, options: ReadingOptions = _DEFAULTS, on_page: OnPage = ignore) -> Document:
    """Read the words of an image; a TIFF may have many pages.

    Raises:
        UnreadableFile: ``broken``, ``unpacks_too_large`` or ``no_text`` (no words, too small for them, or
            tesseract is not installed).
    """
    found = scanning.engine_for(options)
    if found is None:
        next(frames(location), None)
        raise scanning.refusal(1, [1], [], options)
    pages: list[PrintedPage] = []
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        on_page(done, max(done, len(pages)))

    with Scanner(*found, options, tick) as scanner:
        for number, frame in enumerate(frames(location), 1):
            height, width = frame.pixels.shape
            scale = _POINTS_PER_INCH / frame.resolution
            pages.append(PrintedPage(number, width * scale, height * scale, ()))
            if not is_blank(frame.pixels):
                scanner.add(number, frame.pixels, frame.resolution)
        scanner.finish()
    read = [scanner.pages.get(page.number) or page for page in pages]
    failed = [number for number, page in scanner.pages.items() if page is None]
    text, title, elements, ranges = compose(read, "", location.stem)
    if not elements:
        raise scanning.refusal(len(pages), list(scanner.pages), failed, options)
    told = scanning.warnings(len(pages), list(scanner.pages), failed, options)
    return Document(text, title, elements, ranges, reader=readers(options)[0], warnings=told)

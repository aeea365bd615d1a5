"""PDF → document: each page by its text layer, or where that is missing or garbled by recognition."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers import scanning
from ingest.readers.layout import compose
from ingest.readers.legibility import is_garbled, is_stamp, letters
from ingest.readers.options import ReadingOptions
from ingest.readers.pdfium import DamagedPage, Pdf
from ingest.readers.progress import ignore
from ingest.readers.recognition import is_blank
from ingest.readers.rows import PrintedPage
from ingest.readers.scanning import Scanner

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.readers.progress import OnPage

READER: Final = "pdf/2"
_COARSE = 72
"""Pixels an inch that show whether anything is printed on a page."""
_DEFAULTS = ReadingOptions()
_MUCH_MORE = 1.2


def readers(options: ReadingOptions) -> tuple[str, ...]:
    """What ``Document.reader`` may say of PDFs that are up to date on this machine.

    One none of whose pages needs recognition is the same under any tesseract.
    """
    return (*scanning.reader_names(READER, options), READER)


def read_pdf(location: Path, options: ReadingOptions = _DEFAULTS, on_page: OnPage = ignore) -> Document:
    """Read a PDF, with a box for every line and an edge for every character.

    Pages that cannot be loaded or recognised become warnings. ``on_page`` is told of every page.

    Raises:
        UnreadableFile: ``encrypted``, ``broken``, ``empty`` (no pages) or ``no_text`` (nothing to read, or
            scans where tesseract is not installed).
    """
    with Pdf(location) as pdf:
        found = _Reading(pdf, options, on_page)
        found.read()
        named = pdf.title
    text, title, elements, ranges = compose(found.pages, named, location.stem)
    if not elements:
        raise found.refusal()
    return Document(text, title, elements, ranges, reader=found.reader, warnings=found.warnings())


@dataclass(slots=True)
class _Reading:
    """The pages of one file while they are read."""

    pdf: Pdf
    options: ReadingOptions
    on_page: OnPage
    pages: list[PrintedPage] = field(default_factory=list[PrintedPage])
    damaged: list[int] = field(default_factory=list[int])
    pictures: list[int] = field(default_factory=list[int])
    """Pages that only recognition can read."""
    failed: list[int] = field(default_factory=list[int])
    """Pages that tesseract failed on."""
    done: int = 0

    @property
    def reader(self) -> str:
        return scanning.recognised_by(READER, self.options) if self.pictures else READER

    def read(self) -> None:
        found = scanning.engine_for(self.options)
        with ExitStack() as stack:
            scanner = stack.enter_context(Scanner(*found, self.options, self._tick)) if found else None
            for number in range(1, len(self.pdf) + 1):
                self.pages.append(self._layer(number))
                if not self._is_sent(number, scanner):
                    self._tick()
            if scanner:
                scanner.finish()
                self._merge(scanner)

    def _tick(self) -> None:
        self.done += 1
        self.on_page(self.done, len(self.pdf))

    def _layer(self, number: int) -> PrintedPage:
        try:
            return self.pdf.read(number)
        except DamagedPage:
            self.damaged.append(number)
            return PrintedPage(number, *self.pdf.size(number), ())

    def _is_sent(self, number: int, scanner: Scanner | None) -> bool:
        """Send a page to recognition where it needs that; whether it did."""
        try:
            if number in self.damaged[-1:] or not self._is_picture(number):
                return False
            picture, resolution = self.pdf.render(number, None if scanner else _COARSE)
        except DamagedPage:
            self.damaged.append(number)
            return False
        if is_blank(picture):
            return False
        self.pictures.append(number)
        if scanner:
            scanner.add(number, picture, resolution)
            return True
        if is_garbled(self.pages[-1]):
            self.pages[-1] = PrintedPage(number, *self.pdf.size(number), ())
        return False

    def _is_picture(self, number: int) -> bool:
        page = self.pages[-1]
        if not page.rows or is_garbled(page):
            return True
        return is_stamp(page) and self.pdf.is_picture(number)

    def _merge(self, scanner: Scanner) -> None:
        """Take the recognised page where it has more to read than the text layer."""
        for number, page in scanner.pages.items():
            if page is None:
                self.failed.append(number)
                continue
            layer = self.pages[number - 1]
            enough = 0.5 if is_garbled(layer) else _MUCH_MORE
            if letters(page) > enough * letters(layer):
                self.pages[number - 1] = page

    def warnings(self) -> tuple[str, ...]:
        """What was left out."""
        told = scanning.warnings(len(self.pages), self.pictures, self.failed, self.options)
        if self.damaged:
            named = scanning.pages_named(self.damaged)
            told = (f"The file is damaged: {named} of {len(self.pages)} cannot be read.", *told)
        return told

    def refusal(self) -> UnreadableFile:
        """Why there is nothing to read."""
        count = len(self.pages)
        if len(self.damaged) == count:
            return UnreadableFile("broken", f"pdfium cannot load any of its {count} pages")
        return scanning.refusal(count, self.pictures, self.failed, self.options)

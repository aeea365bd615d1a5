"""Recognises the pages of one file, several at a time, and remembers what it has recognised."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ingest.errors import UnreadableFile
from ingest.readers import kept, tesseract
from ingest.readers.recognition import recognise
from ingest.readers.words import printed_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from typing import Self

    from ingest.readers.options import ReadingOptions
    from ingest.readers.recognition import Recognised
    from ingest.readers.rows import PrintedPage
    from ingest.readers.tesseract import Engine, Picture

_POINTS_PER_INCH: Final = 72
_MOST_SPANS: Final = 20
_ABSENT: Final = (
    "Tesseract is not installed or has none of the languages {languages}: "
    "install the packages tesseract-ocr, tesseract-ocr-rus and tesseract-ocr-chi-sim"
)


def engine_for(options: ReadingOptions) -> tuple[Engine, tuple[str, ...]] | None:
    """The tesseract of this machine with those of the languages wanted that it has; None without any."""
    engine = tesseract.installed()
    if engine is None:
        return None
    languages = tuple(each for each in options.ocr_languages if each in engine.languages)
    return (engine, languages) if languages else None


def reader_names(reader: str, options: ReadingOptions) -> tuple[str, ...]:
    """What ``Document.reader`` may say of files that are up to date on this machine.

    The first is what it would say today. What was recognised stays when tesseract is gone.
    """
    return tuple(dict.fromkeys((recognised_by(reader, options), _named(reader, options.ocr_languages))))


def recognised_by(reader: str, options: ReadingOptions) -> str:
    """The name of a reader that has recognised pages, or could not."""
    found = engine_for(options)
    return _named(reader, found[1]) if found else f"{reader}+unread"


def _named(reader: str, languages: Sequence[str]) -> str:
    return f"{reader}+tesseract({'+'.join(languages)})"


def warnings(
    count: int, pictures: Sequence[int], failed: Sequence[int], options: ReadingOptions
) -> tuple[str, ...]:
    """What of a file of ``count`` pages was not recognised, in sentences.

    Args:
        count: of all pages.
        pictures: the pages that only recognition can read.
        failed: those that tesseract failed on.
        options: what was asked for.
    """
    found = engine_for(options)
    if not pictures:
        return ()
    if found is None:
        named = pages_named(pictures)
        return (f"Without a text layer, and left out: {named} of {count}. {_absent(options)}.",)
    told = [f"Tesseract failed on {pages_named(failed)} of {count}."] if failed else []
    lacking = [language for language in options.ocr_languages if language not in found[1]]
    if lacking:
        told.append(f"Recognised without the languages that tesseract lacks here: {', '.join(lacking)}.")
    return tuple(told)


def refusal(
    count: int, pictures: Sequence[int], failed: Sequence[int], options: ReadingOptions
) -> UnreadableFile:
    """Why a file without any text is refused; the arguments are those of ``warnings``."""
    if not pictures:
        return UnreadableFile("no_text", f"nothing is printed on its {count} pages")
    if engine_for(options) is None:
        return UnreadableFile(
            "no_text", f"it needs OCR: {len(pictures)} of {count} pages. {_absent(options)}"
        )
    if failed:
        return UnreadableFile("no_text", f"tesseract failed on {pages_named(failed)} of {count}")
    return UnreadableFile("no_text", f"no words were recognised on its {count} pages")


def pages_named(numbers: Sequence[int]) -> str:
    """``page 3`` or ``pages 3, 7-9``."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in spans[:_MOST_SPANS]
    )
    more = f" and {len(spans) - _MOST_SPANS} more ranges" if len(spans) > _MOST_SPANS else ""
    return f"page{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _absent(options: ReadingOptions) -> str:
    return _ABSENT.format(languages="+".join(options.ocr_languages))


@dataclass(slots=True)
class Scanner:
    """Recognises pictures in threads, each of which waits for a tesseract; a context manager.

    At most one picture more than there are threads is held, so that memory does not grow with the file.
    """

    engine: Engine
    languages: tuple[str, ...]
    options: ReadingOptions
    on_done: Callable[[], None]
    """Called after each page, in the caller's thread."""
    pages: dict[int, PrintedPage | None] = field(default_factory=dict[int, "PrintedPage | None"])
    """What was recognised, by page number; None where tesseract failed."""
    _waiting: deque[tuple[int, Future[PrintedPage | None]]] = field(
        default_factory=deque["tuple[int, Future[PrintedPage | None]]"]
    )
    _threads: ThreadPoolExecutor | None = None
    _names: set[str] = field(default_factory=set[str])
    """Under which pages of this file are kept."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._threads is None:
            return
        self._threads.shutdown(cancel_futures=True)
        if self.options.recognised is not None:
            # What was recognised only serves to go on after an interruption, and must not outlive a document.
            if error is None or isinstance(error, UnreadableFile):
                kept.forget(self.options.recognised, self._names)
            kept.prune(self.options.recognised)

    def add(self, number: int, picture: Picture, resolution: int) -> None:
        """Recognise a picture some time; waits while enough are being recognised."""
        count = self.options.ocr_threads or os.cpu_count() or 1
        if self._threads is None:
            self._threads = ThreadPoolExecutor(count, thread_name_prefix="tesseract")
        while len(self._waiting) > count:
            self._take()
        self._waiting.append((number, self._threads.submit(self._read, number, picture, resolution)))

    def finish(self) -> None:
        """Wait for all."""
        while self._waiting:
            self._take()

    def _take(self) -> None:
        number, page = self._waiting.popleft()
        self.pages[number] = page.result()
        self.on_done()

    def _read(self, number: int, picture: Picture, resolution: int) -> PrintedPage | None:
        page = self._recognise(picture, resolution)
        height, width = picture.shape
        return page and printed_page(page, number, (width, height), _POINTS_PER_INCH / resolution)

    def _recognise(self, picture: Picture, resolution: int) -> Recognised | None:
        folder = self.options.recognised
        name = kept.name_of(picture, self.languages, self.engine.version) if folder else ""
        self._names.add(name)
        page = kept.load(folder, name) if folder else None
        if page is not None:
            return page
        try:
            page = recognise(self.engine, picture, self.languages, resolution)
        except tesseract.NotRecognised:
            return None
        if folder:
            kept.save(folder, name, page)
        return page

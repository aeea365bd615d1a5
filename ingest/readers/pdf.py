"""Text PDFs through pdfium. pdfium is not thread-safe: call this from one thread of one process."""

from __future__ import annotations

import ctypes
from collections import deque
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.layout import compose
from ingest.readers.rows import Glyphs, PrintedPage, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from pypdfium2 import PdfDocument, PdfPage

READER: Final = "pdf/1"
_BOLD_WEIGHT: Final = 600
_NAME_BYTES: Final = 128
_SPACE, _UNDERSCORE = 0x20, 0x5F
_SURROGATE_MASK, _HIGH_SURROGATE, _LOW_SURROGATE, _FIRST_PAIRED = 0xFFFFFC00, 0xD800, 0xDC00, 0x10000
_FLAT = 0.01
"""Points: a box that is lower or narrower has no area."""


def read_pdf(location: Path) -> Document:
    """Read the text layer of a PDF, with a box for every line and an edge for every character.

    Raises:
        UnreadableFile: ``encrypted``, ``broken``, ``empty`` (no pages) or ``no_text`` (a scan).
    """
    document = _open(location)
    try:
        pages = list(_pages(document))
        named = document.get_metadata_value("Title")  # pyright: ignore[reportUnknownMemberType] — untyped
    finally:
        document.close()
    text, title, elements, ranges = compose(pages, named, location.stem)
    if not elements:
        raise UnreadableFile("no_text", f"none of the {len(pages)} pages has a text layer: it needs OCR")
    return Document(text, title, elements, ranges, reader=READER)


def _open(location: Path) -> PdfDocument:
    import pypdfium2  # noqa: PLC0415 — loads a native library; only readers of PDF pay for it
    import pypdfium2.raw as pdfium  # noqa: PLC0415 — likewise

    try:
        return pypdfium2.PdfDocument(location)
    except pypdfium2.PdfiumError as error:
        if _loads(location):
            raise UnreadableFile("empty", "it has no pages") from error
        match cast("Any", error).err_code:
            case pdfium.FPDF_ERR_PASSWORD | pdfium.FPDF_ERR_SECURITY:
                raise UnreadableFile("encrypted", "it opens only with a password") from error
            case pdfium.FPDF_ERR_FILE:
                raise UnreadableFile("unreadable", "the file cannot be opened") from error
            case _:
                raise UnreadableFile("broken", "pdfium cannot load it") from error


def _loads(location: Path) -> bool:
    """Whether pdfium opens the file. pypdfium2 reports one without pages with the error before it."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 — loaded by now; see _open

    handle = cast("Any", pdfium).FPDF_LoadDocument(f"{location}\0".encode(), None)
    if not handle:
        return False
    cast("Any", pdfium).FPDF_CloseDocument(handle)
    return True


def _pages(document: PdfDocument) -> Iterator[PrintedPage]:
    import pypdfium2  # noqa: PLC0415 — loaded by now; see _open

    characters = _Characters()
    for number in range(1, len(document) + 1):
        try:
            page = document[number - 1]
            try:
                yield characters.read(page, number)
            finally:
                page.close()
        except pypdfium2.PdfiumError as error:
            raise UnreadableFile("broken", f"pdfium cannot load page {number}") from error


class _Characters:
    """Reads the characters of one page after the other.

    A call per character is most of the time that a page takes. So the rectangles that pdfium fills, and
    their addresses, are made once; the loop over them runs in C; and the call takes plain integers.
    """

    def __init__(self) -> None:
        import pypdfium2.raw as pdfium  # noqa: PLC0415 — loaded by now; see _open

        self._pdfium: Any = pdfium
        address = ctypes.cast(cast("Any", pdfium.FPDFText_GetLooseCharBox), ctypes.c_void_p).value
        signature = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._fill_box = signature(address or 0)
        self._rectangles = np.empty((0, 4), dtype=np.float32)
        self._pointers: list[int] = []
        self._bold: dict[bytes, bool] = {}

    def read(self, page: PdfPage, number: int) -> PrintedPage:
        width, height = page.get_size()
        owner = page.get_textpage()  # held: it closes the text page when it goes
        textpage = cast("object", owner.raw)
        codes = self._codes(textpage, self._pdfium.FPDFText_CountChars(textpage))
        boxes = _displayed(self._boxes(textpage, codes), page.get_bbox(), page.get_rotation())
        glyphs = Glyphs(codes, boxes, width, height)
        rows = rows_of(glyphs, lambda index: self._is_bold(textpage, index))
        return PrintedPage(number, width, height, tuple(rows))

    def _codes(self, textpage: object, count: int) -> NDArray[np.uint32]:
        """One code point for every character that pdfium counts."""
        units = np.zeros(count + 1, dtype=np.uint16)
        pointer = units.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
        written: int = self._pdfium.FPDFText_GetText(textpage, 0, count, pointer) if count else 1
        codes = units[:count].astype(np.uint32)
        if written != count + 1:
            # The text leaves characters out, so that their places do not match: ask for each.
            each: Callable[[object, int], int] = self._pdfium.FPDFText_GetUnicode
            codes = np.fromiter(map(each, repeat(textpage), range(count)), np.uint32, count)
        return _paired(codes)

    def _boxes(self, textpage: object, codes: NDArray[np.uint32]) -> NDArray[np.float32]:
        """[n, 4]: left, bottom, right, top in the page's own space."""
        ink = np.flatnonzero(codes > _SPACE)
        self._make_room(len(ink))
        handle = ctypes.cast(cast("Any", textpage), ctypes.c_void_p).value
        deque(map(self._fill_box, repeat(handle), ink.tolist(), self._pointers), maxlen=0)
        boxes = np.zeros((len(codes), 4), dtype=np.float32)
        # pdfium's order: left, top, right, bottom.
        boxes[ink] = self._rectangles[: len(ink), (0, 3, 2, 1)]
        flat = (boxes[:, 2] - boxes[:, 0] < _FLAT) | (boxes[:, 3] - boxes[:, 1] < _FLAT)
        for index in np.flatnonzero(flat & (codes > _SPACE)).tolist():
            boxes[index] = self._turned_box(textpage, index)
        for index in np.flatnonzero(codes == _UNDERSCORE).tolist():
            room = 0.1 * (boxes[index, 3] - boxes[index, 1])
            boxes[index, 1] = min(boxes[index, 1], self._outline(textpage, index)[1] - room)
        return boxes

    def _make_room(self, count: int) -> None:
        if count <= len(self._pointers):
            return
        self._rectangles = np.zeros((count, 4), dtype=np.float32)
        first, step = self._rectangles.ctypes.data, self._rectangles.strides[0]
        self._pointers = list(range(first, first + count * step, step))

    def _turned_box(self, textpage: object, index: int) -> tuple[float, float, float, float]:
        """The box of a character that is not upright: its outline, as high as its font.

        pdfium's loose box has no area there.
        """
        pdfium, x, y, matrix = self._pdfium, ctypes.c_double(), ctypes.c_double(), self._pdfium.FS_MATRIX()
        left, bottom, right, top = self._outline(textpage, index)
        pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
        pdfium.FPDFText_GetMatrix(textpage, index, matrix)
        size = pdfium.FPDFText_GetFontSize(textpage, index)
        up_x, up_y = float(matrix.c) * size, float(matrix.d) * size
        xs = (left, right, x.value + 0.75 * up_x, x.value - 0.2 * up_x)
        ys = (bottom, top, y.value + 0.75 * up_y, y.value - 0.2 * up_y)
        return min(xs), min(ys), max(xs), max(ys)

    def _outline(self, textpage: object, index: int) -> tuple[float, float, float, float]:
        """Left, bottom, right, top of a character's ink; an underscore's lies below its font."""
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        self._pdfium.FPDFText_GetCharBox(textpage, index, left, right, bottom, top)
        return left.value, bottom.value, right.value, top.value

    def _is_bold(self, textpage: object, index: int) -> bool:
        name, flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
        self._pdfium.FPDFText_GetFontInfo(textpage, index, name, _NAME_BYTES, flags)
        known = self._bold.get(name.value)
        if known is None:
            lowered = name.value.lower()
            weight: int = self._pdfium.FPDFText_GetFontWeight(textpage, index)
            known = weight >= _BOLD_WEIGHT or any(mark in lowered for mark in (b"bold", b"black", b"heavy"))
            self._bold[name.value] = known
        return known


def _paired(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Two surrogates as one code point and a character to drop, so that places still match."""
    kinds = codes & _SURROGATE_MASK
    high = np.flatnonzero((kinds[:-1] == _HIGH_SURROGATE) & (kinds[1:] == _LOW_SURROGATE))
    if high.size:
        offset = ((codes[high] - _HIGH_SURROGATE) << 10) + codes[high + 1] - _LOW_SURROGATE
        codes[high] = _FIRST_PAIRED + offset
        codes[high + 1] = 0
    return codes


def _displayed(
    boxes: NDArray[np.float32], page: tuple[float, float, float, float], rotation: int
) -> NDArray[np.float32]:
    """Boxes (left, bottom, right, top) as (left, top, right, bottom) of the page as it is shown.

    ``rotation`` is clockwise, in degrees; ``page`` is the part that is shown, in the boxes' space.
    """
    left, bottom, right, top = page
    x0, y0, x1, y1 = boxes.T
    match rotation:
        case 90:
            sides = (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        case 180:
            sides = (right - x1, y0 - bottom, right - x0, y1 - bottom)
        case 270:
            sides = (top - y1, right - x1, top - y0, right - x0)
        case _:
            sides = (x0 - left, top - y1, x1 - left, top - y0)
    return np.nan_to_num(np.stack(sides, axis=1).astype(np.float32))

"""PDF pages through pdfium: their text with boxes, and their picture.

pdfium is not thread-safe: call this from one thread of one process.
"""

from __future__ import annotations

import ctypes
from collections import deque
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from ingest.errors import UnreadableFile
from ingest.readers.rows import Glyphs, PrintedPage, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from typing import Self

    from numpy.typing import NDArray
    from pypdfium2 import PdfDocument, PdfPage

_BOLD_WEIGHT: Final = 600
_NAME_BYTES: Final = 128
_SPACE, _UNDERSCORE = 0x20, 0x5F
_SURROGATE_MASK, _HIGH_SURROGATE, _LOW_SURROGATE, _FIRST_PAIRED = 0xFFFFFC00, 0xD800, 0xDC00, 0x10000
_FLAT = 0.01
"""Points: a box that is lower or narrower has no area."""
_POINTS_PER_INCH = 72
_RESOLUTION, _FINEST = 200, 600
"""Pixels an inch: usual; and at most, of a page that is smaller than a hand."""
_SHORTEST_PICTURE, _MOST_PIXELS = 1_500, 16_000_000
"""Pixels: of the longer side; of a whole page, which bounds posters."""
_LONGEST_SIDE = 10_000
"""Pixels of a picture that is shown."""
_UNKNOWN_SIZE = (612.0, 792.0)
_COVERS = 0.5
"""Share of a page that an image takes which is a scan of it."""


class DamagedPage(Exception):
    """pdfium cannot load a page; the others may be sound."""


class Pdf:
    """An open PDF; a context manager. Pages are numbered from 1.

    Raises:
        UnreadableFile: ``encrypted``, ``broken``, ``unreadable`` or ``empty`` (no pages).
    """

    def __init__(self, location: Path) -> None:
        self._document = _open(location)
        self._characters = _Characters()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._document.close()

    def __len__(self) -> int:
        """How many pages it has."""
        return len(self._document)

    @property
    def title(self) -> str:
        """The title that the file claims; empty where it claims none."""
        return self._document.get_metadata_value("Title")  # pyright: ignore[reportUnknownMemberType] — untyped

    def read(self, number: int) -> PrintedPage:
        """The text layer of a page.

        Raises:
            DamagedPage: there is nothing to read.
        """
        with self._page(number) as page:
            return self._characters.read(page, number)

    def size(self, number: int) -> tuple[float, float]:
        """Width and height of a page in points, also of a damaged one where the file tells it."""
        import pypdfium2  # noqa: PLC0415 — loaded by now; see _open

        try:
            size: tuple[float, float] = cast("Any", self._document).get_page_size(number - 1)
        except pypdfium2.PdfiumError:
            return _UNKNOWN_SIZE
        return size if min(size) > 0 else _UNKNOWN_SIZE

    def is_picture(self, number: int) -> bool:
        """Whether one image covers most of what is shown of a page."""
        import pypdfium2.raw as pdfium  # noqa: PLC0415 — loaded by now; see _open

        with self._page(number) as page:
            shown = _area(cast("Any", page).get_bbox())
            images = cast("Any", page).get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
            return any(_area(image.get_bounds()) > _COVERS * shown for image in images)

    def render(self, number: int, resolution: int | None = None) -> tuple[NDArray[np.uint8], int]:
        """[height, width]: the grey picture of a page as it is shown, and its resolution in pixels an inch.

        Args:
            number: of the page.
            resolution: what suits recognition where it is None, about 200.

        Raises:
            DamagedPage: there is nothing to see.
        """
        with self._page(number) as page:
            scale = _scale(*page.get_size(), resolution)
            pixels = _drawn(page, number, scale, grayscale=True)
        return pixels.reshape(pixels.shape[:2]), max(1, round(scale * _POINTS_PER_INCH))

    def picture(self, number: int, width: int) -> NDArray[np.uint8]:
        """[height, width, 3]: red, green and blue of a page as it is shown, about so many pixels wide.

        Raises:
            DamagedPage: there is nothing to see.
        """
        with self._page(number) as page:
            wide, high = (max(side, 1.0) for side in page.get_size())
            scale = min(width / wide, _LONGEST_SIDE / high, (_MOST_PIXELS / (wide * high)) ** 0.5)
            return _drawn(page, number, scale, rev_byteorder=True)[:, :, :3]

    @contextmanager
    def _page(self, number: int) -> Generator[PdfPage]:
        import pypdfium2  # noqa: PLC0415 — loaded by now; see _open

        try:
            page = self._document[number - 1]
        except pypdfium2.PdfiumError as error:
            raise DamagedPage(f"pdfium cannot load page {number}") from error
        try:
            yield page
        except pypdfium2.PdfiumError as error:
            raise DamagedPage(f"pdfium cannot read page {number}") from error
        finally:
            page.close()


def _drawn(page: PdfPage, number: int, scale: float, **options: bool) -> NDArray[np.uint8]:
    """[height, width, channels]: our own copy of a page's pixels."""
    import pypdfium2  # noqa: PLC0415 — loaded by now; see _open

    try:
        bitmap = cast("Any", page).render(scale=scale, **options)
    except (pypdfium2.PdfiumError, ValueError, MemoryError) as error:
        # A page of absurd proportions: a thousand times as long as wide.
        raise DamagedPage(f"page {number} cannot be drawn") from error
    pixels = np.array(np.atleast_3d(cast("NDArray[np.uint8]", bitmap.to_numpy())))
    bitmap.close()
    return pixels


def _scale(width: float, height: float, resolution: int | None) -> float:
    """Pixels a point; a poster gets fewer than asked for."""
    fine = max(_RESOLUTION / _POINTS_PER_INCH, _SHORTEST_PICTURE / max(width, height, 1))
    wanted = resolution / _POINTS_PER_INCH if resolution else fine
    return min(wanted, _FINEST / _POINTS_PER_INCH, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)


def _area(bounds: tuple[float, float, float, float]) -> float:
    left, bottom, right, top = bounds
    return (right - left) * (top - bottom)


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

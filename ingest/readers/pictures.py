"""Image files through Pillow: their pages as grey pictures to recognise, and in colours to show."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
_LEAST_SIDE, _LEAST_PIXELS = 16, 10_000
_MOST_PIXELS = 100_000_000
_SHARP_PIXELS = 16_000_000
"""What is larger is made smaller before it is recognised."""
_COARSE_SIDE, _MOST_ENLARGED = 1_600, 3.0
"""Of an image that is smaller the letters are too small for tesseract."""
_RESOLUTIONS = (70, 1_200)
_RESOLUTION = 150
_WHITE = 255
_LONGEST_SIDE = 10_000
"""Pixels of a picture that is shown; a WebP has 16,383 at most."""
_ROOM_WITHOUT_LOSS = 300_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page of an image file."""

    pixels: NDArray[np.uint8]
    """[height, width]: grey, 0 is black."""
    resolution: int
    """Pixels an inch of ``pixels``."""


def frames(location: Path) -> Iterator[Frame]:
    """The pages of a TIFF; the only, or the first, picture of any other image; each as its EXIF turns it.

    Raises:
        UnreadableFile: ``broken``; ``unpacks_too_large``; or ``no_text`` where it is too small for words.
    """
    from PIL import ImageSequence  # noqa: PLC0415 — only images pay for it

    with _opened(location) as image:
        pages = ImageSequence.Iterator(image) if image.format == "TIFF" else [image]
        for page in pages:
            _check_size(*page.size)
            yield _frame(page)


def picture(location: Path, number: int, width: int) -> NDArray[np.uint8]:
    """[height, width, 3]: red, green and blue of a page, as ``frames`` turns it, and no wider than this.

    Raises:
        UnreadableFile: as ``frames``.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 — only images pay for it

    with _opened(location) as image:
        image.seek(number - 1)
        _check_size(*image.size)
        image.draft("RGB", (width, width))  # a JPEG: decoded small, which is eight times as fast
        shown = _coloured(ImageOps.exif_transpose(image))
        scale = min(1.0, width / shown.width, _LONGEST_SIDE / shown.height)
        size = max(1, round(shown.width * scale)), max(1, round(shown.height * scale))
        return np.array(shown.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0), dtype=np.uint8)


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """A WebP of [height, width, 3] pixels: without loss, unless that takes much room, as photographs do."""
    from PIL import Image  # noqa: PLC0415 — only pictures pay for it

    image = Image.fromarray(pixels)
    exact = _saved(image, lossless=True, quality=20, method=1)
    if len(exact) <= _ROOM_WITHOUT_LOSS:
        return exact
    return min(exact, _saved(image, lossless=False, quality=80, method=0), key=len)


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The picture ``scale`` times as wide and high, its edges kept sharp."""
    from PIL import Image  # noqa: PLC0415 — only recognition pays for it

    height, width = pixels.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)


@contextmanager
def _opened(location: Path) -> Generator[Image]:
    """The image of a file for as long as the block runs; whatever is wrong with it is an `UnreadableFile`."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 — only images pay for it

    try:
        with warnings.catch_warnings():
            # Sizes are checked, and what else is odd about an image must not end up in our output.
            warnings.simplefilter("ignore")
            with Image.open(location, formats=_FORMATS) as image:
                yield image
    except UnidentifiedImageError as error:
        raise UnreadableFile("broken", "it is no image that can be read") from error
    except Image.DecompressionBombError as error:
        raise UnreadableFile("unpacks_too_large", "it has too many pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, OverflowError) as error:
        raise UnreadableFile("broken", f"the image is damaged: {error}") from error


def _saved(image: Image, *, lossless: bool, quality: int, method: int) -> bytes:
    file = BytesIO()
    image.save(file, "WEBP", lossless=lossless, quality=quality, method=method)
    return file.getvalue()


def _check_size(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise UnreadableFile("unpacks_too_large", f"it has {width} × {height} pixels")
    if min(width, height) < _LEAST_SIDE or width * height < _LEAST_PIXELS:
        raise UnreadableFile("no_text", f"{width} × {height} pixels are too small for words")


def _frame(image: Image) -> Frame:
    from PIL import ImageOps  # noqa: PLC0415 — loaded by now; see frames

    resolution = _resolution(image)
    upright = ImageOps.exif_transpose(image)
    grey = _grey(upright)
    width, height = grey.size
    scale = min(_MOST_ENLARGED, max(1.0, _COARSE_SIDE / max(width, height)))
    scale = min(scale, (_SHARP_PIXELS / (width * height)) ** 0.5)
    if abs(scale - 1) > 0.01:  # noqa: PLR2004 — a hundredth changes nothing
        grey = grey.resize((max(1, round(width * scale)), max(1, round(height * scale))))
    return Frame(np.array(grey, dtype=np.uint8), max(1, round(resolution * scale)))


def _grey(image: Image) -> Image:
    """Shades of grey on white: what shows through is paper."""
    return _levelled(image) if image.mode.startswith(("I", "F")) else _on_paper(image).convert("L")


def _coloured(image: Image) -> Image:
    """The same in its colours."""
    shown = _levelled(image) if image.mode.startswith(("I", "F")) else _on_paper(image)
    return shown.convert("RGB")


def _levelled(image: Image) -> Image:
    """The darkest of many levels black, the lightest white."""
    from PIL import Image as images  # noqa: N813, PLC0415 — the module, loaded by now

    levels = np.asarray(image, dtype=np.float32)
    spread = float(np.ptp(levels)) or 1.0
    return images.fromarray(((levels - levels.min()) * (_WHITE / spread)).astype(np.uint8))


def _on_paper(image: Image) -> Image:
    from PIL import Image as images  # noqa: N813, PLC0415 — the module, loaded by now

    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    paper = images.new("RGBA", image.size, "white")
    paper.alpha_composite(image)
    return paper


def _resolution(image: Image) -> float:
    """As the file says where that is likely."""
    told = cast("Any", image.info.get("dpi"))
    try:
        across = float(told[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return _RESOLUTION
    least, most = _RESOLUTIONS
    return across if least <= across <= most else _RESOLUTION

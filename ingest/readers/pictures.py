"""Image files through Pillow: their pages as grey pictures."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    from PIL import Image, ImageSequence, UnidentifiedImageError  # noqa: PLC0415 — only images pay for it

    try:
        with warnings.catch_warnings():
            # Sizes are checked below, and what else is odd about an image must not end up in our output.
            warnings.simplefilter("ignore")
            with Image.open(location, formats=_FORMATS) as image:
                pages = ImageSequence.Iterator(image) if image.format == "TIFF" else [image]
                for page in pages:
                    _check_size(*page.size)
                    yield _frame(page)
    except UnidentifiedImageError as error:
        raise UnreadableFile("broken", "it is no image that can be read") from error
    except Image.DecompressionBombError as error:
        raise UnreadableFile("unpacks_too_large", "it has too many pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, OverflowError) as error:
        raise UnreadableFile("broken", f"the image is damaged: {error}") from error


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The picture ``scale`` times as wide and high, its edges kept sharp."""
    from PIL import Image  # noqa: PLC0415 — only recognition pays for it

    height, width = pixels.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS), dtype=np.uint8)


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
    from PIL import Image as images  # noqa: N813, PLC0415 — the module, loaded by now

    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image, dtype=np.float32)
        spread = float(np.ptp(levels)) or 1.0
        return images.fromarray(((levels - levels.min()) * (_WHITE / spread)).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = images.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper
    return image.convert("L")


def _resolution(image: Image) -> float:
    """As the file says where that is likely."""
    told = cast("Any", image.info.get("dpi"))
    try:
        across = float(told[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return _RESOLUTION
    least, most = _RESOLUTIONS
    return across if least <= across <= most else _RESOLUTION

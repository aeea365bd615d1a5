"""Printed pages without a text layer: pictures of text, and PDFs of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import reportlab
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

RESOLUTION = 150
LATIN = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
_FONTS = Path("/usr/share/fonts")
CYRILLIC = _FONTS / "truetype/dejavu/DejaVuSans.ttf"
"""Debian: fonts-dejavu-core."""
CHINESE = next(
    (
        place
        for place in (
            _FONTS / "truetype/droid/DroidSansFallbackFull.ttf",
            _FONTS / "opentype/noto/NotoSansCJK-Regular.ttc",
        )
        if place.exists()
    ),
    _FONTS / "absent",
)
"""Debian: fonts-droid-fallback, or fonts-noto-cjk."""

_SIMPLIFIED = 2
"""Number of the simplified Chinese face in Noto's collections."""


def printed(
    rows: Sequence[str],
    font: Path = LATIN,
    *,
    points: float = 11,
    size: tuple[int, int] = (420, 160),
    left: float = 30,
    resolution: int = RESOLUTION,
) -> Image.Image:
    """A white page of ``size`` points with rows of black text, ``resolution`` pixels an inch."""
    scale = resolution / 72
    page = Image.new("L", (round(size[0] * scale), round(size[1] * scale)), 255)
    face = ImageFont.truetype(font, round(points * scale), index=_SIMPLIFIED if font.suffix == ".ttc" else 0)
    for number, row in enumerate(rows):
        place = (left * scale, (24 + 1.4 * points * number) * scale)
        ImageDraw.Draw(page).text(place, row, font=face, fill=0)
    return page


def scanned(location: Path, pages: Sequence[Image.Image]) -> Path:
    """A PDF (or a TIFF, by its ending) of pictures, one a page."""
    first, *more = pages
    first.save(location, save_all=True, append_images=more, resolution=RESOLUTION)
    return location

"""The child of `ingest.rendering`: draws pages until its parent is gone.

It answers with bytes alone, which its parent can take from anybody: a head of JSON, and a picture or nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ingest.child import Clock, Refusal, empty, settle
from ingest.errors import UnreadableFile
from ingest.leaving import leave_without_collecting
from ingest.media import IMAGES, PDF
from ingest.readers import pictures
from ingest.readers.pdfium import DamagedPage, Pdf
from ingest.tracing import trace_of

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

DRAWN = frozenset({PDF, *IMAGES})
"""Media types of files whose pages can be drawn."""


@dataclass(frozen=True, slots=True)
class PageWanted:
    """A page of a file, as it is to be drawn."""

    location: Path
    media_type: str
    page: int
    """From 1."""
    width: int
    """Pixels."""


@dataclass(frozen=True, slots=True)
class DrawingOrder:
    """Within which bounds the child draws."""

    memory_bytes: int
    seconds: float
    folder: str


def serve(pipe: Connection, order: DrawingOrder) -> None:
    """Be the child."""
    leave_without_collecting()
    limits = settle(order.folder, order.memory_bytes)
    clock = Clock(pipe, order.seconds)
    pipe.send(limits | clock.start())
    clock.stop()
    while True:
        try:
            wanted = cast("PageWanted", pipe.recv())
            clock.start()
            _reply(pipe, _attempt(wanted))
            clock.stop()
            empty(order.folder)
        except (EOFError, BrokenPipeError):
            return


def draw(wanted: PageWanted) -> NDArray[np.uint8]:
    """[height, width, 3]: the pixels of a page.

    Raises:
        UnreadableFile: with the reason.
    """
    if wanted.media_type != PDF:
        return pictures.picture(wanted.location, wanted.page, wanted.width)
    with Pdf(wanted.location) as pdf:
        try:
            return pdf.picture(wanted.page, wanted.width)
        except (DamagedPage, IndexError) as error:
            raise UnreadableFile("broken", f"page {wanted.page} cannot be drawn") from error


def _attempt(wanted: PageWanted) -> tuple[dict[str, object], bytes]:
    """The head of the answer and the picture, whatever the file makes of it."""
    try:
        pixels = draw(wanted)
        height, width, _ = pixels.shape
        return {"width": width, "height": height}, pictures.encoded(pixels)
    except UnreadableFile as error:
        refusal = Refusal(error.reason, error.detail)
    except MemoryError:
        refusal = Refusal("memory_limit", "needs more memory than one page may take")
    except Exception as error:  # noqa: BLE001 — the edge of the process: a file may fail in any way
        refusal = Refusal("broken", f"drawing failed with {type(error).__name__}", trace_of(error))
    return {"reason": refusal.reason, "detail": refusal.detail, "trace": refusal.trace}, b""


def _reply(pipe: Connection, answer: tuple[dict[str, object], bytes]) -> None:
    head, picture = answer
    pipe.send_bytes(json.dumps(head).encode())
    pipe.send_bytes(picture)

"""Tesseract's command: printed words, and which way up a page is. The only module that runs it.

The command is found on the PATH. It reads a picture from its standard input and opens no file of ours.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    """[height, width]: grey, 0 is black."""

PAGE_SECONDS = 60.0
"""For one run of the command over one page."""
_ASKED_AGAIN_SECONDS = 20
"""How old what is known of the installation may be: a long-lived server notices what is installed."""
_DESCRIBE_SECONDS = 20.0
_KEPT_FROM_ENVIRONMENT = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH", "SYSTEMROOT")
_ORIENTATION = "osd"
_WORD = "5"
_COLUMNS = 12


class NotRecognised(Exception):
    """The command failed on a picture, or took too long."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An installed tesseract."""

    path: str
    version: str
    languages: frozenset[str]
    """The models that it has; ``osd`` among them tells the script and which way up a page is."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a page lies and the script that most of it is written in."""

    turn: int
    """Degrees clockwise that put it upright: 0, 90, 180 or 270."""
    certainty: float
    """Of ``turn``: about 10 is plain, below 2 is a guess."""
    script: str
    """As tesseract names it: ``Latin``, ``Cyrillic``, ``Han``."""


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word and its rectangle in pixels; Chinese comes in words of few characters."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    """0 to 100."""
    line: tuple[int, int, int]
    """Block, paragraph and line, in reading order."""


def installed() -> Engine | None:
    """The tesseract of this machine, or None."""
    path = shutil.which("tesseract")
    return _describe(path, int(time.monotonic() / _ASKED_AGAIN_SECONDS)) if path else None


@lru_cache(maxsize=1)
def _describe(path: str, moment: int) -> Engine | None:
    del moment
    try:
        version = _run([path, "--version"], b"", _DESCRIBE_SECONDS)
        listed = _run([path, "--list-langs"], b"", _DESCRIBE_SECONDS)
    except NotRecognised:
        return None
    named = re.search(r"tesseract v?(\S+)", version)
    return Engine(path, named[1] if named else "unknown", frozenset(listed.split("\n")[1:]) - {""})


def orientation(engine: Engine, picture: Picture) -> Orientation | None:
    """Which way up a page is; None where it has too few characters to tell, or the model is absent."""
    if _ORIENTATION not in engine.languages:
        return None
    command = [engine.path, "stdin", "stdout", "--psm", "0", "-l", _ORIENTATION]
    try:
        told = _run(command, _portable(picture), PAGE_SECONDS)
    except NotRecognised:
        return None
    found = dict(re.findall(r"^([\w ]+): (.+)$", told, re.MULTILINE))
    try:
        return Orientation(int(found["Rotate"]), float(found["Orientation confidence"]), found["Script"])
    except (KeyError, ValueError):
        return None


def words(
    engine: Engine,
    picture: Picture,
    languages: Sequence[str],
    resolution: int,
    settings: Sequence[str] = (),
) -> tuple[Word, ...]:
    """The words of an upright picture in reading order.

    Args:
        engine: see ``installed``.
        picture: the page.
        languages: at least one, each among the engine's.
        resolution: pixels an inch.
        settings: of tesseract's own, each ``name=value``; one that it does not know is passed over.

    Raises:
        NotRecognised: the command failed or took longer than ``PAGE_SECONDS``.
    """
    told = _run(
        [
            *(engine.path, "stdin", "stdout", "-l", "+".join(languages), "--psm", "3"),
            *("--dpi", str(resolution)),
            *(part for setting in ("tessedit_create_tsv=1", *settings) for part in ("-c", setting)),
        ],
        _portable(picture),
        PAGE_SECONDS,
    )
    return tuple(_words(told))


def _words(table: str) -> Iterator[Word]:
    """The rows of tesseract's table that are words; whatever else it prints is passed over."""
    for row in table.split("\n"):
        cells = row.split("\t")
        if len(cells) != _COLUMNS or cells[0] != _WORD or not cells[11].strip():
            continue
        _, block, paragraph, line, _, left, top, width, height = map(int, cells[1:10])
        place = (block, paragraph, line)
        yield Word(cells[11].strip(), left, top, left + width, top + height, float(cells[10]), place)


def _portable(picture: Picture) -> bytes:
    """A portable grey map: nothing to compress, and every tesseract reads it."""
    height, width = picture.shape
    return b"P5 %d %d 255\n" % (width, height) + picture.tobytes()


def _run(command: Sequence[str], given: bytes, seconds: float) -> str:
    kept = {name: os.environ[name] for name in _KEPT_FROM_ENVIRONMENT if name in os.environ}
    try:
        with subprocess.Popen(  # noqa: S603 — no shell, and no argument comes from a file
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # One thread a page: several pages are recognised side by side.
            env=kept | {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"},
        ) as process:
            _bound(process.pid, seconds)
            try:
                told, _ = process.communicate(given, seconds)
            except BaseException:
                process.kill()
                raise
    except subprocess.TimeoutExpired:
        raise NotRecognised(f"tesseract took longer than {seconds:g} seconds") from None
    except OSError as error:
        raise NotRecognised(f"tesseract does not start: {error.strerror}") from error
    if process.returncode:
        raise NotRecognised(f"tesseract ended with code {process.returncode}")
    return told.decode("utf-8", "replace")


def _bound(process: int, seconds: float) -> None:
    """Let the system end it where nobody is left to: a reader may be killed while tesseract works."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 — Unix only

        try:
            resource.prlimit(process, resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
        except ProcessLookupError:
            return

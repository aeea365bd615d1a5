"""Recognised pages kept in a folder, so that a long scan that is interrupted goes on where it was.

They are forgotten as soon as their file is read; what stays is of files whose reading was killed.
A page is a small file, named by a hash of its picture, the languages and tesseract's version. Files are
written whole or not at all; one that cannot be read is as good as absent, and so is a full disk.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ingest.readers.recognition import Recognised
from ingest.readers.tesseract import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.readers.tesseract import Picture

_FORMAT = "2"
MOST_PAGES = 20_000
"""About 60 MB."""
LONGEST_SECONDS = 7 * 24 * 3600.0


def name_of(picture: Picture, languages: Sequence[str], version: str) -> str:
    """The name under which a page's words are kept: 32 hexadecimal digits."""
    digest = blake2b(digest_size=16)
    digest.update(" ".join((_FORMAT, version, *languages, *map(str, picture.shape), "")).encode())
    digest.update(picture.tobytes())
    return digest.hexdigest()


def load(folder: Path, name: str) -> Recognised | None:
    """A page that was kept, or None."""
    try:
        held: dict[str, Any] = json.loads(zlib.decompress((folder / name).read_bytes()))
        words = tuple(Word(*cells[:6], line=tuple(cells[6])) for cells in held["words"])
        return Recognised(int(held["turn"]), words)
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


def save(folder: Path, name: str, page: Recognised) -> None:
    """Keep a page."""
    words = [(w.text, w.left, w.top, w.right, w.bottom, w.confidence, w.line) for w in page.words]
    packed = zlib.compress(json.dumps({"turn": page.turn, "words": words}).encode())
    draft = folder / f"{uuid4().hex}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_bytes(packed)
        draft.replace(folder / name)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def forget(folder: Path, names: Iterable[str]) -> None:
    """Delete pages that were kept."""
    for name in names:
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def forget_all(folder: Path) -> None:
    """Delete whatever interrupted readings have left: once an ingest has come to its end it serves nobody."""
    prune(folder, most=0)


def prune(folder: Path, most: int = MOST_PAGES, seconds: float = LONGEST_SECONDS) -> None:
    """Delete what is older than ``seconds``, and of the rest all but the newest ``most``."""
    with suppress(OSError):
        oldest = time.time() - seconds
        ages = sorted(((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)), reverse=True)
        for index, (written, path) in enumerate(ages):
            if index >= most or written < oldest:
                Path(path).unlink(missing_ok=True)

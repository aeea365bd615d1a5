"""What a peer's script is given and what it answers. Runs under the peer's own interpreter, too."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray


class Clock:
    """CPU seconds of each stage of one format; every thread's own count, unless another clock is given."""

    def __init__(self, now: Callable[[], float] = time.thread_time) -> None:
        self.seconds: Counter[str] = Counter()
        self._inner = threading.local()
        self._now = now

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Clock what runs inside, without the stages inside that."""
        outer: float = getattr(self._inner, "seconds", 0.0)
        self._inner.seconds = 0.0
        began = self._now()
        try:
            yield
        finally:
            spent = self._now() - began
            self.seconds[name] += spent - self._inner.seconds  # pyright: ignore[reportArgumentType] — seconds
            self._inner.seconds = outer + spent


class ClockedEncoder:
    """The embedded encoder, on a stage of its own; every system is given this one."""

    def __init__(self) -> None:
        from ingest.embedding import UniversalSentenceEncoder  # noqa: PLC0415 — after the clock's imports

        self._encoder = UniversalSentenceEncoder()
        self.identity = self._encoder.identity
        self.dimensions = self._encoder.dimensions
        self.clock = Clock()
        self.rehearses = False
        """Whether texts are to be given any vector, at once."""
        (self._any,) = self._encoder.embed(["the weights load once"])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(len(texts), dimensions)``."""
        if self.rehearses:
            return self._any[None].repeat(len(texts), axis=0)
        with self.clock.stage("embed"):
            return self._encoder.embed(texts)


def answer(ingest: Callable[[list[Path], ClockedEncoder], dict[str, int]]) -> None:
    """Ingest each format of standard input, and print a line of JSON for it.

    Every format is rehearsed once with all its files, so that no system is charged with its imports.
    ``ingest`` returns ``characters`` and ``chunks``, and clocks its stages on the encoder's clock.
    """
    encoder = ClockedEncoder()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    for name, files in json.load(sys.stdin).items():
        paths = [Path(file) for file in files]
        encoder.rehearses = True
        ingest(paths, encoder)  # whatever a reader imports for any of the files
        encoder.rehearses, encoder.clock = False, Clock()
        made = ingest(paths, encoder)
        row = {"format": name, "files": len(files), **made, "seconds": dict(encoder.clock.seconds)}
        print(json.dumps(row), file=out, flush=True)

"""Pictures of the pages of untrusted files, drawn in a confined process; see `ingest.sandbox`."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.child import GRACE_SECONDS, Refusal, death, overtime
from ingest.confined import start
from ingest.errors import TransientError, UnreadableFile
from ingest.rendering_child import DrawingOrder, serve

if TYPE_CHECKING:
    from typing import Self

    from ingest.confined import ConfinedChild
    from ingest.confinement import Limit
    from ingest.rendering_child import PageWanted

MEMORY_BYTES = 2 * 2**30
SECONDS = 10.0
MEDIA_TYPE = "image/webp"
_PATIENCE_SECONDS = 20.0
_LARGEST_HEAD, _LARGEST_PICTURE = 2**16, 2**26
"""Bytes."""

_log = logging.getLogger(__name__)


class RendererBusy(TransientError):
    """Too many pages wait to be drawn."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """The picture of a page, a WebP."""

    width: int
    """Pixels."""
    height: int
    content: bytes


class RenderingProcess:
    """Draws in a child process, which the first page starts; threads may share it and wait for each other.

    Args:
        memory_bytes: the child's address space.
        seconds: that one page may take.
    """

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, seconds: float = SECONDS) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._turn = threading.Lock()
        self._child: ConfinedChild | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def limits(self) -> frozenset[Limit]:
        """What holds the child in check on this system; starts it if need be."""
        with self._turn:
            return self._running().limits

    def render(self, wanted: PageWanted) -> PageImage:
        """Draw a page.

        Raises:
            UnreadableFile: with the reason; no file makes it raise anything else.
            RendererBusy: others have waited for long.
            NotStarted: the child does not even start.
        """
        if not self._turn.acquire(timeout=_PATIENCE_SECONDS):
            raise RendererBusy("too many pages wait to be drawn: try again later")
        try:
            outcome = self._exchange(self._asked(wanted))
        finally:
            self._turn.release()
        if isinstance(outcome, PageImage):
            return outcome
        if outcome.trace:
            _log.error("Drawing a page of %s failed unexpectedly:\n%s", wanted.location, outcome.trace)
        raise UnreadableFile(outcome.reason, outcome.detail)

    def close(self) -> None:
        """End the child; a later ``render`` starts another."""
        with self._turn:
            self._drop(patience=GRACE_SECONDS)

    def _running(self) -> ConfinedChild:
        if self._child is None:
            limits = (self._memory_bytes, self._seconds)
            self._child = start(
                serve,
                lambda folder: DrawingOrder(*limits, folder),
                label="lectern-renderer",
                name="the process that draws pages",
            )
        return self._child

    def _asked(self, wanted: PageWanted) -> ConfinedChild:
        """A child that has its order; one that died while it had nothing to do is not this page's fault."""
        child = self._running()
        try:
            child.pipe.send(wanted)
        except OSError:
            self._drop()
            child = self._running()
            child.pipe.send(wanted)
        return child

    def _exchange(self, child: ConfinedChild) -> PageImage | Refusal:
        try:
            head = child.receive_bytes(self._seconds, _LARGEST_HEAD)
            outcome = _outcome(head, child.receive_bytes(self._seconds, _LARGEST_PICTURE))
        except TimeoutError:
            self._drop()
            return Refusal("time_limit", overtime(self._seconds))
        except (EOFError, OSError):
            code = child.exit_code()
            self._drop()
            return death(code, self._seconds)
        except (ValueError, KeyError, TypeError):
            self._drop()
            return Refusal("broken", "what draws pages talks nonsense")
        except BaseException:  # such as Ctrl-C: this answer must not meet the next question
            self._drop()
            raise
        if isinstance(outcome, Refusal) and outcome.reason == "memory_limit":
            self._drop()  # what ran out of memory once has left it in pieces
        return outcome

    def _drop(self, *, patience: float = 0.0) -> None:
        if self._child is not None:
            self._child.stop(patience)
            self._child = None


def _outcome(head: bytes, content: bytes) -> PageImage | Refusal:
    told = json.loads(head)
    if "reason" in told:
        return Refusal(told["reason"], told["detail"], told["trace"])
    return PageImage(told["width"], told["height"], content)

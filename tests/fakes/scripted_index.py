"""An index that a test can open in another process and watch through the files of its directory."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ingest.errors import StoreLocked, UnknownName, UnsupportedStore
from ingest.model import Hit
from ingest.store.contract import PointPage
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ingest.index import Question
    from ingest.model import Scope
    from ingest.store.contract import Point


class ScriptedIndex:
    """Does what the question's first word says; remembers what was written, until it ends."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._counts: dict[int, int] = {}
        self._note("opened")

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        del scope
        match question.text.split():
            case ["die"]:
                os.kill(os.getpid(), signal.SIGKILL)
            case ["die-once"] if not (self._data / "died").exists():
                (self._data / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            case ["break"]:
                raise ZeroDivisionError("an inner secret")
            case ["refuse"]:
                raise UnknownName("collection", "nowhere")
            case ["wrong"]:
                raise ValueError("a vector holds NaN")
            case ["wait", pipe]:
                with open(pipe) as gate:  # noqa: PTH123 — until the test opens the other end
                    gate.read()
            case _:
                pass
        return [Hit(number, 0, 0, 9, 1, 1, 0.5) for number in documents or [os.getpid()]][:limit]

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        return 1 / (1 + len(self.search(scope, question, documents=documents, limit=9)))

    def digest(self, scope: Scope, document: int) -> str:
        return f"{scope.collection} {document}"

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        del scope, documents, after
        return PointPage(Points.of(()), None)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        del scope
        for point in points:
            self._counts[point.document] = self._counts.get(point.document, 0) + 1

    def counts(self, scope: Scope) -> Mapping[int, int]:
        del scope
        return self._counts

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        del scope
        for document in documents:
            self._counts.pop(document, None)

    def delete_scope(self, scope: Scope) -> None:
        del scope
        self._counts.clear()

    def flush(self) -> None:
        self._note("flushed")

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        if not only_worth:
            with turn():
                self._note("compacted")

    def deleted(self) -> int:
        return 0

    def close(self) -> None:
        self._note("closed")

    def _note(self, event: str) -> None:
        with (self._data / "events").open("a") as events:
            events.write(f"{event} {os.getpid()}\n")


def open_scripted(data: Path) -> ScriptedIndex:
    """The factory that tests name."""
    sys.stdout.write("words on standard output must not reach the client\n")
    return ScriptedIndex(data)


def open_incompatible(data: Path) -> ScriptedIndex:
    """Data of another version."""
    raise UnsupportedStore(f"{data} is of another version")


def open_locked(data: Path) -> ScriptedIndex:
    """A directory that another process holds."""
    raise StoreLocked(f"another process holds {data}")


def open_crashing(data: Path) -> ScriptedIndex:
    """Dies before it says anything."""
    sys.exit(f"no {data}")

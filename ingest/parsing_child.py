"""The child of `ingest.sandbox`: reads what it is asked for until its parent is gone."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, cast

from ingest.child import OUT_OF_MEMORY, Clock, Refusal, empty, settle
from ingest.costs import Cost, cpu_of_process
from ingest.elements import Elements
from ingest.errors import UnreadableFile
from ingest.leaving import leave_without_collecting
from ingest.priority import step_back
from ingest.tracing import trace_of
from ingest.transfer import send_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from ingest.model import Document, SourceFile
    from ingest.readers.options import ReadingOptions
    from ingest.readers.progress import OnPage

    Reader = Callable[[SourceFile, ReadingOptions, OnPage], Document]


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is to read with, and within which bounds."""

    reader: str
    """``module:function``."""
    options: ReadingOptions
    memory_bytes: int
    seconds: float
    folder: str
    """For temporary files; the child's own."""


def attempt(
    reader: Reader, source: SourceFile, options: ReadingOptions, on_page: OnPage
) -> Document | Refusal:
    """Read a file, whatever it makes the reader do."""
    try:
        document = reader(source, options, on_page)
        return replace(document, elements=Elements.of(document.elements, document.text))
    except UnreadableFile as error:
        return Refusal(error.reason, error.detail)
    except MemoryError:
        return Refusal("memory_limit", "needs more memory than one file may take")
    except Exception as error:  # noqa: BLE001 — the edge of the process: any reader may fail in any way
        return Refusal("broken", f"the reader failed with {type(error).__name__}", trace_of(error))


def serve(pipe: Connection, order: Order) -> None:
    """Be the child."""
    leave_without_collecting()
    step_back()
    limits = settle(order.folder, order.memory_bytes)
    module, _, name = order.reader.partition(":")
    reader = cast("Reader", getattr(import_module(module), name))
    clock = Clock(pipe, order.seconds)
    pipe.send(limits | clock.start())
    while True:
        try:
            source = cast("SourceFile", pipe.recv())
            clock.start()
            before = cpu_of_process()
            outcome = attempt(reader, source, order.options, clock.tell)
            pipe.send(Cost(cpu_seconds=cpu_of_process() - before))
            _reply(pipe, outcome)
            clock.stop()
            empty(order.folder)
        except (EOFError, BrokenPipeError):
            return


def _reply(pipe: Connection, outcome: Document | Refusal) -> None:
    if isinstance(outcome, Refusal):
        pipe.send(outcome)
        return
    try:
        send_document(pipe, outcome)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # the parent may have half of it

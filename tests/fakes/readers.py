"""Readers that misbehave, each in its own way."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.confinement import FILE_BYTES
from ingest.errors import UnreadableFile
from ingest.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.model import SourceFile
    from ingest.readers.options import ReadingOptions


def misbehave(source: SourceFile, _options: ReadingOptions, on_page: Callable[[int, int], None]) -> Document:
    """Do what the path says; anything else becomes the text of a document."""
    if source.path == "slowly":
        for page in range(1, 5):
            time.sleep(0.4)
            on_page(page, 4)
    if source.path == "count pages":
        on_page(1, 1)
    deed = _DEEDS.get(source.path.removesuffix(" over a program"))
    if source.path.endswith(" over a program") and source.media_type == "text/plain":
        return Document(f"read as {source.media_type}", source.path, ())
    return Document(deed() if deed else source.path, str(os.getpid()), ())


def _sleep() -> str:
    time.sleep(600)
    return ""


def _sleep_holding_the_interpreter() -> str:
    ctypes.PyDLL(None).sleep(600)
    return ""


def _crash() -> str:
    ctypes.string_at(0)
    return ""


def _be_killed() -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def _leave() -> str:
    os._exit(7)


def _eat_memory() -> str:
    return str(len(bytearray(2**40)))


def _return_much() -> str:
    return "x" * 300 * 2**20


def _fail() -> str:
    raise ZeroDivisionError("by accident")


def _recurse() -> str:
    return _recurse()


def _refuse() -> str:
    raise UnreadableFile("encrypted", "needs a password")


def _print() -> str:
    sys.stdout.write("from Python")
    sys.stdout.flush()
    os.write(1, b"from C\n")
    return "printed"


def _connect() -> str:
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["TEST_PORT"])), timeout=5).close()
    except OSError as error:
        return type(error).__name__
    return "connected"


def _start_a_program() -> str:
    with subprocess.Popen(["sleep", "600"]) as program:
        Path(os.environ["TEST_NOTE"]).write_text(str(program.pid))
    return ""


def _crash_beside_a_program() -> str:
    program = subprocess.Popen(["sleep", "600"])
    Path(os.environ["TEST_NOTE"]).write_text(str(program.pid))
    return _crash()


def _litter() -> str:
    Path(tempfile.mkdtemp(), "litter").write_text("left behind")
    tempfile.mkstemp()
    return tempfile.gettempdir()


def _list_litter() -> str:
    return f"{len([*Path(tempfile.gettempdir()).iterdir()])} left"


def _write_much() -> str:
    with Path(tempfile.gettempdir(), "much").open("wb") as file:
        file.truncate(FILE_BYTES + 1)
    return "written"


_DEEDS = {
    "start a program": _start_a_program,
    "crash beside a program": _crash_beside_a_program,
    "litter": _litter,
    "list litter": _list_litter,
    "write much": _write_much,
    "sleep": _sleep,
    "sleep holding the interpreter": _sleep_holding_the_interpreter,
    "crash": _crash,
    "be killed": _be_killed,
    "leave": _leave,
    "eat memory": _eat_memory,
    "return much": _return_much,
    "fail": _fail,
    "recurse": _recurse,
    "refuse": _refuse,
    "print": _print,
    "connect": _connect,
}

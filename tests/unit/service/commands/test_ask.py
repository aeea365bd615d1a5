"""How far a map has come, on a terminal."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from service.commands.ask import tell_part
from service.http.event_shapes import PartEvent

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def part(of: int) -> PartEvent:
    return PartEvent(
        number=2,
        documents=1,
        first="D1:1",
        last="D1:9",
        tokens=100,
        cached_tokens=0,
        outcome="found",
        findings=1,
        dropped=0,
        detail="",
        of=of,
    )


def told(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, quiet: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    for read in (1, 2):
        tell_part(part(of=2), read, quiet=quiet)
    return stream.getvalue()


def test_one_line_counts_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(Terminal(), monkeypatch) == "\r  read 1 of 2 parts\r  read 2 of 2 parts\n"


def test_nothing_is_told_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(Terminal(), monkeypatch, quiet=True) == ""
    assert told(io.StringIO(), monkeypatch) == ""

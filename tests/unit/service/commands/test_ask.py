"""How far a map has come, on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from service.commands.ask import tell_part
from service.http.responses import PartEvent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    opened = Terminal()
    monkeypatch.setattr(sys, "stderr", opened)
    return opened


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


def test_one_line_counts_the_parts(terminal: Terminal) -> None:
    for read in (1, 2):
        tell_part(part(of=2), read, quiet=False)
    assert terminal.getvalue() == "\r  read 1 of 2 parts\r  read 2 of 2 parts\n"


def test_nothing_is_told_to_programs(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    tell_part(part(of=2), 1, quiet=True)
    assert terminal.getvalue() == ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", io.StringIO())
        tell_part(part(of=2), 1, quiet=False)
    assert capsys.readouterr().err == ""

"""Files of JSON lines, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from ingest.errors import PermanentError
from service.evaluation.lines import read_lines

if TYPE_CHECKING:
    from pathlib import Path


class Inner(BaseModel):
    n: int


class Row(BaseModel):
    parts: list[Inner]


class BadLine(PermanentError):
    pass


def test_lines_keep_their_numbers_past_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b'\n{"parts": []}\r\n \n{"parts": [{"n": 1}]}')
    assert [(number, len(row.parts)) for number, row in read_lines(path, Row, BadLine)] == [(2, 0), (4, 1)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'\n{"parts": [{"n": 1}, {"n": "x"}]}', r"rows:2: parts\.1\.n: "),
        (b"# text", "rows:1: Invalid JSON"),
        (b'{"parts": []}\n\xff', "rows: .*can't decode"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    with pytest.raises(BadLine, match=said):
        list(read_lines(path, Row, BadLine))

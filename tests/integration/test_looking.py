"""Commands that only look into the catalog: they start no index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from service.cli import cli
from service.index_process.address import Place

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(data: Path, *arguments: str) -> Result:
    return CliRunner(env={"LECTERN_DATA": str(data)}).invoke(cli, arguments)


@pytest.mark.parametrize("command", ["audit", "collections", "jobs", "usage"])
def test_what_only_looks_starts_no_index(data: Path, command: str) -> None:
    assert run(data, command).exit_code == 0
    assert (data / "catalog.sqlite").exists()
    assert not Place(data).log.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("documents",),
        ("explain", "ans_1"),
        ("jobs", "show", "nowhere"),
        ("collections", "pin", "x", "y"),
        ("collections", "egress", "x"),
    ],
)
def test_nor_does_what_finds_nothing(data: Path, arguments: tuple[str, ...]) -> None:
    assert run(data, *arguments).exit_code == 1
    assert not Place(data).log.exists()

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.index_process.address import PROTOCOL, Address, Place

NOTED = Address(7, "AF_UNIX", "/run/index.sock", 0, "secret")

unix = pytest.mark.skipif(sys.platform == "win32", reason="there are no Unix sockets")


def test_what_is_noted_is_read(tmp_path: Path) -> None:
    place = Place(tmp_path)

    place.publish(NOTED)

    assert place.read() == NOTED
    assert [file.name for file in tmp_path.iterdir()] == ["index.json"]


def test_a_location_is_what_the_family_needs() -> None:
    assert NOTED.location == "/run/index.sock"
    assert Address(7, "AF_INET", "127.0.0.1", 80, "secret").location == ("127.0.0.1", 80)


def test_another_release_is_not_talked_to(tmp_path: Path) -> None:
    Place(tmp_path).publish(replace(NOTED, protocol=PROTOCOL + 1))

    assert Place(tmp_path).read() is None


@given(st.binary() | st.sampled_from([b"[]", b"7", json.dumps({**asdict(NOTED), "more": 1}).encode()]))
def test_a_damaged_note_is_no_note(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        place.note.write_bytes(content)

        assert place.read() is None


def test_a_process_takes_away_its_own_note_only(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish(NOTED)

    place.withdraw(replace(NOTED, pid=8))
    assert place.read() == NOTED

    place.withdraw(NOTED)
    assert place.read() is None
    place.withdraw(NOTED)


@unix
def test_an_open_directory_is_closed_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)

    Place(data).prepare()

    assert data.stat().st_mode & 0o777 == 0o700


@unix
def test_a_left_socket_is_cleared_away(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = place.socket_path()
    assert path is not None
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)

    assert place.socket_path() == path

    assert not Path(path).exists()


@unix
@pytest.mark.parametrize("depth", range(1, 30, 4))
def test_a_socket_path_is_never_too_long(tmp_path: Path, depth: int) -> None:
    path = Place(tmp_path.joinpath(*["folder"] * depth)).socket_path()

    assert path is not None
    assert len(os.fsencode(path)) <= 100
    if not Path(path).is_relative_to(tmp_path):
        Path(path).parent.rmdir()


@unix
def test_a_temporary_folder_that_others_may_enter_is_not_used(tmp_path: Path) -> None:
    place = Place(tmp_path / ("long" * 30))
    path = place.socket_path()
    assert path is not None
    Path(path).parent.chmod(0o777)

    assert place.socket_path() is None

    Path(path).parent.rmdir()

"""The server in this process, over loopback: what a machine without Unix sockets gets."""

from __future__ import annotations

import threading
from multiprocessing.connection import Client, Listener
from typing import TYPE_CHECKING, cast

import pytest

from ingest.index import Question
from ingest.model import Scope
from service.index_process.address import Address, Place
from service.index_process.requests import Counts, Done, Search
from service.index_process.server import serve
from service.index_process.starting import connect
from tests.fakes.scripted_index import ScriptedIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCOPE = Scope("default", "contracts")


class Loopback(Place):
    """A place where Unix sockets do not work."""

    def socket_path(self) -> str | None:
        return None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Loopback]:
    place = Loopback(tmp_path)
    ready = threading.Event()
    server = threading.Thread(
        target=serve, args=(place, ScriptedIndex(tmp_path)), kwargs={"grace": 0, "announce": ready.set}
    )
    server.start()
    assert ready.wait(10)
    yield place
    server.join(20)
    assert not server.is_alive()


def test_it_answers_over_loopback_and_ends(place: Loopback) -> None:
    noted = place.read()
    assert noted is not None
    assert (noted.family, noted.host) == ("AF_INET", "127.0.0.1")
    connection = connect(noted)
    assert connection is not None
    with connection:
        connection.send(Search(SCOPE, Question("who?"), [7], 1))
        found = connection.recv()
        connection.send(Counts(SCOPE))

        assert connection.recv() == Done({})

    assert isinstance(found, Done)


def test_noise_ends_one_connection_and_nothing_else(place: Loopback) -> None:
    noted = place.read()
    assert noted is not None
    connection = connect(noted)
    assert connection is not None
    with Client(noted.location, noted.family) as stranger:
        stranger.send_bytes(b"GET / HTTP/1.1")
        connection.send(Counts(SCOPE))
        assert connection.recv() == Done({})
    with connection:
        assert connect(None) is None


def test_somebody_else_at_a_noted_port_is_nobody() -> None:
    with Listener(("127.0.0.1", 0), "AF_INET") as other:
        host, port = cast("tuple[str, int]", other.address)

        def chat() -> None:
            with other.accept() as connection:
                connection.send_bytes(b"220 mail.example.org")

        chatting = threading.Thread(target=chat)
        chatting.start()

        assert connect(Address(7, "AF_INET", host, port, "token")) is None
        chatting.join(10)

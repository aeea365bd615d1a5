"""The clients of a running server, against sockets that say what a test wants."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from service.client import (
    AsyncClient,
    Client,
    ServerAbsent,
    ServerRefused,
    ServerUnreachable,
    UnsendableFile,
)
from service.http.event_shapes import Delta, PlanEvent, Reasoning
from service.http.requests import QueryRequest, SearchRequest
from service.http.responses import QueryResponse
from service.remote.server import server_at
from tests.fakes.encrypted import certified, encrypted
from tests.fakes.told import ANSWER, PLAN, as_events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
    from pathlib import Path

    from service.http.event_shapes import StreamEvent
    from service.http.job_shapes import JobShape
    from service.http.place_shapes import SearchResponse

T = TypeVar("T")
WHO = QueryRequest(question="Who pays — “кто”?")
SEEK = SearchRequest(query="rent")
EVENTS = as_events(
    ("plan", PLAN), ("reasoning", {"text": "hm"}), ("delta", {"text": "x\u2028y\x85z"}), ("done", ANSWER)
)
PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no collection named 'x'"}


class Asking(Protocol):
    """Both clients, as a test uses them."""

    def stream(self, url: str, key: str | None = None) -> list[StreamEvent]: ...
    def search(self, url: str, key: str | None = None) -> SearchResponse: ...
    def upload(self, url: str, files: Sequence[Path], paths: Sequence[str] | None = None) -> JobShape: ...
    def leave(self, url: str) -> StreamEvent: ...


class Waiting:
    """The client that waits."""

    def stream(self, url: str, key: str | None = None) -> list[StreamEvent]:
        return list(Client(url, key).stream(WHO))

    def search(self, url: str, key: str | None = None) -> SearchResponse:
        return Client(url, key).search(SEEK)

    def upload(self, url: str, files: Sequence[Path], paths: Sequence[str] | None = None) -> JobShape:
        return Client(url).upload(files, paths=paths, collection="книги")

    def leave(self, url: str) -> StreamEvent:
        events = Client(url).stream(WHO)
        first = next(events)
        events.close()
        return first


class Looping:
    """The one for event loops."""

    def stream(self, url: str, key: str | None = None) -> list[StreamEvent]:
        async def every(client: AsyncClient) -> list[StreamEvent]:
            return [event async for event in client.stream(WHO)]

        return self._run(url, key, every)

    def search(self, url: str, key: str | None = None) -> SearchResponse:
        return self._run(url, key, lambda client: client.search(SEEK))

    def upload(self, url: str, files: Sequence[Path], paths: Sequence[str] | None = None) -> JobShape:
        return self._run(url, None, lambda client: client.upload(files, paths=paths, collection="книги"))

    def leave(self, url: str) -> StreamEvent:
        async def first(client: AsyncClient) -> StreamEvent:
            events: AsyncGenerator[StreamEvent, None]
            async with aclosing(client.stream(WHO)) as events:
                return await anext(events)

        return self._run(url, None, first)

    def _run(self, url: str, key: str | None, step: Callable[[AsyncClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with AsyncClient(url, key) as client:
                return await step(client)

        return asyncio.run(run())


@pytest.fixture(params=[Waiting, Looping])
def asking(request: pytest.FixtureRequest) -> Asking:
    return request.param()


@contextmanager
def answering(
    reply: bytes, *, host: str = "127.0.0.1", reads: bool = True
) -> Generator[tuple[str, list[bytes]]]:
    """One connection is answered with these bytes; its address, and what arrived before and after."""
    arrived: list[bytes] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            connection.settimeout(10)
            with connection:
                arrived.append(_request(connection) if reads else _head(connection))
                connection.sendall(reply)
                if not reply.endswith(b"more to come\n"):
                    return
                arrived.append(connection.recv(1))  # empty once the client has gone

        thread = threading.Thread(target=answer)
        thread.start()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{listening.getsockname()[1]}", arrived
        thread.join(10)
        assert not thread.is_alive()


def _head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    return data


def _request(connection: socket.socket) -> bytes:
    """The head and as much of the body as it announces."""
    head, _, body = _head(connection).partition(b"\r\n\r\n")
    lengths = (row.split(b":")[1] for row in head.split(b"\r\n") if row.lower().startswith(b"content-length"))
    length = int(next(lengths, b"0"))
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def reply(body: str, status: str = "200 OK", kind: str = "text/event-stream", *, missing: int = 0) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content) + missing}\r\n\r\n"
    return head.encode() + content


def chunked(*pieces: str) -> bytes:
    """A body in chunks, without the one that ends it."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [f"{len(piece.encode()):x}\r\n{piece}\r\n" for piece in pieces]
    return "".join([head, *chunks]).encode()


class TestStream:
    def test_events_are_typed_whatever_their_text_holds(self, asking: Asking) -> None:
        with answering(reply(EVENTS)) as (url, arrived):
            events = asking.stream(url, "open-sesame")

        planned, thought, told, whole = events
        assert isinstance(planned, PlanEvent)
        assert thought == Reasoning(text="hm")
        assert told == Delta(text="x\u2028y\x85z")
        assert whole == QueryResponse.model_validate(ANSWER)
        head, _, body = arrived[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/query ")
        assert b"authorization: bearer open-sesame" in head.lower()
        assert json.loads(body) == {"question": WHO.question, "stream": True}

    def test_pieces_may_be_cut_anywhere(self, asking: Asking) -> None:
        raw = EVENTS.replace("\n", "\r\n")
        with answering(chunked(*raw) + b"0\r\n\r\n") as (url, _):
            assert len(asking.stream(url)) == 4

    def test_what_a_newer_server_says_is_passed_over(self, asking: Asking) -> None:
        newer = as_events(
            ("novelty", {"a": 1}), ("plan", PLAN | {"new": 1}), ("done", ANSWER | {"html": "x"})
        )
        with answering(reply(f": a comment\n\nretry: 5\n\n{newer}")) as (url, _):
            assert [type(event) for event in asking.stream(url)] == [PlanEvent, QueryResponse]

    def test_a_problem_inside_the_stream_is_raised(self, asking: Asking) -> None:
        failed = as_events(("plan", PLAN), ("error", PROBLEM))
        with answering(reply(failed)) as (url, _), pytest.raises(ServerRefused, match="no collection"):
            asking.stream(url)

    def test_what_came_before_a_problem_has_come(self) -> None:
        with answering(reply(as_events(("plan", PLAN), ("error", PROBLEM)))) as (url, _):
            events = Client(url).stream(WHO)
            assert isinstance(next(events), PlanEvent)
            with pytest.raises(ServerRefused):
                next(events)

    @pytest.mark.parametrize(
        "cut",
        [
            chunked(as_events(("plan", PLAN))),
            chunked(as_events(("plan", PLAN))) + b"0\r\n\r\n",
            chunked(EVENTS)[:-40],
            reply(as_events(("plan", PLAN))),
            reply(as_events(("plan", PLAN)), missing=10),
        ],
    )
    def test_a_stream_that_is_cut_never_just_ends(self, asking: Asking, cut: bytes) -> None:
        with answering(cut) as (url, _), pytest.raises(ServerUnreachable):
            asking.stream(url)

    def test_leaving_it_early_hangs_up(self, asking: Asking) -> None:
        with answering(chunked(as_events(("plan", PLAN)), ": more to come\n")[:-2]) as (url, arrived):
            assert isinstance(asking.leave(url), PlanEvent)

        assert arrived[1:] == [b""]

    def test_an_event_that_makes_no_sense_is_told(self, asking: Asking) -> None:
        with (
            answering(reply(as_events(("plan", {"id": 7})))) as (url, _),
            pytest.raises(ServerRefused, match="no Lectern server of this version"),
        ):
            asking.stream(url)


class TestCalls:
    def test_without_a_key_none_is_sent(self, asking: Asking) -> None:
        with answering(reply('{"hits": []}', kind="application/json")) as (url, arrived):
            assert asking.search(url).hits == []

        assert b"authorization" not in arrived[0].lower()

    def test_a_proxy_may_put_the_server_below_a_path(self, asking: Asking) -> None:
        with answering(reply('{"hits": []}', kind="application/json")) as (url, arrived):
            asking.search(f"{url}/team/lectern/")

        assert arrived[0].startswith(b"POST /team/lectern/v1/search ")

    def test_a_host_may_be_of_the_sixth_version(self, asking: Asking) -> None:
        if not socket.has_ipv6:
            pytest.skip("no IPv6 here")
        with answering(reply('{"hits": []}', kind="application/json"), host="::1") as (url, arrived):
            asking.search(url)

        assert b"host: [::1]:" in arrived[0].lower()

    def test_a_problem_is_raised(self, asking: Asking) -> None:
        with (
            answering(reply(json.dumps(PROBLEM), "404 Not Found", "application/problem+json")) as (url, _),
            pytest.raises(ServerRefused, match="no collection named 'x'") as refused,
        ):
            asking.search(url)

        assert refused.value.problem.status == 404

    @pytest.mark.parametrize("status", ["502 Bad Gateway", "307 Temporary Redirect"])
    def test_a_page_instead_of_a_problem_is_no_riddle(self, asking: Asking, status: str) -> None:
        with answering(reply("<html>", status, "text/html")) as (url, _):
            with pytest.raises(ServerRefused, match=status[:3]) as refused:
                asking.search(url)
            assert refused.value.problem.status == int(status[:3])

    def test_a_redirect_is_not_followed(self, asking: Asking) -> None:
        with answering(reply('{"hits": []}')) as (elsewhere, _):
            moved = reply("", "307 Temporary Redirect").replace(
                b"\r\n", f"\r\nLocation: {elsewhere}/v1/search\r\n".encode(), 1
            )
            with answering(moved) as (url, _), pytest.raises(ServerRefused, match="redirects"):
                asking.search(url, "open-sesame")
            assert Client(elsewhere).search(SEEK).hits == [], "nobody else has been there"

    def test_a_page_of_something_else_is_no_riddle(self, asking: Asking) -> None:
        with (
            answering(reply("<html>log in", kind="text/html")) as (url, _),
            pytest.raises(ServerRefused, match="no Lectern server"),
        ):
            asking.search(url)

    @pytest.mark.parametrize("said", [b"", b"not HTTP\r\n\r\n", reply("{", missing=99)])
    def test_a_server_that_goes_away_is_unreachable(self, asking: Asking, said: bytes) -> None:
        with answering(said) as (url, _), pytest.raises(ServerUnreachable) as gone:
            asking.search(url)

        assert not isinstance(gone.value, ServerAbsent)

    def test_nobody_there_is_told_apart(self, asking: Asking) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        with pytest.raises(ServerAbsent):
            asking.search(url)

    def test_a_server_that_says_nothing_is_not_waited_for_without_end(self) -> None:
        async def ask(url: str) -> None:
            async with AsyncClient(url, idle=0.05) as client:
                await client.search(SEEK)

        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with pytest.raises(ServerUnreachable, match="timed out"):
                Client(url, idle=0.05).search(SEEK)
            with pytest.raises(ServerUnreachable, match=r"\w"):
                asyncio.run(ask(url))


class TestUpload:
    def test_files_go_with_the_paths_that_people_see(self, asking: Asking, tmp_path: Path) -> None:
        odd = tmp_path / 'a"b\\ц.md'
        odd.write_bytes(b"# One\r\n--not a boundary\r\n")
        (tmp_path / "two.bin").write_bytes(os.urandom(600_000))
        with answering(reply(json.dumps(PROBLEM), "422 No")) as (url, arrived), pytest.raises(ServerRefused):
            asking.upload(url, [odd, tmp_path / "two.bin"], ["legal/a.md", "two.bin"])

        head, _, body = arrived[0].partition(b"\r\n\r\n")
        boundary = head.lower().partition(b"boundary=")[2].partition(b"\r\n")[0]
        parts = body.split(b"--" + boundary)
        assert [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts[1:-1]] == [
            "книги".encode(),
            b"legal/a.md",
            b"two.bin",
            odd.read_bytes(),
            (tmp_path / "two.bin").read_bytes(),
        ]
        assert parts[-1] == b"--\r\n"

    def test_a_file_that_is_not_there_is_said_before_anything_is_sent(
        self, asking: Asking, tmp_path: Path
    ) -> None:
        with pytest.raises(UnsendableFile, match="no such file"):
            asking.upload("http://127.0.0.1:9", [tmp_path / "gone.md"])

    def test_the_reason_of_a_server_that_hangs_up_is_read(self, tmp_path: Path) -> None:
        large = tmp_path / "large.bin"
        with large.open("wb") as file:
            file.truncate(2**25)
        refusal = reply(json.dumps(PROBLEM | {"status": 413, "detail": "too large"}), "413 Too Large")
        with (
            answering(refusal, reads=False) as (url, _),
            pytest.raises(ServerRefused, match="too large"),
        ):
            Client(url).upload([large])


class TestKey:
    def test_it_is_in_no_representation_and_no_error(self) -> None:
        client = Client("http://127.0.0.1:9", "open-sesame")
        with pytest.raises(ServerAbsent) as gone:
            client.search(SEEK)

        server = server_at("http://127.0.0.1:9", "open-sesame")
        shown = "".join(traceback.format_exception(gone.value)) + repr(client) + repr(server)
        assert "sesame" not in shown

    @pytest.mark.parametrize("key", ["open\r\nHost: x", "ключ"])
    def test_one_that_no_header_can_hold_is_not_repeated(self, key: str) -> None:
        for kind in (Client, AsyncClient):
            with pytest.raises(ValueError, match="access key") as refused:
                kind("http://127.0.0.1:9", key)
            assert key not in "".join(traceback.format_exception(refused.value))

    def test_characters_of_western_europe_are_sent_as_the_server_reads_them(self, asking: Asking) -> None:
        with answering(reply('{"hits": []}')) as (url, arrived):
            asking.search(url, "clé")

        assert b"Bearer cl\xe9\r\n" in arrived[0]


class TestEncryption:
    FOUND = reply('{"hits": []}', kind="application/json")

    def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
        self, asking: Asking, tmp_path: Path
    ) -> None:
        with (
            encrypted(certified(tmp_path), self.FOUND) as url,
            pytest.raises(ServerAbsent, match="certificate"),
        ):
            asking.search(url, "open-sesame")

    def test_the_systems_certificates_are_trusted(
        self, asking: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        identity = certified(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(identity))
        with encrypted(identity, self.FOUND) as url:
            assert asking.search(url, "open-sesame").hits == []


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8421", "ftp://host", "http://", "http://me:secret@host", "http://host/?a=1", "http://h:x"],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ValueError, match=r"server|[Pp]ort") as refused:
        Client(url)
    assert "secret" not in str(refused.value)


def test_the_client_that_waits_loads_neither_an_event_loop_nor_an_http_package() -> None:
    """`lectern ask` pays for its imports at every call."""
    heavy = "('asyncio', 'httpx2', 'mcp', 'llama_index', 'fastapi', 'service.http.job_shapes')"
    program = f"import sys, service.client; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

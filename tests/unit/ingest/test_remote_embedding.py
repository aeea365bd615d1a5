"""The embeddings client against a real socket."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ingest.embedding import Watched
from ingest.errors import EgressRefused, EmbeddingFailed, EmbeddingRefused
from ingest.model import Scope
from ingest.remote_embedding import BATCH, EmbeddingService
from ingest.scoped_embedding import GuardedEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    Answer = tuple[int, object]


@contextmanager
def endpoint(answer: Callable[[dict[str, Any]], Answer]) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """An endpoint; its address, and the bodies and keys that arrived."""
    arrived: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            arrived.append({**body, "path": self.path, "key": self.headers.get("Authorization")})
            status, said = answer(body)
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name in the parent
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1", arrived
        finally:
            server.shutdown()
            thread.join()


def vectors(body: dict[str, Any]) -> Answer:
    """The length of each text and 1, in reverse order: the index tells which is which."""
    rows = [{"index": i, "embedding": [len(text), 1.0]} for i, text in enumerate(body["input"])]
    return 200, {"data": rows[::-1]}


def service(url: str, waits: list[float] | None = None, key: str | None = "key") -> EmbeddingService:
    waited = [] if waits is None else waits
    return EmbeddingService(url, key, model="small", dimensions=2, sleep=waited.append)


class TestEmbeddingService:
    def test_vectors_come_in_order_and_normalised(self) -> None:
        texts = ["x" * n for n in range(BATCH + 3)]
        with endpoint(vectors) as (url, arrived):
            found = service(url).embed(texts)

        expected = np.array([[max(n, 1), 1.0] for n in range(BATCH + 3)])
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        assert np.allclose(found, expected, atol=1e-6)
        assert [len(body["input"]) for body in arrived] == [BATCH, 3]
        assert {(b["path"], b["key"], b["model"]) for b in arrived} == {
            ("/v1/embeddings", "Bearer key", "small")
        }

    def test_without_a_key_none_is_sent(self) -> None:
        with endpoint(vectors) as (url, arrived):
            service(url, key=None).embed(["x"])

        assert arrived[0]["key"] is None

    def test_what_passes_is_tried_again(self) -> None:
        answers: Iterator[Answer] = iter([(503, ""), (429, "")])
        waits: list[float] = []
        with endpoint(lambda body: next(answers, vectors(body))) as (url, arrived):
            service(url, waits).embed(["x"])

        assert len(arrived) == 3
        assert waits == sorted(waits)
        assert len(waits) == 2

    def test_what_does_not_pass_is_given_up(self) -> None:
        with endpoint(lambda _: (500, {})) as (url, arrived), pytest.raises(EmbeddingFailed, match="500"):
            service(url).embed(["x"])

        assert len(arrived) == 4

    def test_nobody_there_is_a_failure(self) -> None:
        with endpoint(vectors) as (url, _):
            pass

        with pytest.raises(EmbeddingFailed):
            service(url).embed(["x"])

    @pytest.mark.parametrize(
        "answer",
        [
            (401, {"error": "bad key"}),
            (404, {}),
            (200, {"data": []}),
            (200, {"data": [{"index": 0, "embedding": [1.0]}]}),
            (200, {"data": [{"index": 0, "embedding": [1.0, "x"]}]}),
            (200, b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}]}'),
            (200, {"vectors": []}),
            (200, b"<html>"),
        ],
    )
    def test_what_no_repetition_changes_is_refused_at_once(self, answer: Answer) -> None:
        with endpoint(lambda _: answer) as (url, arrived), pytest.raises(EmbeddingRefused):
            service(url).embed(["x"])

        assert len(arrived) == 1

    @pytest.mark.parametrize("status", [200, 503])
    def test_leave_is_asked_before_each_request(self, status: int) -> None:
        """Of the second batch, or of the second attempt at the first one."""
        asked: list[int] = []

        def require_leave() -> None:
            asked.append(len(arrived))
            if len(asked) == 3:
                raise EgressRefused("contracts", "somewhere")

        with endpoint(lambda body: vectors(body) if status == 200 else (status, "")) as (url, arrived):
            remote = Watched(service(url), nullcontext)
            within = GuardedEmbedder(remote, lambda _, __: require_leave()).within(Scope("t", "contracts"))
            with pytest.raises(EgressRefused):
                within.embed(["x"] * 3 * BATCH)

        assert len(arrived) == 1
        assert asked == [0, 0, 1]
        assert (within.identity, within.dimensions) == ("small/2", 2)

    def test_its_identity_tells_model_and_length(self) -> None:
        assert service("http://x").identity == "small/2"

"""One server that is everything text can be sent to, and remembers all that it was shown.

with Recipient() as server:
    settings = Settings(**server.settings)
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from types import TracebackType

DIMENSIONS = 8


@dataclass
class Recipient:
    """Chat completions, embeddings, reranking and counting of tokens on a free port of the loopback."""

    shown: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    """Path and body of every request."""
    connections: int = 0
    silent: str = ""
    """Last part of the path where nothing is answered any more."""
    withheld: str = ""
    """Words of texts that are not answered before ``go``."""
    pause: float = 0.0
    """Seconds before each answer."""
    go: threading.Event = field(default_factory=threading.Event)
    asked_in_vain: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Whether who was not answered has closed the connection."""

    def __enter__(self) -> Self:
        recipient = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the body waits until the head is confirmed, 40 ms

            def setup(self) -> None:
                recipient.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                recipient.shown.append((self.path, body))
                if recipient.silent and self.path.endswith(recipient.silent):
                    self.close_connection = True
                    recipient.wait_for_hanging_up(self.connection)
                    return
                if recipient.withheld and any(recipient.withheld in text for text in body.get("input", ())):
                    recipient.asked_in_vain.set()
                    recipient.go.wait()
                time.sleep(recipient.pause)
                kind, content = _reply(self.path, body)
                with suppress(ConnectionError):  # of a client that was killed meanwhile
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object, **__: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, Any]:
        """All settings that name a server, naming this one."""
        address = f"http://127.0.0.1:{self._server.server_port}/v1"
        return {
            "llm_base_url": address,
            "llm_provider": "vllm",
            "rerank_base_url": address,
            "embeddings_base_url": address,
            "embeddings_dimensions": DIMENSIONS,
            "exact_tokens": True,
            "rewrite_followups": True,
        }

    def wait_for_hanging_up(self, connection: socket.socket) -> None:
        """Answer nothing, and hear when the other side has had enough."""
        self.asked_in_vain.set()
        with suppress(ConnectionError):
            while connection.recv(1):
                pass
        self.hung_up.set()

    def kinds(self) -> set[str]:
        """Last parts of the paths that were asked for."""
        return {path.rsplit("/", 1)[-1] for path, _ in self.shown}

    def texts(self) -> Iterator[str]:
        """The embedded ones."""
        for path, body in self.shown:
            if path.endswith("/embeddings"):
                yield from body["input"]


def _reply(path: str, body: dict[str, Any]) -> tuple[str, bytes]:
    match path.rsplit("/", 1)[-1]:
        case "completions":
            return "text/event-stream", _stream(body)
        case "embeddings":
            vectors = [[1.0] + [float(len(text) % 7)] * (DIMENSIONS - 1) for text in body["input"]]
            data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
            return "application/json", json.dumps({"data": data}).encode()
        case "rerank":
            scores = [{"index": i, "relevance_score": 1 / (i + 1)} for i in range(len(body["documents"]))]
            return "application/json", json.dumps({"results": scores}).encode()
        case "tokenize":
            return "application/json", json.dumps({"count": len(body["prompt"]) // 4}).encode()
        case other:
            raise AssertionError(f"nobody sends to {other}")


def _stream(body: dict[str, Any]) -> bytes:
    usage = {"prompt_tokens": 1_000, "completion_tokens": 4}
    frames: list[dict[str, Any]] = [
        {
            "id": "c",
            "model": body["model"],
            "choices": [{"index": 0, "delta": {"content": "I do not know."}}],
        },
        {"id": "c", "model": body["model"], "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "c", "model": body["model"], "choices": [], "usage": usage},
    ]
    return b"".join(f"data: {json.dumps(frame)}\n\n".encode() for frame in frames) + b"data: [DONE]\n\n"

"""A scripted ``/rerank`` endpoint on a free port of the loopback, in the dialects of several servers.

with RerankServer(lambda query, text: float("rent" in text)) as server:
    RerankEndpoint(server.base_url, "key", model="small", seconds=5)
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

Dialect = Literal["results", "data", "list", "texts"]
"""Jina's and its like, Voyage's, SGLang's, and that of Text Embeddings Inference."""
_MOST_TEXTS = 32
_MISSING = b"Failed to deserialize the JSON body into the target type: missing field `texts` at line 1"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request."""

    path: str
    key: str | None
    body: Mapping[str, Any]


@dataclass
class RerankServer:
    """Scores every text by a function of the query and the text."""

    score: Callable[[str, str], float]
    dialect: Dialect = "results"
    broken: Callable[[list[dict[str, Any]]], tuple[int, bytes]] | None = None
    """From the scored items, the best first, to the status and the body sent in place of the dialect's."""
    delay: float = 0.0
    """Seconds before each of two halves of the reply."""
    requests: list[Arrived] = field(default_factory=list[Arrived])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer, delay, requests = self._answer, self.delay, self.requests

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each piece waits until the one before is confirmed

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                requests.append(Arrived(self.path, self.headers.get("Authorization"), body))
                status, content = answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                half = len(content) // 2
                try:
                    for piece in (content[:half], content[half:]):
                        time.sleep(delay)
                        self.wfile.write(piece)
                        self.wfile.flush()
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name in the parent
                del format, args

        return Handler

    def _answer(self, body: Mapping[str, Any]) -> tuple[int, bytes]:
        asked = "texts" if self.dialect == "texts" else "documents"
        if asked not in body:
            return 422, _MISSING
        if self.dialect == "texts" and len(body["texts"]) > _MOST_TEXTS:
            return 422, b'{"error": "batch size > maximum allowed batch size 32", "error_type": "Validation"}'
        scores = [self.score(body["query"], text) for text in body[asked]]
        name = "score" if self.dialect in {"list", "texts"} else "relevance_score"
        items: list[dict[str, Any]] = [{"index": i, name: score} for i, score in enumerate(scores)]
        items.sort(key=lambda item: -item[name])
        if self.broken is not None:
            return self.broken(items)
        wrapped = items if name == "score" else {self.dialect: items, "model": body.get("model")}
        return 200, json.dumps(wrapped).encode()


def overlap(ideal: str, text: str) -> float:
    """How many of an ideal text's words another one has."""
    wanted = set(re.findall(r"\w+", ideal.lower()))
    return len(wanted & set(re.findall(r"\w+", text.lower()))) / max(len(wanted), 1)

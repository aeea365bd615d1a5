"""An encoder behind an OpenAI-compatible address on the loopback interface, for other systems.

A vector is computed once for a text and kept in a file: whoever asks first pays, the others wait for nothing.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
from contextlib import contextmanager
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ingest.embedding import Embedder

MODEL = "universal-sentence-encoder"
_PIECE = 2_000
"""Code points that the encoder takes at once."""


class KeptVectors:
    """An encoder that forgets no text: whole texts, however long, as the mean of their pieces."""

    def __init__(self, encoder: Embedder, file: Path) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB)")

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Vectors of ``float32`` in the machine's byte order."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        with self._lock:
            kept = {key: vector for key in keys if (vector := self._kept(key)) is not None}
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
            for key, text in missing.items():
                kept[key] = self._whole(text).tobytes()
                self._database.execute("INSERT INTO vectors VALUES (?, ?)", (key, kept[key]))
        return [kept[key] for key in keys]

    def close(self) -> None:
        self._database.close()

    def _kept(self, key: bytes) -> bytes | None:
        row = self._database.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return row[0] if row else None

    def _whole(self, text: str) -> NDArray[np.float32]:
        pieces = [text[first : first + _PIECE] for first in range(0, max(len(text), 1), _PIECE)]
        weights = np.array([[len(piece)] for piece in pieces], dtype=np.float32)
        total = (self._encoder.embed(pieces) * weights).sum(axis=0)
        return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


@contextmanager
def serving(encoder: Embedder, file: Path) -> Generator[str]:
    """Serve until the block ends, vectors kept in a file; yields the address, which ends in ``/v1``."""
    vectors = KeptVectors(encoder, file)

    class Handler(_Handler):
        kept = vectors

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        vectors.close()


class _Handler(BaseHTTPRequestHandler):
    kept: KeptVectors
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        given: str | list[str] = asked["input"]
        vectors = self.kept.embed([given] if isinstance(given, str) else given)
        encoded = asked.get("encoding_format") == "base64"
        rows = [
            {
                "object": "embedding",
                "index": row,
                "embedding": _base64(vector) if encoded else _numbers(vector),
            }
            for row, vector in enumerate(vectors)
        ]
        self._answer(
            {
                "object": "list",
                "model": MODEL,
                "data": rows,
                "usage": {"prompt_tokens": 0, "total_tokens": 0},
            }
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name that the library gives it
        """Say nothing: a line for every request would bury the table."""

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _base64(vector: bytes) -> str:
    return base64.b64encode(vector).decode()


def _numbers(vector: bytes) -> list[float]:
    return np.frombuffer(vector, dtype=np.float32).tolist()

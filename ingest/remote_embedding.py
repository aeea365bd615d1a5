"""Dense vectors from any OpenAI-compatible ``/v1/embeddings``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import numpy as np
from pydantic import BaseModel, ValidationError

from ingest.errors import EmbeddingFailed, EmbeddingRefused
from ingest.proxies import may_be_proxied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx2
    from numpy.typing import NDArray

BATCH = 64
"""Texts a request."""
_ATTEMPTS = 4
SECONDS = 60.0
"""That the endpoint may stay silent."""
_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})


class _Item(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Item]


class Connection(Protocol):
    """How requests reach the endpoint, and how somebody waits between two of them."""

    def post(self, body: Mapping[str, object]) -> httpx2.Response:
        """Send a request; raises `httpx2.TransportError`, `EmbeddingFailed`."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; raises `EmbeddingFailed`."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class PlainConnection:
    """`Connection` in the thread that asks."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._headers = headers
        self._http: httpx2.Client | None = None

    def post(self, body: Mapping[str, object]) -> httpx2.Response:
        """Send a request."""
        import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that the embedded encoder saves

        if self._http is None:
            self._http = httpx2.Client(
                base_url=self._base_url,
                headers=self._headers,
                timeout=SECONDS,
                trust_env=may_be_proxied(self._base_url),
            )
        return self._http.post("embeddings", json=body)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def close(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            self._http.close()


class EmbeddingService:
    """An embedder behind HTTP. Vectors are normalised here, whatever the endpoint does."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        model: str,
        dimensions: int,
        sleep: Callable[[float], None] | None = None,
        connect: Callable[[str, Mapping[str, str]], Connection] = PlainConnection,
    ) -> None:
        """``connect`` is given the address and the headers; ``sleep`` takes the place of its connection's."""
        self._connection = connect(base_url, {"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._model = model
        self.dimensions = dimensions
        self._sleep = sleep or self._connection.sleep

    @property
    def identity(self) -> str:
        """The model's name and the length of its vectors."""
        return f"{self._model}/{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape ``(len(texts), dimensions)``.

        Raises:
            EmbeddingFailed: no answer, several times.
            EmbeddingRefused: an answer that no repetition changes.
        """
        return self.embed_asking(texts, lambda: None)

    def asking(self, require_leave: Callable[[], None]) -> _Asking:
        """As `AskingEmbedder.asking`."""
        return _Asking(self, require_leave)

    def embed_asking(self, texts: Sequence[str], require_leave: Callable[[], None]) -> NDArray[np.float32]:
        """As `embed`; ``require_leave`` is called before each request, and what it raises is raised."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for first in range(0, len(texts), BATCH):
            batch = texts[first : first + BATCH]
            vectors[first : first + len(batch)] = self._vectors(batch, require_leave)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def _vectors(self, texts: Sequence[str], require_leave: Callable[[], None]) -> NDArray[np.float32]:
        body: dict[str, object] = {"model": self._model, "input": [text or " " for text in texts]}
        reply = self._parsed(self._answer(body, require_leave))
        vectors = np.asarray([i.embedding for i in sorted(reply.data, key=lambda i: i.index)], np.float32)
        if vectors.shape != (len(texts), self.dimensions) or not np.isfinite(vectors).all():
            raise EmbeddingRefused(
                f"{self._model} gave vectors of shape {vectors.shape}, not ({len(texts)}, {self.dimensions})"
            )
        return vectors

    def _answer(self, body: dict[str, object], require_leave: Callable[[], None]) -> httpx2.Response:
        import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that the embedded encoder saves

        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(2.0**attempt / 2)
            require_leave()
            try:
                response = self._connection.post(body)
            except httpx2.TransportError as error:
                failure = str(error)
                continue
            if response.status_code not in _RETRIED:
                return response
            failure = f"status {response.status_code}"
        raise EmbeddingFailed(f"{self._model} does not answer: {failure}")

    def _parsed(self, response: httpx2.Response) -> _Reply:
        if response.is_error:
            raise EmbeddingRefused(f"{self._model}: status {response.status_code}")
        try:
            return _Reply.model_validate_json(response.content)
        except ValidationError as error:
            raise EmbeddingRefused(f"{self._model} gave no embeddings") from error


class _Asking:
    """The service with a question before each request."""

    def __init__(self, service: EmbeddingService, require_leave: Callable[[], None]) -> None:
        self._service = service
        self._require_leave = require_leave

    @property
    def identity(self) -> str:
        return self._service.identity

    @property
    def dimensions(self) -> int:
        return self._service.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._service.embed_asking(texts, self._require_leave)

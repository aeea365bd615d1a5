"""Requests to an embeddings endpoint that end when nobody waits for the vectors any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ingest.errors import EmbeddingFailed
from ingest.proxies import may_be_proxied
from ingest.remote_embedding import SECONDS
from service.loop_thread import LoopClosed, LoopThread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any, TypeVar

    import httpx2

    _T = TypeVar("_T")


class LoopConnection:
    """`ingest.remote_embedding.Connection` by way of an event loop; threads may share it.

    Its calls raise `asyncio.CancelledError` where whoever the thread works for has left.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._headers = headers
        self._loop = LoopThread("lectern-embeddings", close=self._let_go)
        self._http: httpx2.AsyncClient | None = None

    def post(self, body: Mapping[str, object]) -> httpx2.Response:
        """As `Connection.post`."""
        return self._run(lambda: self._posted(body))

    def sleep(self, seconds: float) -> None:
        """As `Connection.sleep`."""
        self._run(lambda: asyncio.sleep(seconds))

    def close(self) -> None:
        """As `Connection.close`."""
        self._loop.close()

    def _run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        try:
            return self._loop.run(work)
        except LoopClosed as error:
            raise EmbeddingFailed("the connections to the embeddings endpoint were closed") from error

    async def _posted(self, body: Mapping[str, object]) -> httpx2.Response:
        import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that the embedded encoder saves

        self._http = self._http or httpx2.AsyncClient(
            base_url=self._base_url,
            headers=self._headers,
            timeout=SECONDS,
            trust_env=may_be_proxied(self._base_url),
        )
        return await self._http.post("embeddings", json=body)

    async def _let_go(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

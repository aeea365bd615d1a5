"""The client of ``/rerank`` endpoints."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from ingest.proxies import may_be_proxied
from service.loop_thread import LoopClosed, LoopThread
from service.reranking.contract import Order, RerankingFailed
from service.reranking.dialects import TEXTS, address_of, dialect_of, read_scores, request_body, wants_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx2

    from service.recording import Origin

_LARGEST_REPLY = 2**22
"""Bytes; scores of hundreds of texts take some ten thousand."""


class RerankEndpoint:
    """A reranker behind HTTP. It is asked once: an answer waits for it, and can do without it."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        *,
        model: str | None,
        seconds: float,
        require_leave: Callable[[Origin], None] = lambda _: None,
    ) -> None:
        """``seconds`` is the time for the whole order; ``require_leave`` is called before each request."""
        self._address = address_of(base_url)
        self._dialect = dialect_of(base_url)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._seconds = seconds
        self._require_leave = require_leave
        self._loop = LoopThread("lectern-rerank", close=self._let_go)
        self._http: httpx2.AsyncClient | None = None

    def rerank(self, question: str, passages: Sequence[str], *, origin: Origin) -> Order:
        """By score, best first; equal scores keep the order that the passages came in.

        Raises:
            RerankingFailed: no answer in time, an error, or an answer that is not one score a passage.
            EgressRefused: leave was not given.
            asyncio.CancelledError: whoever this thread works for has left.
        """
        deadline = time.monotonic() + self._seconds
        scores: list[float] = []
        while len(scores) < len(passages):
            batch = passages[len(scores) :][: self._dialect.most]
            self._require_leave(origin)
            status, content = self._post(question, batch, deadline)
            if self._dialect is not TEXTS and wants_texts(status, content):
                self._dialect = TEXTS
                continue
            if status != HTTPStatus.OK:
                raise RerankingFailed(f"status {status}")
            scores += read_scores(content, len(batch))
        return Order(tuple(sorted(range(len(passages)), key=lambda index: -scores[index])))

    def close(self) -> None:
        """Let go of the connections."""
        self._loop.close()

    def _post(self, question: str, passages: Sequence[str], deadline: float) -> tuple[int, bytes]:
        """Status and body."""
        body = request_body(self._dialect, self._model, question, passages)
        try:
            return self._loop.run(lambda: self._answered(body, deadline))
        except LoopClosed as error:
            raise RerankingFailed("its connections were closed") from error

    async def _answered(self, body: dict[str, object], deadline: float) -> tuple[int, bytes]:
        """The library bounds each wait; here all of them together are bounded."""
        import httpx2  # noqa: PLC0415 — 0.2 CPU seconds that whoever has no such endpoint saves

        self._http = self._http or httpx2.AsyncClient(
            headers=self._headers, timeout=None, trust_env=may_be_proxied(self._address)
        )
        content = bytearray()
        try:
            async with (
                asyncio.timeout(max(deadline - time.monotonic(), 0.001)),
                self._http.stream("POST", self._address, json=body) as response,
            ):
                async for piece in response.aiter_bytes():
                    content += piece
                    if len(content) > _LARGEST_REPLY:
                        raise RerankingFailed("the reply does not end")
                return response.status_code, bytes(content)
        except TimeoutError as error:
            raise RerankingFailed(f"no answer in {self._seconds:g} seconds") from error
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise RerankingFailed(f"no answer: {error}") from error

    async def _let_go(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

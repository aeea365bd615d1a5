"""The client of real providers: chat completions, streamed, through the ``openai`` package."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from ingest.proxies import may_be_proxied
from service.models.body import request_body, request_headers
from service.models.complaints import reported, reported_plainly, seconds_to_wait
from service.models.errors import MalformedReply, ModelTimeout, ModelUnreachable, StreamCut
from service.models.event_stream import EventData
from service.models.frames import ReplyReader
from service.models.pacing import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
    from types import TracebackType
    from typing import Self

    import openai

    from service.models.contract import ModelEvent, ModelRequest
    from service.models.errors import ModelError
    from service.models.providers import Provider

T = TypeVar("T")
_ENDING_SECONDS = 1.0
"""That the end of a connection's reply is waited for once the answer is whole."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect: float = 10.0
    idle: float = 60.0
    """Without a byte from the provider, before the first one as well."""
    total: float = 600.0
    """For the whole reply."""


class OpenAIModel:
    """A model behind an OpenAI-compatible server. Retries are not its business.

    Its connections belong to the event loop of the first question: ask, and close it, in that one.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        base_url: str,
        api_key: str,
        model: str | None = None,
        timeouts: Timeouts | None = None,
        pace: Pace | None = None,
    ) -> None:
        """``api_key`` may be empty for one's own server; ``model`` defaults to the provider's GLM-5.

        ``pace`` is shared by all that read replies in this process.
        """
        import openai  # noqa: PLC0415 — takes a CPU second, which only a configured model is worth

        self.provider = provider
        self.model = model or provider.model
        self._timeouts = timeouts or Timeouts()
        self._pace = pace or Pace()
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            admin_api_key="",
            max_retries=0,
            timeout=openai.Timeout(self._timeouts.idle, connect=self._timeouts.connect),
            # Half the CPU a word of the package's usual transport, and words that gathered come at once.
            http_client=openai.DefaultAioHttpClient(trust_env=may_be_proxied(base_url)),
        )
        # What the package would take from OPENAI_* variables is meant for another company.
        self._headers: Mapping[str, str | openai.Omit] = {
            "Authorization": f"Bearer {api_key}" if api_key else openai.omit,
            "OpenAI-Organization": openai.omit,
            "OpenAI-Project": openai.omit,
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`.

        Raises:
            InvalidRequest: before anything is sent.
        """
        body = request_body(request, self.provider, self.model)
        headers = {**self._headers, **request_headers(request, self.provider)}
        reply = ReplyReader()
        try:
            async with aclosing(self._packets(body, headers)) as packets:
                async for packet in packets:
                    said = False
                    for event in reply.read_all(packet):
                        yield event
                        said = True
                    if said:  # before the first word comes a frame that says nothing
                        await self._pace.rest()
        except (StreamCut, ModelTimeout):
            if not reply.is_whole:  # else only the usage is lost
                raise
        yield reply.finished()

    async def _packets(
        self, body: Mapping[str, object], headers: Mapping[str, str | openai.Omit]
    ) -> AsyncGenerator[list[str], None]:
        """The data of the reply's events as they arrive, up to ``[DONE]`` or the end of the connection."""
        deadline = asyncio.get_running_loop().time() + self._timeouts.total
        stream = await _before(deadline, self._open(body, headers), broken=ModelUnreachable)
        try:
            await _before(deadline, _refuse_plain(stream), broken=StreamCut)
            with self._pace.reading():
                async with aclosing(self._read(stream, deadline)) as packets:
                    async for packet in packets:
                        yield packet
        finally:
            await stream.close()

    async def _read(
        self, stream: openai.AsyncStream[object], deadline: float
    ) -> AsyncGenerator[list[str], None]:
        # Not by the package's own reading, which takes a step of the event loop for every event.
        packets, events = stream.response.aiter_bytes(), EventData()
        while True:
            try:
                packet = await _before(deadline, anext(packets), broken=StreamCut)
                data = events.feed(packet)
            except StopAsyncIteration:
                return
            except UnicodeDecodeError as error:
                raise MalformedReply("a frame is not UTF-8") from error
            done = next((at for at, one in enumerate(data) if one.startswith("[DONE]")), None)
            if data:
                yield data[:done]
            if done is not None:
                await _read_to_the_end(packets)
                return

    async def _open(
        self, body: Mapping[str, object], headers: Mapping[str, str | openai.Omit]
    ) -> openai.AsyncStream[object]:
        """Not by ``chat.completions.create``, which rebuilds every message and types every frame."""
        import openai  # noqa: PLC0415 — loaded by the constructor

        return await self._client.post(
            "/chat/completions",
            cast_to=object,
            body=body,
            # Who may be shown a prompt was decided for this address, not for one that it names.
            options={"headers": headers, "follow_redirects": False},
            stream=True,
            stream_cls=openai.AsyncStream[object],
        )


async def _before(deadline: float, step: Awaitable[T], *, broken: type[ModelError]) -> T:
    """Wait for a step of the conversation; every failure of package and transport becomes one of ours."""
    import httpx2  # noqa: PLC0415 — the package lets some of its transport's errors through
    import openai  # noqa: PLC0415 — loaded by the constructor

    try:
        async with asyncio.timeout_at(deadline):
            return await step
    except TimeoutError as error:
        raise ModelTimeout("the answer was not whole in time", retry=False) from error
    except (openai.APIConnectionError, httpx2.RequestError) as error:
        if _timed_out(error):
            raise ModelTimeout("no sign of life from the provider") from error
        if isinstance(error, httpx2.ReadError):
            raise broken("the provider closed the connection before the reply was whole") from error
        raise broken(f"the connection to the provider broke: {error.__cause__ or error}") from error
    except openai.APIStatusError as error:
        retry_after = seconds_to_wait(error.response.headers.get("retry-after"), datetime.now(UTC))
        raise reported(error.body, status=error.status_code, retry_after=retry_after) from error
    except openai.APIError as error:
        raise reported(error.body, status=None) from error
    except ValueError as error:
        raise MalformedReply("the reply is not JSON") from error


def _timed_out(error: BaseException) -> bool:
    """Whether time ran out; the transport says so as well of connections that broke."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, TimeoutError):
        cause = cause.__cause__
    return cause is not None


async def _read_to_the_end(packets: AsyncIterator[bytes]) -> None:
    """What comes after ``[DONE]`` is nothing, and the connection serves the next question once it is read."""
    import httpx2  # noqa: PLC0415 — loaded by the package

    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_ENDING_SECONDS):
            async for _ in packets:
                pass


async def _refuse_plain(stream: openai.AsyncStream[object]) -> None:
    """Some servers and proxies say 200 and send a page, or an error, instead of a stream."""
    media_type = stream.response.headers.get("content-type", "").partition(";")[0]
    if media_type in {"application/json", "text/html"}:
        body: object = json.loads(await stream.response.aread()) if media_type == "application/json" else None
        raise reported_plainly(body, media_type)

"""A scripted server that speaks GLM-5's HTTP over a real socket.

    with Glm5Server([Reply("Net 30 days [D1:4].")]) as server:
        model = OpenAIModel(PROVIDERS["zai"], base_url=server.base_url, api_key="key")

A script is a list of steps, one for each chat completion, or a function that reads the request and
answers with a step.
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, Self, cast

from service.models.contract import TokenUsage
from tests.fakes.http_wire import ClientLeft, Recorded, Wire, read_request
from tests.fakes.prefix_cache import PrefixCache, count_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from service.models.contract import ToolCall
    from tests.fakes.prefix_cache import Cache

_STARTED_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as GLM-5 streams it; reasoning is left out when the request switches thinking off."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str | None = None
    """The finish reason; by default ``stop``, or ``tool_calls`` where there are some."""
    chunk: int = 12
    """Characters in a delta."""
    delay: float = 0.0
    """Seconds before each frame."""
    prefill: float = 0.0
    """Seconds that reading the prompt takes; the cache holds it after that."""
    reasoning_field: Literal["reasoning_content", "reasoning"] = "reasoning_content"
    null_content: bool = True
    """The first delta's content is null; else empty."""
    usage: Literal["empty_choices", "finish_frame", "absent"] = "empty_choices"
    details: bool = True
    """Usage tells the cached and the reasoning tokens."""
    tokens: TokenUsage | None = None
    """Instead of counting."""
    comments: bool = False
    """Each frame comes after a comment, as some routers send to keep the connection open."""
    done: bool = True
    """``[DONE]`` ends the stream."""


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error before any stream. ``body`` replaces GLM-5's own form, and may come with status 200."""

    status: int
    code: str | None = None
    message: str = "scripted"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class CutStream:
    """The connection closes after so many frames; ``clean`` ends the body as if it were whole."""

    after: int
    reply: Reply = Reply("The payment is due within thirty days.")
    clean: bool = False


@dataclass(frozen=True, slots=True)
class MalformedFrame:
    """After so many frames comes one that is no chat completion."""

    after: int = 0
    data: str = '{"choices": [{"delta"'
    reply: Reply = Reply("The payment is due within thirty days.")


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """After so many frames comes an error, inside the stream that began with 200."""

    code: str | int
    after: int = 0
    message: str = "scripted"
    reply: Reply = Reply("The payment is due within thirty days.")


@dataclass(frozen=True, slots=True)
class Hang:
    """Silence after so many frames, until the client leaves; None: not even a status line."""

    after: int | None = None
    reply: Reply = Reply("The payment is due within thirty days.")


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset after so many frames; None: before a status line."""

    after: int | None = None
    reply: Reply = Reply("The payment is due within thirty days.")


@dataclass(frozen=True, slots=True)
class HalfFrame:
    """After so many frames comes the first half of the next one, and then nothing more."""

    after: int = 0
    reply: Reply = Reply("The payment is due within thirty days.")


Step = Reply | ErrorReply | CutStream | MalformedFrame | ErrorFrame | Hang | Reset | HalfFrame


@dataclass
class Glm5Server:
    """Serves on a free port of the loopback, in a thread, while it is entered."""

    script: Sequence[Step] | Callable[[Recorded], Step]
    cache: Cache = field(default_factory=PrefixCache)
    layout: Callable[[Recorded], str] = attrgetter("prompt")
    """The text that the cache counts of a request."""
    requests: list[Recorded] = field(default_factory=list[Recorded])
    """Chat completions that arrived, the one being answered included."""
    counted: list[Recorded] = field(default_factory=list[Recorded])
    """Texts that it was asked to count."""
    tokenizes: bool = True
    """It has the endpoints for that."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set once the first one has arrived."""
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Set once a client leaves before its reply is whole."""
    left: int = 0
    """Connections that a client broke off before its reply was whole."""
    on_frame: Callable[[str], None] | None = None
    """Told of each frame of a reply just before it is sent."""
    port: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/paas/v4"

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(_STARTED_WITHIN), "the scripted server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_STARTED_WITHIN)
        assert not self._thread.is_alive(), "the scripted server did not stop"
        if self._bugs:
            raise self._bugs[0]  # a script that fails must not look like a server that does

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._conversations: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for conversation in self._conversations:
            conversation.cancel()
        ends = await asyncio.gather(*self._conversations, return_exceptions=True)
        self._bugs = [end for end in ends if isinstance(end, Exception)]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._conversations.add(asyncio.create_task(self._converse(reader, writer)))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._answer(request, Wire(reader, writer)):
                    return
        except (ClientLeft, ConnectionError):
            self.left += 1
            self.abandoned.set()
        finally:
            writer.close()

    async def _answer(self, request: Recorded, wire: Wire) -> bool:
        """Whether the connection stays open."""
        if not request.path.endswith("/chat/completions"):
            self.counted.append(request)
            await _count(request, wire, known=self.tokenizes)
            return True
        self.requests.append(request)
        self.asked.set()
        step = self._step(request)
        match step:
            case ErrorReply():
                await _refuse(step, wire)
                return True
            case Hang(after=None):
                await wire.wait(None)
            case Reset(after=None):
                wire.reset()
                return False
            case _:
                pass
        reply = step if isinstance(step, Reply) else step.reply
        await wire.start()
        sent = None if isinstance(step, Reply) else step.after
        frames = list(self._frames(request, reply))[:sent]
        await wire.wait(reply.prefill)
        self.cache.hold(self.layout(request), _salt(request))
        for frame in frames:
            await wire.wait(reply.delay)
            if self.on_frame is not None:
                self.on_frame(frame)
            await wire.frame(frame, comment=reply.comments)
        return await self._end(step, wire)

    def _step(self, request: Recorded) -> Step:
        if callable(self.script):
            return self.script(request)
        number = len(self.requests) - 1
        over = ErrorReply(400, code="1210", message="the script is over")
        return self.script[number] if number < len(self.script) else over

    @staticmethod
    async def _end(step: Step, wire: Wire) -> bool:
        match step:
            case Hang():
                await wire.wait(None)
            case CutStream(clean=False):
                return False
            case Reset():
                wire.reset()
                return False
            case HalfFrame():
                await wire.half('{"choices": [{"index": 0, "delta": {"content": "due"}}]}')
                return False
            case MalformedFrame():
                await wire.frame(step.data)
            case ErrorFrame():
                await wire.frame(json.dumps({"error": {"code": step.code, "message": step.message}}))
            case Reply(done=True):
                await wire.frame("[DONE]")
            case _:
                pass
        await wire.finish()
        return True

    def _frames(self, request: Recorded, reply: Reply) -> Iterator[str]:
        deltas = list(_deltas(reply, thinks=_thinks(request.body)))
        usage = _usage_fields(reply.tokens or self._usage(request, reply), details=reply.details)
        head = {"id": f"reply-{len(self.requests)}", "created": 0, "model": request.body.get("model")}
        for delta in deltas:
            yield json.dumps({**head, "choices": [{"index": 0, "delta": delta}]}, ensure_ascii=False)
        reason = reply.finish or ("tool_calls" if reply.tool_calls else "stop")
        end = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": reason}
        if reply.usage == "finish_frame":
            yield json.dumps({**head, "choices": [end], "usage": usage})
            return
        yield json.dumps({**head, "choices": [end]})
        if reply.usage == "empty_choices":
            yield json.dumps({**head, "choices": [], "usage": usage})

    def _usage(self, request: Recorded, reply: Reply) -> TokenUsage:
        prompt, cached = self.cache.look(self.layout(request), _salt(request))
        thought = count_tokens(reply.reasoning) if _thinks(request.body) else 0
        called = "".join(call.arguments for call in reply.tool_calls)
        return TokenUsage(prompt, cached, thought + count_tokens(reply.text + called), thought, reported=True)


def _salt(request: Recorded) -> str:
    return str(request.body.get("cache_salt") or "")


async def _refuse(step: ErrorReply, wire: Wire) -> None:
    error = {"code": step.code, "message": step.message}
    body = json.dumps({"error": error}) if step.body is None else step.body
    await wire.plain(step.status, body, [("Content-Type", step.content_type), *step.headers])


async def _count(request: Recorded, wire: Wire, *, known: bool) -> None:
    """Z.ai's ``/tokenizer`` and vLLM's ``/tokenize``, which takes a text or messages."""
    kinds: dict[str, object] = {
        "tokenizer": {"usage": {"prompt_tokens": count_tokens(request.prompt)}},
        "tokenize": {"count": count_tokens(str(request.body.get("prompt", request.prompt)))},
    }
    counted = kinds.get(request.path.rsplit("/", 1)[-1]) if known else None
    body = json.dumps(counted or {"error": {"code": "404", "message": "no such path"}})
    await wire.plain(200 if counted else 404, body, [("Content-Type", "application/json")])


def _thinks(body: Mapping[str, object]) -> bool:
    """Thinking is on unless one of the three switches says otherwise."""
    switches = (("thinking", "type"), ("chat_template_kwargs", "enable_thinking"), ("reasoning", "enabled"))
    values = (cast("Mapping[str, object]", body.get(name) or {}).get(key) for name, key in switches)
    return not any(value in ("disabled", False) for value in values)


def _deltas(reply: Reply, *, thinks: bool) -> Iterator[dict[str, object]]:
    yield {"role": "assistant", "content": None if reply.null_content else ""}
    for piece in _pieces(reply.reasoning if thinks else "", reply.chunk):
        yield {"role": "assistant", reply.reasoning_field: piece}
    for piece in _pieces(reply.text, reply.chunk):
        yield {"role": "assistant", "content": piece}
    for index, call in enumerate(reply.tool_calls):
        begun: dict[str, object] = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": begun}]}
        for piece in _pieces(call.arguments, reply.chunk):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _usage_fields(usage: TokenUsage, *, details: bool) -> dict[str, object]:
    counted: dict[str, object] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if details:
        counted["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
        counted["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return counted

"""A scripted GLM-5 in a process of its own, lean enough to stand beside what is measured.

    python -m bench.load.model --rate 30 --prefill 0.5 --tokens 300

It prints its address, answers every chat completion about the passages that its prompt shows, cited and
quoted, and serves a prefix that it has read before from a cache of blocks. ``GET /asked`` gives the bodies of
the latest completions, so that the same prompts can be sent to it again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN = 4
"""Characters of a token, of the prompt and of the answer."""
_BLOCK = 1_024
"""Characters that the cache holds or does not."""
_MOST_BLOCKS = 200_000
_KEPT = 50
_QUOTED = 5
_SAID = 24
"""Words of a passage that a sentence repeats, and of these the ones that it quotes."""
_PASSAGE = re.compile(r"^\[(D\d+:\d+)\] (.+)", re.MULTILINE)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Cache:
    """Which blocks of text have been read, each by all that precedes it."""

    def __init__(self) -> None:
        self._held: set[int] = set()

    def read(self, text: str) -> int:
        """Read a prompt; how many characters of its beginning had been read before."""
        if len(self._held) > _MOST_BLOCKS:
            self._held.clear()
        cached, digest, known = 0, 0, True
        for start in range(0, len(text) - _BLOCK + 1, _BLOCK):
            digest = hash((digest, text[start : start + _BLOCK]))
            known = known and digest in self._held
            cached += _BLOCK * known
            self._held.add(digest)
        return cached


class Model:
    """How it answers: tokens a second, seconds before the first one, tokens of an answer."""

    def __init__(self, rate: float, prefill: float, tokens: int) -> None:
        self.gap = 1.0 / rate
        self.prefill = prefill
        self.asked: deque[bytes] = deque(maxlen=_KEPT)
        self._tokens = tokens
        self._cache = Cache()

    def frames(self, content: bytes) -> list[bytes]:
        """The reply to a request, as chunks of HTTP: one a token, then how it ends."""
        body: Mapping[str, object] = json.loads(content)
        self.asked.append(content)
        tokens = min(self._tokens, cast("int", body.get("max_tokens") or self._tokens))
        messages = cast("list[Mapping[str, str]]", body["messages"])
        prompt = "".join(f"<|{message['role']}|>{message['content']}" for message in messages)
        cached = self._cache.read(prompt)
        text = written(prompt, _TOKEN * tokens)
        usage = {
            "prompt_tokens": len(prompt) // _TOKEN,
            "completion_tokens": tokens,
            "total_tokens": len(prompt) // _TOKEN + tokens,
            "prompt_tokens_details": {"cached_tokens": cached // _TOKEN},
        }
        pieces = (text[start : start + _TOKEN] for start in range(0, len(text), _TOKEN))
        deltas = (b'{"index":0,"delta":{"content":' + json.dumps(piece).encode() + b"}}" for piece in pieces)
        end = b'{"index":0,"delta":{"content":""},"finish_reason":"stop"}'
        frames = [_chunk(b'{"id":"r","model":"glm-5","choices":[' + one + b"]}") for one in (*deltas, end)]
        counted = b'{"id":"r","model":"glm-5","choices":[],"usage":' + json.dumps(usage).encode() + b"}"
        frames[-1] += _chunk(counted) + _chunk(b"[DONE]") + b"0\r\n\r\n"
        return frames


def written(prompt: str, length: int) -> str:
    """So many characters about the passages of a prompt, from the last one on, each cited."""
    passages = _PASSAGE.findall(prompt)[::-1] or [("D1:1", "Nothing was shown to me")]
    text = ""
    for marker, passage in _again_and_again(passages):
        words = passage.replace('"', "").split()[:_SAID]
        text += f'{" ".join(words)} [{marker} "{" ".join(words[:_QUOTED])}"].\n\n'
        if len(text) >= length:
            break
    return text[:length]


def _again_and_again(passages: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return chain.from_iterable(iter(lambda: passages, []))


def _chunk(data: bytes) -> bytes:
    frame = b"data: " + data + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(frame), frame)


class Conversation(asyncio.Protocol):
    """A connection: one request after another, each streamed at the model's pace."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._received = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, content = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        wanted = int(length[1]) if length else 0
        if not found or len(content) < wanted:
            return
        self._received = content[wanted:]
        if head.startswith(b"GET /asked"):
            said = b"[" + b",".join(self._model.asked) + b"]"
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            return
        frames = iter(self._model.frames(bytes(content[:wanted])))
        self._transport.write(_HEAD)
        self._next(frames, self._loop.time() + self._model.prefill)

    def _next(self, frames: Iterator[bytes], due: float) -> None:
        """Send the next frame when it is due; being late once delays none that follow."""
        self._timer = self._loop.call_at(due, self._send, frames, due)

    def _send(self, frames: Iterator[bytes], due: float) -> None:
        frame = next(frames, None)
        if frame is None:
            self._timer = None
            return
        self._transport.write(frame)
        self._next(frames, due + self._model.gap)


async def serve(model: Model) -> None:
    """Print the address, then answer until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(model), "127.0.0.1", 0, backlog=1_024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, default=30.0, help="Tokens a second of each answer.")
    parser.add_argument("--prefill", type=float, default=0.5, help="Seconds before the first token.")
    parser.add_argument("--tokens", type=int, default=300, help="Of an answer, at most.")
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Model(chosen.rate, chosen.prefill, chosen.tokens)))


if __name__ == "__main__":
    main()

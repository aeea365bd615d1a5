"""A model in the same process that says what it is told to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.models.contract import Completion, Finished, ReasoningDelta, TextDelta, TokenUsage, ToolCallDelta
from tests.fakes.prefix_cache import PrefixCache, count_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from service.models.contract import ModelEvent, ModelRequest


@dataclass(frozen=True, slots=True)
class Broken:
    """A reply that ends in an error after some text."""

    text: str
    error: Exception


Said = str | Completion | Broken | Exception
"""The text of an answer, a whole reply, or what is raised instead of one."""


@dataclass
class ScriptedModel:
    """Answers in order, or by a function of the request; counts tokens as the scripted server does."""

    script: Sequence[Said] | Callable[[ModelRequest], Said]
    chunk: int = 12
    """Characters in a delta."""
    cache: PrefixCache = field(default_factory=PrefixCache)
    requests: list[ModelRequest] = field(default_factory=list["ModelRequest"])
    closed: int = 0
    """Streams that have ended, whole or not."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.requests.append(request)
        said = self.script(request) if callable(self.script) else self.script[len(self.requests) - 1]
        try:
            for event in self._events(request, said):
                yield event
        finally:
            self.closed += 1

    def _events(self, request: ModelRequest, said: Said) -> Iterator[ModelEvent]:
        match said:
            case str():
                yield from map(TextDelta, self._pieces(said))
                yield Finished("stop", self._usage(request, said), "glm-5", f"reply-{len(self.requests)}")
            case Completion():
                yield from map(ReasoningDelta, self._pieces(said.reasoning))
                yield from map(TextDelta, self._pieces(said.text))
                for index, call in enumerate(said.tool_calls):
                    yield ToolCallDelta(index, call.id, call.name, call.arguments)
                yield Finished(said.reason, said.usage, said.model, said.id)
            case Broken():
                yield from map(TextDelta, self._pieces(said.text))
                raise said.error
            case Exception():
                raise said

    def _pieces(self, text: str) -> Iterator[str]:
        return (text[start : start + self.chunk] for start in range(0, len(text), self.chunk))

    def _usage(self, request: ModelRequest, text: str) -> TokenUsage:
        prompt = "".join(f"<|{message.role}|>{message.content}" for message in request.messages)
        tokens, cached = self.cache.serve(prompt, request.cache_salt or "")
        return TokenUsage(tokens, cached, count_tokens(text), 0, reported=True)

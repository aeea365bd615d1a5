"""From the frames of a stream to the events of a reply. Frames are JSON that nobody has checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, cast

from service.models.complaints import reported
from service.models.contract import Finished, ReasoningDelta, TextDelta, TokenUsage, ToolCallDelta
from service.models.errors import (
    ContentFiltered,
    MalformedReply,
    ModelError,
    ModelFailed,
    PromptTooLong,
    StreamCut,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from service.models.contract import FinishReason, ModelEvent

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_FAILURES: Mapping[str, tuple[type[ModelError], str]] = {
    "sensitive": (ContentFiltered, "the provider's filter stopped the answer"),
    "content_filter": (ContentFiltered, "the provider's filter stopped the answer"),
    "model_context_window_exceeded": (PromptTooLong, "prompt and answer outgrew the model's context"),
    "network_error": (ModelFailed, "the provider lost its model"),
    "error": (ModelFailed, "the provider failed"),
    "abort": (ModelFailed, "the provider gave up"),
}


class ReplyReader:
    """Reads one reply, frame by frame."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._usage = TokenUsage()
        self._model = ""
        self._id = ""

    @property
    def is_whole(self) -> bool:
        """Whether the model said that it has finished; the usage may still follow."""
        return self._reason is not None

    def read_all(self, packet: Iterable[str]) -> Iterator[ModelEvent]:
        """What frames say that arrived together; neighbouring pieces of a text are one.

        Raises:
            ModelError: as `read`, or an error that the provider reports, after all that was said before.
        """
        said: list[ModelEvent] = []
        try:
            for data in packet:
                said += self.read(_frame(data))
        except ModelError:
            yield from joined(said)
            raise
        yield from joined(said)

    def read(self, frame: object) -> Iterator[ModelEvent]:
        """The deltas of a frame.

        Raises:
            MalformedReply: it is no frame of a chat completion.
            ModelError: its finish reason is a failure.
        """
        fields = _fields(frame)
        choices = fields.get("choices")
        if not isinstance(choices, list) and "usage" not in fields:
            raise MalformedReply("a frame has neither choices nor usage")
        self._model = _text(fields, "model") or self._model
        self._id = _text(fields, "id") or self._id
        if isinstance(usage := fields.get("usage"), Mapping):
            self._usage = _usage(_fields(cast("object", usage)))
        for choice in _list(fields, "choices")[:1]:  # we never ask for a second one
            yield from self._choice(_fields(choice))

    def finished(self) -> Finished:
        """What ends the reply.

        Raises:
            StreamCut: the model never said that it had finished.
        """
        if self._reason is None:
            raise StreamCut("the connection closed before the answer was whole")
        return Finished(self._reason, self._usage, self._model, self._id)

    def _choice(self, choice: Mapping[str, object]) -> Iterator[ModelEvent]:
        delta = choice.get("delta")
        if delta is not None:
            yield from _deltas(_fields(delta))
        reason = _text(choice, "finish_reason")
        if reason in _FAILURES:
            kind, message = _FAILURES[reason]
            raise kind(message, code=reason)
        if reason:
            self._reason = _REASONS.get(reason, "other")


def joined(events: Sequence[ModelEvent]) -> Iterator[ModelEvent]:
    """The same reply with fewer events: each costs whoever reads on as much as the first."""
    for kind, group in groupby(events, key=type):
        alike = list(group)
        if kind is TextDelta or kind is ReasoningDelta:
            yield kind("".join(one.text for one in alike if isinstance(one, TextDelta | ReasoningDelta)))
        else:
            yield from alike


def _frame(data: str) -> Mapping[str, object]:
    """A frame of JSON, unless it reports an error in place of one."""
    try:
        fields = _fields(cast("object", json.loads(data)))
    except ValueError as error:
        raise MalformedReply("a frame is not JSON") from error
    if error := fields.get("error"):
        raise reported(error, status=None)
    return fields


def _deltas(delta: Mapping[str, object]) -> Iterator[ModelEvent]:
    if reasoning := _text(delta, "reasoning_content") or _text(delta, "reasoning"):
        yield ReasoningDelta(reasoning)
    if text := _text(delta, "content"):
        yield TextDelta(text)
    for position, call in enumerate(map(_fields, _list(delta, "tool_calls"))):
        function = _fields(call.get("function") or {})
        index = call.get("index")
        yield ToolCallDelta(
            index if isinstance(index, int) else position,
            _text(call, "id"),
            _text(function, "name"),
            _text(function, "arguments"),
        )


def _usage(usage: Mapping[str, object]) -> TokenUsage:
    prompt = _fields(usage.get("prompt_tokens_details") or {})
    completion = _fields(usage.get("completion_tokens_details") or {})
    prompt_tokens = _count(usage, "prompt_tokens")
    completion_tokens = _count(usage, "completion_tokens")
    return TokenUsage(
        prompt_tokens=prompt_tokens,
        cached_tokens=min(_count(prompt, "cached_tokens"), prompt_tokens),
        completion_tokens=completion_tokens,
        reasoning_tokens=min(_count(completion, "reasoning_tokens"), completion_tokens),
        reported=True,
    )


def _fields(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise MalformedReply(f"a frame holds {type(value).__name__} where an object belongs")
    return cast("Mapping[str, object]", value)


def _list(fields: Mapping[str, object], name: str) -> list[object]:
    value = fields.get(name)
    return cast("list[object]", value) if isinstance(value, list) else []


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _count(fields: Mapping[str, object], name: str) -> int:
    """Tokens; what is no count of tokens is none."""
    value = fields.get(name)
    return value if isinstance(value, int) and value > 0 else 0

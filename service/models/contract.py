"""What a language model is asked and what it streams back.

Two things speak this Protocol: the client of a real provider and the scripted model of the tests.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from ingest.errors import LecternError
    from service.models.attempts import Attempts
    from service.models.prices import Price

Role = Literal["system", "user", "assistant", "tool"]
ToolChoice = Literal["auto", "none", "required"]
ResponseFormat = Literal["text", "json_object"]
FinishReason = Literal["stop", "length", "tool_calls", "other"]
Urgency = Literal["continued", "question", "batch"]
"""An answer that has been paid for in part, a question that somebody waits for, a part of much work."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for. ``parameters`` is JSON Schema as text, kept byte for byte."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model asks for; ``arguments`` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. ``reasoning`` and ``tool_calls`` belong to the assistant, ``tool_call_id`` to a tool."""

    role: Role
    content: str
    reasoning: str = ""
    """Sent back unmodified within a tool loop; a provider's cache counts on it."""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a model is asked; None leaves a choice to the provider.

    What a provider's capability table lacks is left out when it only hints (ids, salt, affinity) and
    refused when leaving it out would change the answer (``tool_choice``).
    """

    messages: tuple[Message, ...]
    max_tokens: int
    model: str | None = None
    """Instead of the client's own model."""
    temperature: float | None = None
    top_p: float | None = None
    thinking: bool | None = None
    clear_thinking: bool | None = None
    """False keeps the reasoning of earlier turns in the prompt, and so in the cache."""
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    tool_stream: bool | None = None
    stop: str | None = None
    response_format: ResponseFormat | None = None
    request_id: str | None = None
    user_id: str | None = None
    cache_salt: str | None = None
    """Separates the cache of one tenant from another's, where the provider can."""
    session: str | None = None
    """Requests that share it are best served by the same machine, which holds their prefix. As
    `service.affinity` names it, and on its way out by a name that tells nothing."""
    conversation: str = ""
    """Id of the conversation that it belongs to, for traces; it is not sent."""
    elsewhere: bool = True
    """Whether another provider may answer it, where the configured one cannot."""
    urgency: Urgency = "question"
    """Who goes first where calls wait for their turn; see `service.models.queueing`."""
    tenant: str = ""
    collection: str = ""
    """Whose text it holds. Never sent; `service.guards` refuses what does not say so."""
    attempts: Attempts | None = field(default=None, compare=False, repr=False)
    """Is told each time that it is sent; not sent itself."""
    in_turn: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    """Is called when its turn in the queue has come; not sent itself."""


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens as the provider counted them; all 0 where it did not (``reported`` False)."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt tokens, those that the context cache served."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Of the completion tokens, those spent on thinking."""
    reported: bool = False


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of tool call number ``index``; id and name come once, arguments in pieces."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply is whole; nothing follows. ``other`` is a reason that nobody has documented."""

    reason: FinishReason
    usage: TokenUsage
    model: str
    id: str


@dataclass(frozen=True, slots=True)
class Diverted:
    """Another provider than the configured one answers; it comes before its first delta.

    Its cache is another one: what it reports of cached tokens says nothing of the first's.
    """

    provider: str
    model: str
    """As it was asked for there."""
    price: Price | None
    """None where nobody knows it."""
    why: str
    """What was wrong with those before."""
    label: str = field(default="", compare=False)
    """As people are told who it is, where that is not the provider's name."""
    cause: LecternError | None = field(default=None, compare=False)
    """The error of the configured provider."""

    @property
    def told(self) -> str:
        """Who it is, in the words for people."""
        return self.label or self.provider

    @property
    def warning(self) -> str:
        """Who answered, and why, in the words of a plan's warning."""
        return f"{self.told} answered with {self.model}: {self.why}"


ModelEvent = Diverted | ReasoningDelta | TextDelta | ToolCallDelta | Finished


class LanguageModel(Protocol):
    """A model behind some server."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Ask, and pass the reply on as it arrives: deltas, then exactly one `Finished`.

        `Diverted` is the first event where it is not the configured provider's reply.

        Close the generator (`contextlib.aclosing`) to cancel: the provider stops being asked at once.

        Raises:
            ModelError: see its tree; possibly after some deltas.
        """
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole reply."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    reason: FinishReason
    usage: TokenUsage
    model: str
    id: str
    diverted: Diverted | None = None
    """Whose reply it is, if it is not the configured provider's."""


async def complete(
    model: LanguageModel, request: ModelRequest, heard: Callable[[ModelEvent], None] = lambda _: None
) -> Completion:
    """Ask and wait for the whole reply; ``heard`` is told what arrives of it.

    Raises:
        ModelError: the reply could not be had whole.
    """
    reasoning: list[str] = []
    text: list[str] = []
    calls: list[ToolCallDelta] = []
    diverted: Diverted | None = None
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            heard(event)
            match event:
                case Diverted():
                    diverted = event
                case ReasoningDelta():
                    reasoning.append(event.text)
                case TextDelta():
                    text.append(event.text)
                case ToolCallDelta():
                    calls.append(event)
                case Finished(reason, usage, name, reply_id):
                    said, thought = "".join(text), "".join(reasoning)
                    return Completion(said, thought, assemble(calls), reason, usage, name, reply_id, diverted)
    raise AssertionError("a model's stream ends in Finished or in an error")


def assemble(deltas: Iterable[ToolCallDelta]) -> tuple[ToolCall, ...]:
    """Put streamed tool calls together, in the order of their indexes."""
    calls: dict[int, ToolCall] = {}
    for delta in deltas:
        begun = calls.get(delta.index, ToolCall("", "", ""))
        calls[delta.index] = ToolCall(
            begun.id or delta.id, begun.name or delta.name, begun.arguments + delta.arguments
        )
    return tuple(calls[index] for index in sorted(calls))

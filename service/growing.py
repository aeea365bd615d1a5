"""The prompt of an agent: it only grows, so that each request begins with the bytes of the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompts.agent import canonical_call, mirrored_reply
from prompts.plan import PromptMessage
from prompts.tool_arguments import BadCall, read_object
from service.models.contract import Message, ToolCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prompts.plan import PromptPlan

_REQUEST_TOKENS = 9
_MESSAGE_TOKENS = 4
_TOOLS_TOKENS = 127 + 4 * 28
"""What providers add to a request, to each message and, beside their text, for tools."""


class GrowingPrompt:
    """What has been sent and said so far."""

    def __init__(self, plan: PromptPlan, count: Callable[[str], int]) -> None:
        """``plan`` is an agent's: its first message stands for the tools, which are sent by themselves."""
        self._count = count
        self._mirrored = list(plan.messages)
        self._sent = [Message(message.role, message.content) for message in plan.messages[1:]]
        self._tokens = plan.tokens + _REQUEST_TOKENS + _TOOLS_TOKENS + _MESSAGE_TOKENS * len(self._sent)

    @property
    def sent(self) -> tuple[Message, ...]:
        """The messages of the next request."""
        return tuple(self._sent)

    @property
    def mirrored(self) -> tuple[PromptMessage, ...]:
        """The next request as a provider's cache sees it, tools and reasoning included."""
        return tuple(self._mirrored)

    @property
    def tokens(self) -> int:
        """Estimated tokens of the next request."""
        return self._tokens

    @property
    def estimated(self) -> int:
        """Likewise, without what providers have counted."""
        return sum(self._count(message.content) + _MESSAGE_TOKENS for message in self._mirrored)

    def said(self, reasoning: str, text: str, calls: Iterable[ToolCall]) -> None:
        """The model's reply, its reasoning unmodified; providers strip the text when they render it again."""
        message = Message("assistant", text.strip(), reasoning, tuple(calls))
        called = [(call.name, call.arguments) for call in message.tool_calls]
        self._sent.append(message)
        self._grow(mirrored_reply(reasoning, message.content, called))

    def returned(self, call: ToolCall, text: str) -> None:
        """The result of a call; of a text that no request can hold, what can be sent."""
        content = text.encode("utf-8", "replace").decode()
        self._sent.append(Message("tool", content, tool_call_id=call.id))
        self._grow(PromptMessage("tool", content))

    def recount(self, tokens: int) -> None:
        """What the provider counted in place of the estimate, where that is more."""
        self._tokens = max(self._tokens, tokens)

    def _grow(self, message: PromptMessage) -> None:
        self._mirrored.append(message)
        self._tokens += self._count(message.content) + _MESSAGE_TOKENS


def sendable(calls: Iterable[ToolCall], step: int) -> tuple[ToolCall, ...]:
    """The calls of a reply as they may be sent back.

    Each gets an id of its own, and arguments that are no JSON object become an empty one: chat templates
    take them apart, and a server that cannot refuses the whole conversation.
    """
    made: list[ToolCall] = []
    taken: set[str] = set()
    for number, call in enumerate(calls):
        identity = call.id if call.id and call.id not in taken else f"call_{step}_{number}"
        taken.add(identity)
        made.append(ToolCall(identity, _plain(call.name) or "unnamed", _object(call.arguments)))
    return tuple(made)


def same_call(call: ToolCall) -> str:
    """Equal for calls that ask for the same; those that are no JSON are only like themselves."""
    try:
        return canonical_call(call.name, read_object(call.arguments))
    except BadCall:
        return f"{call.name} {call.arguments}"


def _object(arguments: str) -> str:
    try:
        read_object(arguments)
        arguments.encode()
    except (BadCall, UnicodeEncodeError):
        return "{}"
    return arguments if arguments.strip() else "{}"


def _plain(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
